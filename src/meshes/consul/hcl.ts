import { quote } from '../../kit/nearest.ts';
import type { Path } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';

/** Where something stands, counted from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface Node {
  readonly at: Place;
  /** Where its text begins and ends, in characters. */
  readonly from: number;
  readonly to: number;
  readonly content:
    | { readonly is: 'scalar'; readonly value: string | number | boolean }
    | { readonly is: 'list'; readonly items: Node[] }
    | { readonly is: 'map'; readonly fields: Map<string, Field> };
}

interface Field {
  readonly keyAt: Place;
  node: Node;
}

const mostDepth = 64;

/** A text in HCL 1, as Consul reads configuration entries: its value, and where each field of it stands. */
export class HclDocument {
  readonly value: unknown;
  readonly #root: Node;

  constructor(root: Node) {
    this.#root = root;
    this.value = contentOf(root);
  }

  /** Where the value of a field stands, or its key; the nearest parent's when the field is not there. */
  place(path: Path, of: 'key' | 'value' = 'value'): Place {
    let node = this.#root;
    let keyAt = node.at;
    let steps = 0;
    for (const part of path) {
      const next = childOf(node, part);
      if (next === undefined) break;
      keyAt = next.keyAt;
      node = next.node;
      steps += 1;
    }
    return of === 'key' || steps < path.length ? keyAt : node.at;
  }
}

function childOf({ content }: Node, part: string | number): Field | undefined {
  if (content.is === 'map') return content.fields.get(String(part));
  const item = content.is === 'list' ? content.items[Number(part)] : undefined;
  return item && { keyAt: item.at, node: item };
}

function contentOf({ content }: Node): unknown {
  if (content.is === 'scalar') return content.value;
  if (content.is === 'list') return content.items.map(contentOf);
  return Object.fromEntries([...content.fields].map(([key, { node }]) => [key, contentOf(node)]));
}

/** Reads a text in HCL 1. https://github.com/hashicorp/hcl/tree/hcl1#syntax */
export function parseHcl(
  text: string,
  file: string,
): { readonly document: HclDocument } | { readonly problem: Problem } {
  try {
    return { document: new HclDocument(new Parser(text).read()) };
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    const { at, message, hint } = error;
    return { problem: { file, ...at, message, ...(hint === undefined ? {} : { hint }) } };
  }
}

/**
 * A text with one field set to a number, and not a character changed elsewhere; undefined where that cannot be done.
 * What is missing on the way is written at the beginning of the last block that is there.
 */
export function withHclNumber(text: string, path: Path, value: number): string | undefined {
  let node = new Parser(text).read();
  for (const [depth, part] of path.entries()) {
    const next = childOf(node, part);
    if (next === undefined) {
      if (node.content.is !== 'map' || text[node.from] !== '{') return undefined;
      const line = text.lastIndexOf('\n', node.from) + 1;
      const indent = `${/^\s*/.exec(text.slice(line, node.from))?.[0] ?? ''}  `;
      const [field = '', ...blocks] = path.slice(depth).map(String).toReversed();
      const written = blocks.reduce((inner, block) => `${block} { ${inner} }`, `${field} = ${value}`);
      return `${text.slice(0, node.from + 1)}\n${indent}${written}${text.slice(node.from + 1)}`;
    }
    node = next.node;
  }
  return node.content.is === 'scalar' ? text.slice(0, node.from) + value + text.slice(node.to) : undefined;
}

class HclError extends Error {
  readonly at: Place;
  readonly hint: string | undefined;

