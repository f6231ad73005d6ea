import { resolve } from 'node:path';
import { HIDDEN } from '../kit/hidden.ts';
import { quote, suggest } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import { readTextFile } from '../kit/text-file.ts';
import type { YamlDocument } from '../kit/yaml-source.ts';
import { parseYaml } from '../kit/yaml-source.ts';
import { isSecret, mayHoldSecrets, secretsIn, shownText, shownValue } from './secrets.ts';

/** A value that takes the place of one in the file, and where it was written. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** Where it stands in the scenario file; absent for the command line. */
  readonly within?: Path;
  /** `--set a.b=c`, as it may be shown; absent for a profile. */
  readonly option?: string;
  /** Texts of it that nobody is shown. */
  readonly secrets?: readonly string[];
}

export interface OverrideProblem {
  readonly override: Override;
  readonly message: string;
  readonly hint?: string;
}

/** "labels.app\.kubernetes\.io/name" → its parts; a backslash keeps a dot. */
function parsePath(text: string): string[] | undefined {
  const parts = text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
  return parts.some((part) => part === '' || part === '__proto__') ? undefined : parts;
}

/** Something wrong with an option itself; `option` is as it may be shown. */
export interface OptionProblem {
  readonly option: string;
  readonly message: string;
  readonly hint?: string;
}

/** `--set a.b=c` as an override, or what is wrong with it. */
export function parseSet(text: string): Override | OptionProblem {
  const parts = assignment(text, 'PATH=VALUE');
  if ('message' in parts) return { option: `--set ${shownText(text)}`, ...parts };
  const { path, name, source } = parts;
  const { documents, problems } = parseYaml(source, name);
  const value = documents[0]?.value ?? null;
  const unread = problems.length > 0 || documents.length > 1;
  const shown = unread ? shownText(source) : shownValue(path, source, value);
  const option = `--set ${name}=${unread && mayHoldSecrets(path) ? HIDDEN : shown}`;
  if (problems[0]) {
    return mayHoldSecrets(path)
      ? { option, message: 'the value is not valid YAML', hint: 'put text in quotes, or use --set-env' }
      : { option, message: problems[0].message };
  }
  if (documents.length > 1) return { option, message: 'the value is more than one YAML document' };
  return { path, value, option, secrets: secretsIn(path, value) };
}

/** `--set-env a.b=VARIABLE`: the text of a variable, which nobody is shown. */
export function parseSetEnv(text: string, env: NodeJS.ProcessEnv): Override | OptionProblem {
  const option = `--set-env ${text}`;
  const parts = assignment(text, 'PATH=VARIABLE');
  if ('message' in parts) return { option, ...parts };
  const value = env[parts.source];
  if (value) return { path: parts.path, value, option, secrets: [value] };
  const message = `the environment variable ${parts.source} is ${value === '' ? 'empty' : 'not set'}`;
  return { option, message };
}

/** `--set-file a.b=FILE`: the text of a file without the line break at its end, which nobody is shown. */
export async function parseSetFile(text: string): Promise<Override | OptionProblem> {
  const option = `--set-file ${text}`;
  const parts = assignment(text, 'PATH=FILE');
  if ('message' in parts) return { option, ...parts };
  const read = await readTextFile(resolve(parts.source));
  if ('message' in read) return { option, ...read };
  const value = read.text.replace(/\r?\n$/, '');
  return { path: parts.path, value, option, secrets: [value, ...value.split('\n')].filter(Boolean) };
}

function assignment(
  text: string,
  form: string,
): { readonly path: Path; readonly name: string; readonly source: string } | { readonly message: string } {
  const [, name, source] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || source === undefined) return { message: `expected ${form}` };
  const path = parsePath(name);
  // A header without "=" before a value that has one.
  if (path && isSecret(path) && /\s/.test(name)) return { message: `expected ${form}` };
  if (path) return { path, name, source };
  return { message: `${quote(shownText(name))} is not a path of names with dots between them` };
}

/** The overrides of a profile or of another mesh, which stand there in the scenario, in their order. */
export function writtenOverrides(
  document: YamlDocument,
  place: Path,
  values: Readonly<Record<string, unknown>>,
): { readonly overrides: readonly Override[]; readonly badPaths: readonly Path[] } {
  const overrides: Override[] = [];
  const badPaths: Path[] = [];
  for (const [name, value] of Object.entries(values)) {
    const within = [...place, name];
    const path = parsePath(name);
    // A profile may also be written as the map it changes.
    if (path) overrides.push({ path, value, within, secrets: secretsIn(path, value) });
    else if (document.has(within)) badPaths.push(within);
  }
  return { overrides, badPaths };
}

/**
 * The value with the overrides in it; the value itself is left alone. Lists are entered by index; null takes a
 * field away. What isn't a map or list on the way is a problem; names are left to the schema.
 */
export function applyOverrides(
  value: unknown,
  overrides: readonly Override[],
): { readonly value: unknown; readonly problems: readonly OverrideProblem[] } {
  const problems: OverrideProblem[] = [];
  let result = value;
  const own: Own = new WeakSet();
  for (const override of overrides) {
    const changed = replace(result, override.path, override.value, [], own);
    if ('problem' in changed) problems.push({ override, ...changed.problem });
    else result = changed.value;
  }
  return { value: result, problems };
}

type Replaced = { readonly value: unknown } | { readonly problem: { message: string; hint?: string } };

/** Maps and lists that were made here: what was copied for one override need not be copied for each. */
type Own = WeakSet<object>;

function replace(target: unknown, path: Path, value: unknown, before: Path, own: Own): Replaced {
  const [head, ...rest] = path;
  if (head === undefined) return { value };
  const name = String(head);
  const where = before.length === 0 ? 'the scenario' : before.join('.');
  if (Array.isArray(target)) {
    if (!/^\d+$/.test(name) || Number(name) >= target.length) {
      const entries = target.length === 1 ? '1 entry' : `${target.length} entries`;
      const hint =
        target.length === 0
          ? undefined
          : `count from 0: ${where}.0${target.length === 1 ? '' : ` to ${where}.${target.length - 1}`}`;
      const message = `${where} is a list of ${entries}; it has no ${quote(name)}`;
      return { problem: { message, ...(hint === undefined ? {} : { hint }) } };
    }
    const index = Number(name);
    if (rest.length === 0 && value === null) return { value: target.toSpliced(index, 1) };
    const inner = replace(target[index], rest, value, [...before, index], own);
    if ('problem' in inner) return inner;
    const list = own.has(target) ? target : [...target];
    own.add(list);
    list[index] = inner.value;
    return { value: list };
  }
  if (target === undefined || target === null) return enter({}, name, rest, value, before, own);
  if (typeof target !== 'object') {
    const hint = suggest(name, []);
    return {
      problem: { message: `${where} is a plain value; it has no ${quote(name)}`, ...(hint ? { hint } : {}) },
    };
  }
  return enter(target as Record<string, unknown>, name, rest, value, before, own);
}

function enter(
  map: Record<string, unknown>,
  name: string,
  rest: Path,
  value: unknown,
  before: Path,
  own: Own,
): Replaced {
  if (rest.length === 0 && value === null) {
    const { [name]: _gone, ...others } = map;
    return { value: others };
  }
  const here = Object.hasOwn(map, name) ? map[name] : undefined;
  const inner = replace(here, rest, value, [...before, name], own);
  if ('problem' in inner) return inner;
  const changed = own.has(map) ? map : { ...map };
  own.add(changed);
  changed[name] = inner.value;
  return { value: changed };
}
