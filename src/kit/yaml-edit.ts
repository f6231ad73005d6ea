import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import type { Path } from './path.ts';

/**
 * A YAML text with one field of one of its documents set to a number, and not a character changed elsewhere: comments,
 * quotes and line breaks stay. Maps that are missing on the way are added below what is there. Undefined where that
 * cannot be done by adding or replacing text alone: the way leads over an alias, a merge or something that is no map.
 */
export function withField(text: string, number: number, path: Path, value: number): string | undefined {
  const document = documentsOf(text)[number];
  if (document === undefined) return undefined;
  const changed = changedText(text, document, path.map(String), value);
  if (changed === undefined) return undefined;
  // What was added has to be read as what was meant, and everything else as before.
  const wanted = documentsOf(text).map((each) => each.toJS());
  setIn(wanted[number], path.map(String), value);
  const read = documentsOf(changed);
  const sound = read.every(({ errors }) => errors.length === 0);
  return sound &&
    isDeepStrictEqual(
      read.map((each) => each.toJS()),
      wanted,
    )
    ? changed
    : undefined;
}

/** The values of the documents of a text, by number as `withField` counts them. */
export const valuesOf = (text: string): unknown[] => documentsOf(text).map((document) => document.toJS());

const documentsOf = (text: string): Document[] => {
  const documents = parseAllDocuments(text, { merge: true });
  return Array.isArray(documents) ? documents : [];
};

function changedText(
  text: string,
  document: Document,
  path: readonly string[],
  value: number,
): string | undefined {
  let map: unknown = document.contents;
  for (const [depth, name] of path.entries()) {
    if (isSeq(map)) {
      map = map.items[Number(name)];
      continue;
    }
    if (!isMap(map) || isAlias(map) || map.items.some(isMerge)) return undefined;
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
    const rest = path.slice(depth);
    if (pair === undefined) return added(text, map, rest, value);
    const last = depth === path.length - 1;
    if (isScalar(pair.value) && pair.value.value === null && !last)
      return filled(text, pair, rest.slice(1), value);
    if (last) return replaced(text, pair, value);
    map = pair.value;
  }
  return undefined;
}

const isMerge = ({ key }: Pair) => isScalar(key) && key.source === '<<';

function replaced(text: string, { key, value: old }: Pair, value: number): string | undefined {
  if (!isScalar(old) || old.range == null) return undefined;
  const [from, to] = old.range;
  const gap = from === to && isScalar(key) && text[from - 1] === ':' ? ' ' : '';
  return text.slice(0, from) + gap + String(value) + text.slice(to);
}

/** Below a key that has no value yet. */
function filled(text: string, { key }: Pair, path: readonly string[], value: number): string | undefined {
  const at = (key as Node | null)?.range?.[0];
  if (at === undefined) return undefined;
  return insertLines(text, at, block(path, value, columnOf(text, at) + 2));
}

function added(text: string, map: YAMLMap, path: readonly string[], value: number): string | undefined {
  const first = (map.items[0]?.key as Node | null | undefined)?.range?.[0];
  if (map.flow || first === undefined) {
    const open = map.range?.[0];
    if (open === undefined || text[open] !== '{') return undefined;
    const gap = map.items.length === 0 ? ' ' : ',';
    const inserted = ` ${flow(path, value)}${gap}`;
    return text.slice(0, open + 1) + inserted + text.slice(open + 1);
  }
  const last = endOf(map);
  return last === undefined
    ? undefined
    : insertLines(text, last - 1, block(path, value, columnOf(text, first)));
}

/** Where the last thing that is written in a map ends. */
function endOf(map: YAMLMap): number | undefined {
  const { key, value } = map.items.at(-1) ?? {};
  if (isMap(value) && !value.flow && value.items.length > 0) return endOf(value);
  if (isCollection(value) && !value.flow) {
    const item = value.items.at(-1);
    if (isMap(item) && !item.flow) return endOf(item);
    return (item as Node | undefined)?.range?.[1] ?? undefined;
  }
  const range = (value as Node | null | undefined)?.range ?? (key as Node | null | undefined)?.range;
  return range?.[1];
}

/** Puts lines behind the line in which a place is. */
function insertLines(text: string, at: number, lines: readonly string[]): string {
  const end = text.indexOf('\n', at);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (end < 0) return `${text}${newline}${lines.join(newline)}${newline}`;
  return `${text.slice(0, end + 1)}${lines.join(newline)}${newline}${text.slice(end + 1)}`;
}

function block(path: readonly string[], value: number, indent: number): string[] {
  return path.map((name, depth) => {
    const line = `${' '.repeat(indent + 2 * depth)}${name}:`;
    return depth === path.length - 1 ? `${line} ${value}` : line;
  });
}

const flow = ([name, ...rest]: readonly string[], value: number): string =>
  rest.length === 0 ? `${name}: ${value}` : `${name}: { ${flow(rest, value)} }`;

const columnOf = (text: string, at: number) => at - (text.lastIndexOf('\n', at - 1) + 1);

function setIn(value: unknown, path: readonly string[], to: number): void {
  let at = value as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = to;
}