  constructor(message: string, at: Place, hint: string | undefined) {
    super(message);
    this.at = at;
    this.hint = hint;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Node {
    const at = this.#place();
    const fields = this.#fields(() => this.#at >= this.#text.length);
    return { at, from: 0, to: this.#at, content: { is: 'map', fields } };
  }

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #fail(message: string, at = this.#place(), hint?: string): never {
    throw new HclError(message, at, hint);
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #step(count = 1): void {
    for (let index = 0; index < count; index += 1) {
      if (this.#text[this.#at] === '\n') {
        this.#line += 1;
        this.#lineStart = this.#at + 1;
      }
      this.#at += 1;
    }
  }

  /** Blanks, line breaks and comments. */
  #skip(): void {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      if (/^\s/.test(rest)) this.#step();
      else if (rest.startsWith('#') || rest === '//') this.#step(this.#lineEnd() - this.#at);
      else if (rest === '/*') {
        const end = this.#text.indexOf('*/', this.#at + 2);
        if (end < 0) this.#fail('this comment has no end');
        this.#step(end + 2 - this.#at);
      } else return;
    }
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #fields(ended: () => boolean): Map<string, Field> {
    const fields = new Map<string, Field>();
    for (;;) {
      this.#skip();
      if (this.#peek() === ',') {
        this.#step();
        continue;
      }
      if (ended()) return fields;
      this.#field(fields);
    }
  }

  /** `key = value`, `key { … }` or `key "label" { … }`. */
  #field(into: Map<string, Field>): void {
    const keyAt = this.#place();
    const keys = [this.#key()];
    this.#skip();
    while (this.#peek() === '"') {
      keys.push(this.#string());
      this.#skip();
    }
    const sign = this.#peek();
    if (sign === '=' || sign === ':') {
      if (keys.length > 1) this.#fail('a block with labels is followed by {');
      this.#step();
      this.#skip();
    } else if (sign === '') {
      this.#fail('the text ends after a name', keyAt);
    } else if (sign !== '{') {
      this.#fail(`expected = or { after a name, got ${quote(sign)}`);
    }
    const value = this.#value();
    const [name = '', ...labels] = keys;
    const node = labels.reduceRight<Node>(
      (inner, label) => ({
        at: inner.at,
        from: inner.from,
        to: inner.to,
        content: { is: 'map', fields: new Map([[label, { keyAt, node: inner }]]) },
      }),
      value,
    );
    const there = into.get(name);
    if (there === undefined) into.set(name, { keyAt, node });
    else if (sign === '{') there.node = together(there.node, node);
    else {
      const isHead = /^(kind|name)$/i.test(name);
      this.#fail(`${name} is written twice`, keyAt, isHead ? 'a file of HCL has one entry' : undefined);
    }
  }

  #key(): string {
    if (this.#peek() === '"') return this.#string();
    const [word] = /^[\p{L}_][\p{L}\p{N}_.-]*/u.exec(this.#text.slice(this.#at, this.#at + 500)) ?? [];
    if (word === undefined) this.#fail(`expected a name, got ${quote(this.#peek())}`);
    this.#step(word.length);
    return word;
  }

  #value(): Node {
    const at = this.#place();
    const from = this.#at;
    const sign = this.#peek();
    if (sign === '{' || sign === '[') {
      this.#depth += 1;
      if (this.#depth > mostDepth) this.#fail(`nested deeper than ${mostDepth} levels`);
      this.#step();
      const content = sign === '{' ? this.#map(at) : this.#list(at);
      this.#depth -= 1;
      return { at, from, to: this.#at, content };
    }
    if (sign === '"') return this.#scalar(at, from, this.#string());
    if (this.#text.startsWith('<<', this.#at)) return this.#scalar(at, from, this.#heredoc());
    const [word = ''] = /^[^\s,\]}[{#"]+/.exec(this.#text.slice(this.#at, this.#at + 500)) ?? [];
    const value = plainValue(word);
    if (value === undefined) {
      const what = word === '' ? 'expected a value' : `expected a value, got ${word}; text stands in quotes`;
      const isExpression = /^[A-Za-z_]\w*[.(]/.test(word);
      const hint = isExpression ? 'Consul reads HCL 1, which knows no functions and no variables' : undefined;
      this.#fail(what, this.#place(), hint);
    }
    this.#step(word.length);
    return this.#scalar(at, from, value);
  }

  #scalar(at: Place, from: number, value: string | number | boolean): Node {
    return { at, from, to: this.#at, content: { is: 'scalar', value } };
  }

  #map(at: Place): Node['content'] {
    const fields = this.#fields(() => {
      if (this.#at >= this.#text.length) this.#fail('this { has no } to it', at);
      return this.#peek() === '}';
    });
    this.#step();
    return { is: 'map', fields };
  }

  #list(at: Place): Node['content'] {
    const items: Node[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) this.#fail('this [ has no ] to it', at);
      if (this.#peek() === ']') {
        this.#step();
        return { is: 'list', items };
      }
      if (items.length > 0) {
        if (this.#peek() !== ',') this.#fail(`expected , or ] in a list, got ${quote(this.#peek())}`);
        this.#step();
        this.#skip();
        if (this.#peek() === ']') continue;
      }
      items.push(this.#value());
    }
  }

  #string(): string {
    const at = this.#place();
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"' && this.#text[end] !== '\n') {
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    if (this.#text[end] !== '"') this.#fail('this text has no end on its line', at);
    const written = this.#text.slice(this.#at, end + 1);
    this.#step(written.length);
    try {
      return JSON.parse(written.replaceAll('\t', '\\t')) as string;
    } catch {
      return this.#fail(`${quote(written)} has an escape that is none`, at);
    }
  }

  /** <<EOF, and <<-EOF, which takes the blanks away that all lines begin with. */
  #heredoc(): string {
    const at = this.#place();
    const [opening, indented, mark = ''] =
      /^<<(-?)([\p{L}_][\p{L}\p{N}_]*)\r?\n/u.exec(this.#text.slice(this.#at, this.#at + 500)) ?? [];
    if (opening === undefined) this.#fail('expected a name after <<');
    this.#step(opening.length);
    const lines: string[] = [];
    for (;;) {
      if (this.#at >= this.#text.length) this.#fail(`this text is to end with ${mark}, and does not`, at);
      const line = this.#text.slice(this.#at, this.#lineEnd()).replace(/\r$/, '');
      this.#step(this.#lineEnd() - this.#at + 1);
      if (line.trim() === mark) break;
      lines.push(line);
    }
    const blanks = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    const own = indented && Number.isFinite(blanks) ? lines.map((line) => line.slice(blanks)) : lines;
    return own.map((line) => `${line}\n`).join('');
  }
}

function plainValue(word: string): number | boolean | undefined {
  if (word === 'true' || word === 'false') return word === 'true';
  const hexadecimal = /^(-?)(0x[0-9a-f]+)$/i.exec(word);
  if (hexadecimal !== null) return Number(`${hexadecimal[1]}1`) * Number(hexadecimal[2]);
  return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(word) ? Number(word) : undefined;
}

/** Blocks of one name: those that only have labels are one map, others are a list. */
function together(first: Node, second: Node): Node {
  const { content } = first;
  if (content.is === 'map' && second.content.is === 'map') {
    const labels = [...second.content.fields];
    const areLabels = labels.every(
      ([label, { node }]) => !content.fields.has(label) && node.content.is === 'map',
    );
    if (areLabels && [...content.fields.values()].every(({ node }) => node.content.is === 'map')) {
      return { ...first, content: { is: 'map', fields: new Map([...content.fields, ...labels]) } };
    }
  }
  const items = content.is === 'list' ? content.items : [first];
  return { ...first, content: { is: 'list', items: [...items, second] } };
}
