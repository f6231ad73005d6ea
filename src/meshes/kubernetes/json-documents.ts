/** A part of a text that is cut out of it before anybody reads it. */
export interface TextPart {
  readonly from: number;
  readonly to: number;
  readonly json: boolean;
}

/**
 * A text as kubectl cuts it: the JSON documents that it begins with, one after the other with nothing between them,
 * where the first one is an object; and what comes behind, which is YAML.
 */
export function documentsOf(text: string): readonly TextPart[] {
  const found: TextPart[] = [];
  let from = 0;
  if (/^\s*\{/.test(text)) {
    for (let begin = afterBlanks(text, 0); begin < text.length; begin = afterBlanks(text, from)) {
      const to = endOfJson(text, begin);
      if (to === undefined) break;
      found.push({ from: begin, to, json: true });
      from = to;
    }
  }
  const rest = found.length > 0 ? afterBlanks(text, from) : 0;
  return rest < text.length || found.length === 0
    ? [...found, { from: rest, to: text.length, json: false }]
    : found;
}

/** Where the next character stands that JSON takes for content. */
function afterBlanks(text: string, from: number): number {
  const blanks = /[ \t\r\n]*/y;
  blanks.lastIndex = from;
  blanks.exec(text);
  return blanks.lastIndex;
}

/** Brackets, text in quotes, numbers and words. */
const jsonParts = /[{[]|[}\]]|"(?:[^"\\]|\\.)*"|[-+.\d][-+.\deE]*|[a-z]+/g;

/** Where a JSON value ends that begins here; undefined where none does. */
function endOfJson(text: string, from: number): number | undefined {
  const parts = new RegExp(jsonParts);
  parts.lastIndex = from;
  let depth = 0;
  for (let match = parts.exec(text); match !== null; match = parts.exec(text)) {
    if (match[0] === '{' || match[0] === '[') depth += 1;
    if (match[0] === '}' || match[0] === ']') depth -= 1;
    if (depth <= 0) return isJson(text.slice(from, parts.lastIndex)) ? parts.lastIndex : undefined;
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
