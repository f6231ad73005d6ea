import type { Problem } from '../../../kit/problems.ts';

/** What no reader of HCL or JSON takes, wherever in a file it stands. */
export function mistakeInText(text: string, file: string): Problem | undefined {
  if (text.startsWith('\uFEFF')) {
    const message = 'this file begins with a byte order mark, which Consul does not read';
    return { file, line: 1, column: 1, message, hint: 'save it as UTF-8 without one' };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are looked for
  const at = text.search(/[\u0000-\u0008\u000e-\u001f\ufffd]/);
  if (at < 0) return undefined;
  return {
    file,
    ...placeAt(text, at),
    message: 'this is no text in UTF-8, which is what Consul reads',
    hint: 'save it as UTF-8',
  };
}

/** Why a text is no JSON; undefined where it is. Consul takes no comments and no comma behind the last of several. */
export function mistakeInJson(text: string, file: string): Problem | undefined {
  const words = refusalOf(text);
  if (words === undefined) return undefined;
  const said = /^(.*?)(?: in JSON)? at position (\d+)/.exec(words);
  const at = said === null ? firstRefused(text, words) : Number(said[2]);
  const what = (said?.[1] ?? words).replace(/(?:, (?:\.\.\.)?".*)? is not valid JSON$/s, '');
  const message = `not valid JSON: ${what.charAt(0).toLowerCase()}${what.slice(1)}`;
  return { file, ...placeAt(text, at), message };
}

function refusalOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Where the character stands that is refused, where only the character itself is told; the end where none is. */
function firstRefused(text: string, words: string): number {
  const [, character] = /^Unexpected token '(.)'/su.exec(words) ?? [];
  if (character === undefined) return text.trimEnd().length;
  const refuses = (end: number) => refusalOf(text.slice(0, end))?.startsWith('Unexpected token') ?? false;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
    if (refuses(at + character.length)) return at;
  }
  return 0;
}

function placeAt(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
