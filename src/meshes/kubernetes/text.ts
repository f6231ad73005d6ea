import type { Problem } from '../../kit/problems.ts';

const mostProblems = 10;

/** What is wrong with a character, and what to write instead. */
interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/**
 * What a text has before anybody reads it as YAML that its readers take differently: characters that end a line, or a
 * document, for one of them and not for the other.
 */
export function mistakesInText(text: string, file: string): Problem[] {
  const found: Problem[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const last = index === lines.length - 1;
    const strange = strangeCharacter(index === 0 ? line.replace(/^\ufeff/, ' ') : line, last);
    if (strange) found.push({ file, line: index + 1, ...strange });
    if (found.length === mostProblems) return found;
  }
  return [...found, ...mistakesInSeparators(lines, file)].slice(0, mostProblems);
}

function strangeCharacter(line: string, last: boolean): (Refusal & { column: number }) | undefined {
  // A carriage return belongs to the end of its line.
  const content = line.endsWith('\r') && !last ? line.slice(0, -1) : line;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are looked for
  const at = content.search(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/);
  if (at < 0) return undefined;
  const code = content.charCodeAt(at);
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  const escaped = `"\\u${code.toString(16).padStart(4, '0')}"`;
  const column = at + 1;
  if (content[at] === '\r') {
    const message =
      'a carriage return (U+000D) without a line feed ends a line for Kubernetes, not for others';
    return { column, message, hint: 'end lines with LF or CR LF' };
  }
  if (['\u0085', '\u2028', '\u2029'].includes(content[at] ?? '')) {
    const message = `the character ${name} ends a line for Kubernetes, not for others, even in a comment`;
    return { column, message, hint: `take it out; in text it can be written ${escaped}, in double quotes` };
  }
  if (content[at] === '\ufeff') {
    const message = `there is a byte order mark (${name}) in the middle, which only some readers leave out`;
    return { column, message, hint: 'take it out' };
  }
  const message = `the control character ${name} is not allowed in YAML`;
  return { column, message, hint: `take it out; in text it can be written ${escaped}, in double quotes` };
}

/** kubectl cuts a file where a line begins with `---`, and reads one document between two such lines. */
function mistakesInSeparators(lines: readonly string[], file: string): Problem[] {
  const found: Problem[] = [];
  let begun = false;
  let ended = false;
  for (const [index, line] of lines.entries()) {
    const wrong = (message: string, hint: string) =>
      found.push({ file, line: index + 1, column: 1, message, hint });
    if (line.startsWith('---')) {
      if (!/^---\s*(#|$)/.test(line)) {
        wrong('kubectl takes no line that begins with --- and goes on', 'put --- on a line of its own');
      }
      begun = false;
      ended = false;
    } else if (/^\.\.\.\s*(#|$)/.test(line)) ended = true;
    else if (/^\s*(#|$)/.test(line)) continue;
    else if (ended) {
      wrong('kubectl reads nothing after "..."', 'put --- before it, on a line of its own');
      ended = false;
    } else if (!begun && line.startsWith('%')) {
      wrong('kubectl reads no directives', 'leave this line out');
    } else begun = true;
  }
  return found;
}
