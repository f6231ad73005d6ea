import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { quote } from './nearest.ts';
import type { Path } from './path.ts';
import type { Problem } from './problems.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

const mostDepth = 64;
const mostAliases = 100;
const plainTags = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);
/** Mistakes in the syntax make more mistakes further down. */
const mostSyntaxProblems = 10;

/** One YAML document: its value, and where each field of it stands. */
export class YamlDocument {
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
    this.value = document.toJS({ maxAliasCount: mostAliases });
  }

  /** Where the value of a field stands, or its key; the nearest parent's when the field is not there. */
  place(path: Path, of: 'key' | 'value' = 'value'): Place {
    const steps = this.#steps(path);
    const last = steps.at(-1);
    const wanted = of === 'key' || steps.length < path.length ? (last?.key ?? last?.value) : last?.value;
    const offset = rangeOf(wanted) ?? rangeOf(last?.key) ?? rangeOf(this.#document.contents) ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  has(path: Path): boolean {
    return this.#steps(path).length === path.length;
  }

  /** The scalar at a path as it is written: `plain` when it has no quotes. */
  scalar(path: Path): { readonly source: string; readonly plain: boolean } | undefined {
    const steps = this.#steps(path);
    const node = steps.length === path.length ? this.#resolve(steps.at(-1)?.value) : undefined;
    if (!isScalar(node)) return undefined;
    return { source: node.source ?? String(node.value), plain: node.type === 'PLAIN' };
  }

  /** The nodes along a path, as far as they are there. */
  #steps(path: Path): { key: unknown; value: unknown }[] {
    const steps: { key: unknown; value: unknown }[] = [];
    let node: unknown = this.#document.contents;
    for (const part of path) {
      const step = this.#child(this.#resolve(node), part);
      if (!step) break;
      steps.push(step);
      node = step.value;
    }
    return steps;
  }

  #child(node: unknown, part: string | number): { key: unknown; value: unknown } | undefined {
    if (isSeq(node)) {
      const index = Number(part);
      return index in node.items ? { key: undefined, value: node.items[index] } : undefined;
    }
    if (!isMap(node)) return undefined;
    const fields = this.#fields(node);
    const pair = fields.get(String(part));
    if (pair) return pair;
    const merged = this.#resolve(fields.get('<<')?.value);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const found = this.#child(this.#resolve(source), part);
      if (found) return found;
    }
    return undefined;
  }

  /** A map's pairs by name; looking through them for every mistake would be quadratic. */
  #fields(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map);
    if (known) return known;
    const fields = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
    this.#pairs.set(map, fields);
    return fields;
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }
}

/**
 * Reads the documents of a YAML text. What could take long or mean two things is a problem: more than one
 * meaning of a key, tags, deep nesting, aliases that grow without bounds.
 */
export function parseYaml(
  text: string,
  file: string,
): { documents: readonly YamlDocument[]; problems: readonly Problem[] } {
  const tooDeep = { file, message: `nested deeper than ${mostDepth} levels` };
  const deep = depthOfFlow(text);
  if (deep) return { documents: [], problems: [{ ...tooDeep, ...deep }] };
  const lines = new LineCounter();
  let parsed: Document[];
  try {
    const all = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      stringKeys: true,
      merge: true,
      // Quadratic in the number of keys; findDangers looks for them instead.
      uniqueKeys: false,
    });
    parsed = Array.isArray(all) ? all : [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { documents: [], problems: [tooDeep] };
  }
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  for (const document of parsed) {
    const errors = [...document.errors, ...document.warnings].slice(0, mostSyntaxProblems);
    if (errors.length > 0) {
      // The parser catches what V8 throws when it goes too deep, and keeps nothing of it but the words.
      const overflow = errors.find(({ message }) => message.startsWith('Maximum call stack'));
      if (overflow) problems.push({ ...tooDeep, ...at(overflow.pos[0]) });
      else problems.push(...errors.map((error) => syntaxProblem(error, file, at(error.pos[0]))));
      continue;
    }
    const dangers = findDangers(document).map(({ node, ...what }) => ({
      file,
      ...at(rangeOf(node) ?? 0),
      ...what,
    }));
    problems.push(...dangers);
    if (dangers.length > 0 || document.contents === null) continue;
    if (isScalar(document.contents) && document.contents.value === null) continue;
    try {
      documents.push(new YamlDocument(document, lines));
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      problems.push({
        file,
        ...at(rangeOf(document.contents) ?? 0),
        message: 'its aliases (*name) expand to too much',
      });
    }
  }
  return { documents, problems };
}

