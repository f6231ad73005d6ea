import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { quote } from './nearest.ts';
import { type Path, valueAt } from './path.ts';
import type { Problem } from './problems.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A node that is not what it should be, and what to write instead. */
export interface Danger {
  readonly node: unknown;
  readonly message: string;
  readonly hint?: string;
}

/** What an alias stands for; everything else stands for itself. */
export type Resolve = (node: unknown) => unknown;

/** How a reader of YAML takes what others may take differently. */
export interface YamlDialect {
  readonly mostAliases: number;
  /** Whether what is merged (`<<`) counts where it stands, so that it replaces what stands before it. */
  readonly mergesInOrder: boolean;
  /** How a text is cut into tokens, which stand where they stand in the text. */
  tokens(text: string): Iterable<CST.Token>;
  /** Whether `read` judges what stands behind a tag; where this is not said, only those of YAML itself are taken. */
  readonly takesTag?: (tag: string) => boolean;
  /** The value of a document, or everything in it that other readers would take differently or not at all. */
  read(document: Document, resolve: Resolve): { readonly value: unknown } | readonly Danger[];
}

export const tooMuchByAliases = 'its aliases (*name) expand to too much';

const mostDepth = 64;
const plainTags = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);

const isPlainTag = (tag: string) => plainTags.includes(tag);

/** YAML 1.2 with merge keys, as scenarios are read. */
const yaml12: YamlDialect = {
  mostAliases: 100,
  mergesInOrder: false,
  tokens: (text) => new Parser().parse(text),
  read(document) {
    try {
      return { value: document.toJS({ maxAliasCount: this.mostAliases }) };
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      return [{ node: document.contents, message: tooMuchByAliases }];
    }
  },
};

/** Mistakes in the syntax make more mistakes further down. */
const mostSyntaxProblems = 10;

interface Field {
  readonly key: unknown;
  readonly value: unknown;
}

/** What all parts of one document share. */
interface Source {
  readonly lines: LineCounter;
  readonly resolve: Resolve;
  readonly mergesInOrder: boolean;
  readonly fields: WeakMap<YAMLMap, ReadonlyMap<string, Field>>;
}

/** One YAML document, or a part of one: its value, and where each field of it stands. */
export class YamlDocument {
  readonly value: unknown;
  readonly #root: unknown;
  readonly #source: Source;

  constructor(root: unknown, value: unknown, source: Source) {
    this.#root = root;
    this.value = value;
    this.#source = source;
  }

  /** Where the value of a field stands, or its key; the nearest parent's when the field is not there. */
  place(path: Path, of: 'key' | 'value' = 'value'): Place {
    const steps = this.#steps(path);
    const last = steps.at(-1);
    const wanted = of === 'key' || steps.length < path.length ? (last?.key ?? last?.value) : last?.value;
    const offset = rangeOf(wanted) ?? rangeOf(last?.key) ?? rangeOf(this.#root) ?? 0;
    const { line, col } = this.#source.lines.linePos(offset);
    return { line, column: col };
  }

  has(path: Path): boolean {
    return this.#steps(path).length === path.length;
  }

  /** What stands at a path, as a document of its own. */
  part(path: Path): YamlDocument {
    const steps = this.#steps(path);
    const node = steps.length === path.length ? steps.at(-1)?.value : undefined;
    return new YamlDocument(this.#source.resolve(node), valueAt(this.value, path), this.#source);
  }

  /** The scalar at a path as it is written: `plain` when it has no quotes. */
  scalar(path: Path): { readonly source: string; readonly plain: boolean } | undefined {
    const steps = this.#steps(path);
    const node = steps.length === path.length ? this.#source.resolve(steps.at(-1)?.value) : undefined;
    if (!isScalar(node)) return undefined;
    return { source: node.source ?? String(node.value), plain: node.type === 'PLAIN' };
  }

  /** The nodes along a path, as far as they are there. */
  #steps(path: Path): Field[] {
    const steps: Field[] = [];
    let node: unknown = this.#root;
    for (const part of path) {
      const step = this.#child(this.#source.resolve(node), part);
      if (!step) break;
      steps.push(step);
      node = step.value;
    }
    return steps;
  }

  #child(node: unknown, part: string | number): Field | undefined {
    if (isSeq(node)) {
      const index = Number(part);
      return index in node.items ? { key: undefined, value: node.items[index] } : undefined;
    }
    return isMap(node) ? this.#fields(node).get(String(part)) : undefined;
  }

