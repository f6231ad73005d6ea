import { plain, shorten } from './words.ts';

/** GitHub refuses a comment of more than 65,536 characters. */
const longest = 60_000;

const entity = (character: string) => `&#${character.codePointAt(0)};`;
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Text as text: no markup, no table cell, no mention, no issue reference and no link comes out of it, and what is in no
 * danger stays as it is, for who reads it without any of that.
 */
export function escapeMarkdown(text: string): string {
  const escaped = plain(text)
    .replace(/[&<>]/g, (character) => named[character] ?? character)
    .replace(/[\\*[\]~]/g, String.raw`\$&`)
    // Within a word it is no emphasis: edge_app.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replace(/[`|]/g, entity)
    .replace(/^[#+-](?=[\s#+-])|(?<=^\d{1,9})[.)](?=\s)/, String.raw`\$&`);
  return unlinked(escaped);
}

/** Longer text makes a table that nobody can read. */
const longestText = 800;

/** The text in so few characters that it can be a cell, or an entry of a list; the middle gives way. */
function brief(text: string): string {
  // Nobody waits for a name of a megabyte.
  const ends =
    text.length > 4 * longestText ? text.slice(0, 2 * longestText) + text.slice(-longestText) : text;
  return shorten(plain(ends), longestText);
}

/** A text as a cell, or an entry of a list. */
export const cell = (text: string) => escapeMarkdown(brief(text));

/** The same as code. */
export const shortCode = (text: string) => code(brief(text));

/** Text in an element of HTML, where Markdown is not read. */
function escapeHtml(text: string): string {
  return plain(text).replace(/[&<>"']/g, entity);
}

/** Text as code: in backticks, which nothing in it can end and a table leaves alone; as HTML where that cannot be. */
export function code(text: string): string {
  const clean = plain(text);
  if (clean === '') return '';
  // A cell of a table ends at a bar, in code too; and who reads no backticks must find no element.
  if (/[`|<]/.test(clean)) {
    return `<code>${unlinked(clean.replace(/[&<>"'\\`*_[\]|~]/g, entity))}</code>`;
  }
  return `\`${clean}\``;
}

/** Several texts as sentences after each other. */
export const sentences = (texts: readonly (string | undefined)[]) =>
  texts
    .filter((text) => text !== undefined && text !== '')
    .map((text) => (/[.!?:]$/.test(text ?? '') ? text : `${text}.`))
    .join(' ');

/** What GitHub makes a link of by itself: addresses, mentions, issues, and commits by their hash. */
const unlinked = (text: string) =>
  text
    .replace(/@(?=\w)/g, '@<!-- -->')
    .replace(/#(?=\d)(?<!&#)/g, '#<!-- -->')
    .replace(/:(?=\/\/)/g, ':<!-- -->')
    .replace(/\b(mailto|xmpp):/gi, '$1<!-- -->:')
    .replace(/\bwww\./gi, 'www<!-- -->.')
    .replace(/\b(?=[\da-f]*\d)(?=\d*[a-f])([\da-f]{6})([\da-f]{1,34})\b/g, '$1<!-- -->$2');

/** A part of a document of which lines may be left out, and which stays whole all the same. */
export interface Block {
  /** What it begins with: a heading, the head of a table. */
  readonly open: readonly string[];
  /** Each by itself: rows of a table, entries of a list. */
  readonly lines: readonly string[];
  /** How many there are beyond those. */
  readonly beyond: number;
  /** What ends the lines: a blank one, or the fence of code. */
  readonly end: readonly string[];
  /** What is opened before the lines and goes on behind them. */
  readonly close: readonly string[];
}

/** More lines than this no comment has room for. */
const mostLines = 400;

/** Lines of which each can stand without the others. */
export const paragraphs = (lines: readonly string[], open: readonly string[] = []): Block => ({
  open,
  lines,
  beyond: 0,
  end: [''],
  close: [],
});

/** A list, with an entry for each item. */
export const list = <Item>(
  items: readonly Item[],
  entry: (item: Item) => string,
  open: readonly string[] = [],
): Block => ({
  open,
  lines: items.slice(0, mostLines).map(entry),
  beyond: Math.max(0, items.length - mostLines),
  end: [''],
  close: [],
});

/** A table with a row for each item, of as many cells as the head has. */
export function table<Item>(
  head: readonly string[],
  items: readonly Item[],
  row: (item: Item) => readonly string[],
  open: readonly string[] = [],
): Block {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return list(items, (item) => line(row(item)), [...open, line(head), line(head.map(() => '---'))]);
}

/** Folded: only its summary shows until somebody opens it. Nothing where there is nothing in it. */
export function details(summary: string, block: Block): Block {
  if (block.lines.length === 0) return block;
  return {
    open: [`<details><summary>${escapeHtml(brief(summary))}</summary>`, '', ...block.open],
    lines: block.lines,
    beyond: block.beyond,
    end: block.end,
    close: [...block.close, '</details>', ''],
  };
}

/** Text of several lines as code, with a fence that is longer than any run of backticks inside. */
export function fenced(content: string, language: string): Block {
  const ticks = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(ticks + 1);
  return {
    open: [`${fence}${language}`],
    lines: content.trimEnd().split('\n'),
    beyond: 0,
    end: [fence, ''],
    close: [],
  };
}

/**
 * The blocks as one text that fits a comment. What comes first has more room: a block may take two thirds of what is
 * left, and the rest of its lines are counted; nothing stays open. `whole` names the file that has everything.
 */
export function fitting(blocks: readonly Block[], whole: string): string {
  let text = '';
  let leftOut = 0;
  for (const block of blocks.filter(({ lines }) => lines.length > 0)) {
    const room = longest - text.length;
    const all = rendered(block, block.lines.length, whole);
    const part = all.length <= room * (2 / 3) ? all : cut(block, room * (2 / 3), whole);
    if (part === undefined) leftOut += 1;
    else text += part;
  }
  return leftOut === 0
    ? text
    : `${text}*Too long for a comment: ${whole} has ${leftOut} more ${leftOut === 1 ? 'section' : 'sections'}.*\n`;
}

/** As many of its first lines as fit; undefined where not even one does. */
function cut(block: Block, room: number, whole: string): string | undefined {
  let length = rendered(block, 0, whole).length;
  let count = 0;
  for (const line of block.lines) {
    length += line.length + 1;
    if (length > room) break;
    count += 1;
  }
  return count === 0 ? undefined : rendered(block, count, whole);
}

function rendered({ open, lines, beyond, end, close }: Block, count: number, whole: string): string {
  const left = beyond + lines.length - count;
  const more = left === 0 ? [] : [`*… and ${left} more: see ${whole}.*`, ''];
  return [...open, ...lines.slice(0, count), ...end, ...more, ...close].map((line) => `${line}\n`).join('');
}