function syntaxProblem(error: YAMLError, file: string, place: Place): Problem {
  const hint = {
    TAB_AS_INDENT: 'indent with spaces',
    TAG_RESOLVE_FAILED: 'leave the tag (!…) out; put text that starts with ! in quotes',
  }[error.code as string];
  return {
    file,
    ...place,
    message: `not valid YAML: ${error.message}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

interface Danger {
  readonly node: unknown;
  readonly message: string;
  readonly hint?: string;
}

function findDangers(document: Document): Danger[] {
  const found: Danger[] = [];
  let aliases = 0;
  const visitAlias = (alias: Alias, parents: ReadonlySet<unknown>) => {
    aliases += 1;
    // Looking an alias up walks the whole document.
    if (aliases > mostAliases) {
      if (aliases === mostAliases + 1)
        found.push({ node: alias, message: `more than ${mostAliases} aliases` });
      return;
    }
    const target = alias.resolve(document);
    if (!target)
      found.push({ node: alias, message: `there is no anchor &${alias.source} before this alias` });
    if (parents.has(target))
      found.push({ node: alias, message: `the alias *${alias.source} is part of itself` });
  };
  const visitMap = (map: YAMLMap, parents: ReadonlySet<unknown>) => {
    const names = new Set<string>();
    for (const { key, value } of map.items) {
      if (isScalar(key)) {
        const name = String(key.value);
        if (name === '__proto__') found.push({ node: key, message: 'the key "__proto__" is not allowed' });
        if (names.has(name)) {
          const hint = 'leave one of the two out';
          found.push({ node: key, message: `the key ${quote(name)} is there twice`, hint });
        }
        names.add(name);
      }
      if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN') visitMerge(value, key);
      visit(value, parents);
    }
  };
  const visitMerge = (value: unknown, key: unknown) => {
    const sources = isSeq(value) ? value.items : [value];
    if (sources.every((source) => isMap(isAlias(source) ? source.resolve(document) : source))) return;
    found.push({ node: value ?? key, message: 'only maps can be merged with <<' });
  };
  const visit = (node: unknown, parents: ReadonlySet<unknown>): void => {
    if (isAlias(node)) {
      visitAlias(node, parents);
    } else if (parents.size > mostDepth) {
      found.push({ node, message: `nested deeper than ${mostDepth} levels` });
    } else if (isNode(node) && node.tag !== undefined && !plainTags.includes(node.tag)) {
      found.push({ node, message: `the tag ${node.tag} is not allowed`, hint: 'leave it out' });
    } else if (isMap(node)) {
      visitMap(node, new Set([...parents, node]));
    } else if (isSeq(node)) {
      const within = new Set([...parents, node]);
      for (const item of node.items) visit(item, within);
    }
  };
  visit(document.contents, new Set());
  return found.slice(0, mostSyntaxProblems);
}

/** Where brackets alone nest too deeply for the parser; it takes far longer to find out. */
function depthOfFlow(text: string): Place | undefined {
  let depth = 0;
  let line = 1;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\n') {
      line += 1;
      start = index + 1;
    } else if (character === '[' || character === '{') depth += 1;
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1;
    // Text may have brackets too; nobody writes this many of them without closing any.
    if (depth > 16 * mostDepth) return { line, column: index - start + 1 };
  }
  return undefined;
}

function rangeOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