  /** A map's fields by name, merged ones too; looking through them for every mistake would be quadratic. */
  #fields(map: YAMLMap): ReadonlyMap<string, Field> {
    const { fields: known, resolve, mergesInOrder } = this.#source;
    const before = known.get(map);
    if (before) return before;
    const fields = new Map<string, Field>();
    known.set(map, fields);
    const merges = map.items.filter(({ key }) => isMergeKey(key));
    const own = map.items.filter(({ key }) => !isMergeKey(key));
    for (const pair of mergesInOrder ? map.items : [...merges, ...own]) {
      if (!isMergeKey(pair.key)) fields.set(isScalar(pair.key) ? String(pair.key.value) : '', pair);
      else {
        for (const merged of mergedMaps(pair.value, resolve).toReversed()) {
          for (const [name, field] of this.#fields(merged)) fields.set(name, field);
        }
      }
    }
    return fields;
  }
}

/** Whether a key is `<<` without quotes. */
export const isMergeKey = (key: unknown) => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

/** The maps that the value of a merge key stands for; where several have a field, the first one's counts. */
export function mergedMaps(value: unknown, resolve: Resolve): YAMLMap[] {
  const sources = isSeq(value) ? value.items : [value];
  return sources.map(resolve).filter((source): source is YAMLMap => isMap(source));
}

/**
 * Reads the documents of a YAML text. What could take long or mean two things is a problem: more than one
 * meaning of a key, tags, deep nesting, aliases that grow without bounds.
 */
export function parseYaml(
  text: string,
  file: string,
  dialect: YamlDialect = yaml12,
): { documents: readonly YamlDocument[]; problems: readonly Problem[] } {
  const tooDeep = { file, message: `nested deeper than ${mostDepth} levels` };
  const deep = depthOfFlow(text);
  if (deep) return { documents: [], problems: [{ ...tooDeep, ...deep }] };
  const lines = linesOf(text);
  let parsed: Document[];
  try {
    const composer = new Composer({
      prettyErrors: false,
      logLevel: 'silent',
      stringKeys: true,
      merge: true,
      // Quadratic in the number of keys; findDangers looks for them instead.
      uniqueKeys: false,
    });
    parsed = [...composer.compose(dialect.tokens(text))];
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
  const tell = (dangers: readonly Danger[]) => {
    for (const { node, ...what } of dangers.slice(0, mostSyntaxProblems)) {
      problems.push({ file, ...at(rangeOf(node) ?? 0), ...what });
    }
  };
  for (const document of parsed) {
    const isTaken = ({ code }: YAMLError) => code === 'TAG_RESOLVE_FAILED' && dialect.takesTag !== undefined;
    const warnings = document.warnings.filter((warning) => !isTaken(warning));
    const errors = [...document.errors, ...warnings];
    if (errors.length > 0) {
      // The parser catches what V8 throws when it goes too deep, and keeps nothing of it but the words.
      const overflow = errors.find(({ message }) => message.startsWith('Maximum call stack'));
      if (overflow) problems.push({ ...tooDeep, ...at(overflow.pos[0]) });
      else {
        const told = errors.map((error) => syntaxProblem(error, file, at(error.pos[0])));
        problems.push(...firstOfEachLine(told).slice(0, mostSyntaxProblems));
      }
      continue;
    }
    const { dangers, resolve } = findDangers(document, dialect);
    tell(dangers);
    if (dangers.length > 0 || document.contents === null) continue;
    if (isScalar(document.contents) && document.contents.value === null) continue;
    const read = dialect.read(document, resolve);
    if (!('value' in read)) tell(read);
    else {
      const source = { lines, resolve, mergesInOrder: dialect.mergesInOrder, fields: new WeakMap() };
      documents.push(new YamlDocument(document.contents, read.value, source));
    }
  }
  return { documents, problems };
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

/** The parser has more to say of what comes behind a mistake on its line. */
function firstOfEachLine(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.line, problem])).values()].toReversed();
}

