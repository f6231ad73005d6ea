/** Control and direction-changing characters, and what other programs take for the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
export const disguises = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
/** Our own colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const colours = /(\u001b\[[\d;]*m)/;
/** What the log of a CI takes for a command when a line begins with it: `::error::`, `##[group]`. */
const command = /^(\s*)(::|##)/;

/**
 * A text of others on one line of ours, with everything that could disguise it or end the line written out: `\x1b`,
 * `\n`, `\u202e`.
 */
export function visible(text: string): string {
  return told(written(text));
}

/** The same for a text of several lines, which may have tabs. */
export function visibleLines(text: string): string {
  const shown = (line: string) => told(line.split('\t').map(written).join('\t'));
  return text.replace(/\r\n/g, '\n').split('\n').map(shown).join('\n');
}

/** The same for lines that have colours of ours. */
export function visibleColoured(text: string): string {
  const lines = text.split('\n').map((line) => {
    const parts = line.split(colours).map((part, index) => (index % 2 === 1 ? part : written(part)));
    const bare = parts.filter((_, index) => index % 2 === 0).join('');
    return command.test(bare) ? visible(bare) : parts.join('');
  });
  return lines.join('\n');
}

/** A value as indented JSON in which no character can disguise another; it means the same. */
export function visibleJson(value: unknown): string {
  return withoutDisguises(JSON.stringify(value, null, 2));
}

/** The same for JSON that is text already. */
export function withoutDisguises(json: string): string {
  return json.replace(disguises, (found) => {
    return found === '\n' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** A line that no CI takes for a command. */
const told = (line: string) =>
  line.replace(command, (_, blanks, [first]) => `${blanks}${escaped(first)}${first}`);

const written = (text: string) => text.replace(disguises, escaped);

function escaped(character: string): string {
  const known = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }[character];
  const code = character.charCodeAt(0).toString(16);
  return known ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`);
}
