import type { Problem } from '../../kit/problems.ts';
import { documentsOf } from './json-documents.ts';

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
  return [...found, ...behindJson(text, file), ...mistakesInSeparators(lines, file)].slice(0, mostProblems);
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
      const message = line.startsWith('---#')
        ? 'kubectl takes ---# for a separator, others do not'
        : 'kubectl takes no line that begins with --- and goes on';
      if (!/^---\s*($|\s#)/.test(line)) wrong(message, 'put --- on a line of its own');
      begun = false;
      ended = false;
    } else if (/^\.\.\.\s*(#|$)/.test(line)) {
      if (!begun) wrong('kubectl takes no "..." without a document before it', 'leave this line out');
      ended = begun;
    } else if (/^\s*(#|$)/.test(line)) continue;
    else if (ended) {
      wrong('kubectl reads nothing after "..."', 'put --- before it, on a line of its own');
      ended = false;
    } else if (!begun && line.startsWith('%')) {
      wrong('kubectl reads no directives', 'leave this line out');
    } else begun = true;
  }
  return found;
}

/** What kubectl does not read behind JSON, or where a brace made it look for JSON. */
function behindJson(text: string, file: string): Problem[] {
  const parts = documentsOf(text);
  const rest = parts.at(-1);
  if (rest === undefined || rest.json || !/^\s*\{/.test(text)) return [];
  const before = text.slice(0, rest.from).split('\n');
  const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  if (parts.length > 2) {
    const message = 'kubectl reads nothing but JSON behind several JSON documents';
    return [{ ...place, message, hint: 'put --- on a line of its own between all of them' }];
  }
  if (/^\.\.\.\s/.test(text.slice(rest.from))) {
    return [{ ...place, message: 'kubectl takes no "..." behind JSON', hint: 'leave this line out' }];
  }
  if (!isTooShort(text.slice(parts.at(-2)?.to ?? 0))) return [];
  return [
    {
      ...place,
      message: 'kubectl does not read so short an end of a file',
      hint: 'end it with a blank line',
    },
  ];
}

/** Whether kubectl, which looks for the end of the line four bytes at a time, meets the end of the file there. */
function isTooShort(text: string): boolean {
  const bytes = Buffer.from(text);
  const [{ length: blanks } = ''] = /^[^\S\n]*/.exec(text) ?? [];
  return bytes.length - blanks < 4;
}