function syntaxProblem(error: YAMLError, file: string, place: Place): Problem {
  const hint = {
    BLOCK_AS_IMPLICIT_KEY: 'a line that begins with a dash is no field of what stands before it',
    BAD_INDENT: 'indent everything between the brackets, and the closing one',
    BLOCK_IN_FLOW: 'put text that ends with a colon in quotes',
    TAB_AS_INDENT: 'indent with spaces',
    TAG_RESOLVE_FAILED: 'leave the tag (!…) out; put text that starts with ! in quotes',
  }[error.code as string];
  return {
    file,
    ...place,
    message: `not valid YAML: ${withoutContent(error.message)}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A file that is no YAML may be one of secrets: of what it says only marks are shown, such as "}". */
function withoutContent(message: string): string {
  return message.replace(/^(Unexpected .*?|Block scalar .*?|Not a YAML token): .{6,}$/s, '$1');
}

/** What no reader should have to read; and what its aliases stand for, which the document itself would look up each time. */
function findDangers(
  document: Document,
  { mostAliases, mergesInOrder, takesTag = isPlainTag }: YamlDialect,
): { readonly dangers: readonly Danger[]; readonly resolve: Resolve } {
  const found: Danger[] = [];
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  const resolve: Resolve = (node) => (isAlias(node) ? targets.get(node) : node);
  const visitAlias = (alias: Alias, parents: ReadonlySet<unknown>) => {
    const target = anchors.get(alias.source);
    targets.set(alias, target);
    if (targets.size > mostAliases) {
      if (targets.size === mostAliases + 1)
        found.push({ node: alias, message: `more than ${mostAliases} aliases` });
      return;
    }
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
        if (names.has(name) && !(mergesInOrder && isMergeKey(key))) {
          const hint = 'leave one of the two out';
          found.push({ node: key, message: `the key ${quote(name)} is there twice`, hint });
        }
        names.add(name);
      }
      if (isAlias(key)) visitAlias(key, parents);
      else if (isNode(key) && key.anchor !== undefined) anchors.set(key.anchor, key);
      visit(value, parents);
      if (isMergeKey(key)) visitMerge(value, key);
    }
  };
  const visitMerge = (value: unknown, key: unknown) => {
    const sources = isSeq(value) ? value.items : [value];
    if (sources.every((source) => isMap(resolve(source)))) return;
    found.push({ node: value ?? key, message: 'only maps can be merged with <<' });
  };
  const visit = (node: unknown, parents: ReadonlySet<unknown>): void => {
    if (isNode(node) && !isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isAlias(node)) {
      visitAlias(node, parents);
    } else if (parents.size > mostDepth) {
      found.push({ node, message: `nested deeper than ${mostDepth} levels` });
    } else if (isNode(node) && node.tag !== undefined && !takesTag(node.tag)) {
      found.push({ node, message: `the tag ${node.tag} is not allowed`, hint: 'leave it out' });
    } else if (isMap(node)) {
      visitMap(node, new Set([...parents, node]));
    } else if (isSeq(node)) {
      const within = new Set([...parents, node]);
      for (const item of node.items) visit(item, within);
    }
  };
  visit(document.contents, new Set());
  return { dangers: found, resolve };
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

/** Where a node begins in the text, counted in UTF-16 units. */
function rangeOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
