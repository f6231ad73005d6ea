import { quote, suggest, typeOnly } from '../../../kit/nearest.ts';
import { isMap, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { describeResource, type MeshFile, type MeshResource } from '../../../model/mesh-configuration.ts';
import { canonical } from './canonical.ts';
import { type EntryKind, entryKinds, isEntryKind, whyOtherKind } from './fields.ts';
import { isFor, networkOf } from './networks.ts';
import { type EntrySource, isCustomResource, sourcesIn } from './source.ts';

/** A configuration entry: `value` is spelt as Consul spells it, whatever its author did. */
export interface Entry extends MeshResource {
  readonly kind: EntryKind;
  /** Where a field of the value is, or would be, as its author writes. */
  spelt(path: Path): Path;
  /** Something wrong at a place of the value. */
  problem(path: Path, message: string, hint?: string, at?: 'key' | 'value'): Problem;
}

interface ReadEntries {
  readonly entries: readonly Entry[];
  /** Those of them that have no mistakes of their own. */
  readonly sound: readonly Entry[];
  readonly problems: readonly Problem[];
}

/** Every entry has this namespace: others are in Consul Enterprise only. */
const NAMESPACE = 'default';

/** Splits files into entries, and checks each by itself: syntax, kind, fields, duplicates. */
export function readEntries(files: readonly MeshFile[]): ReadEntries {
  const entries: Entry[] = [];
  const sound: Entry[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const { sources, problems: inSyntax } = sourcesIn(file);
    problems.push(...inSyntax);
    if (sources.length === 0 && inSyntax.length === 0) problems.push(nothingIn(file.file));
    for (const source of sources) {
      const { entry, problems: own } = readEntry(source, file.file);
      problems.push(...own);
      if (entry === undefined) continue;
      entries.push(entry);
      if (own.length === 0) sound.push(entry);
    }
  }
  return { entries, sound, problems: [...problems, ...duplicates(entries)] };
}

const nothingIn = (file: string): Problem => ({
  file,
  line: 1,
  column: 1,
  message: 'there is no configuration entry in this file',
});

function readEntry(
  source: EntrySource,
  file: string,
): { readonly entry?: Entry; readonly problems: readonly Problem[] } {
  const blame = (path: Path, message: string, hint?: string, at: 'key' | 'value' = 'value'): Problem => ({
    file,
    ...source.place(path, at),
    ...(path.length === 0 ? {} : { path: path.join('.') }),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  if (!isMap(source.value)) {
    const message = `expected a configuration entry with Kind and Name, got ${typeOnly(source.value)}`;
    return { problems: [blame([], message)] };
  }
  const head = isCustomResource(source.value)
    ? headOfResource(source.value, blame)
    : headOfEntry(source.value, blame);
  if ('problem' in head) return { problems: [head.problem] };
  const { kind, own, from } = head;
  const read = canonical(entryKinds[kind], own, from, from.length > 0 ? asInResources : undefined);
  const { Name, ...meta } = head.named;
  const named = kind === 'mesh' || Name === undefined ? meta : { Name, ...meta };
  const value = isMap(read.value) ? { Kind: kind, ...read.value, ...named } : {};
  const name = kind === 'mesh' ? (head.named.Name ?? 'mesh') : (value as { readonly Name?: unknown }).Name;
  const problems = read.mistakes
    // A custom resource has its name elsewhere.
    .filter(({ path }) => head.named.Name === undefined || path.join('.') !== [...from, 'name'].join('.'))
    .map(({ path, message, hint, at }) => blame(path, message, hint, at))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  if (typeof name !== 'string' || name === '') return { problems };
  const entry: Entry = {
    apiVersion: 'consul',
    kind,
    name,
    namespace: NAMESPACE,
    value: value as Record<string, unknown>,
    file,
    line: source.place([]).line,
    lineOf: (path) => source.place(read.writtenAt(path)).line,
    spelt: (path) => read.spelt(path, from.length > 0 ? asInResources : (name) => name),
    problem: (path, message, hint, at) => blame(read.writtenAt(path), message, hint, at),
  };
  return { entry, problems: [...problems, ...mistakesInName(entry)] };
}

/** As custom resources are spelt: "MaxConnections" → "maxConnections", "TLSMinVersion" → "tlsMinVersion". */
export const asInResources = (name: string) =>
  name.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (capitals) => capitals.toLowerCase());

type Blame = Entry['problem'];

type Head =
  | {
      readonly kind: EntryKind;
      /** The map with the fields of the entry, and where it stands. */
      readonly own: unknown;
      readonly from: Path;
      readonly named: { readonly Name?: string; readonly Meta?: Readonly<Record<string, string>> };
    }
  | { readonly problem: Problem };

/** Consul's own form: Kind and Name beside the fields. */
function headOfEntry(value: Record<string, unknown>, blame: Blame): Head {
  const key = Object.keys(value).find((name) => name.toLowerCase() === 'kind');
  if (key === undefined && Object.hasOwn(value, 'config_entries')) {
    const hint =
      'give each entry of config_entries.bootstrap a file of its own, or all of them as a list in JSON';
    return { problem: blame(['config_entries'], 'this is configuration of an agent', hint, 'key') };
  }
  if (key === undefined) {
    const hint = `its Kind says what it is: ${Object.keys(entryKinds).join(', ')}`;
    return { problem: blame([], 'a configuration entry has a Kind', hint) };
  }
  const kind = value[key];
  const found = kindOf(kind, [key], blame);
  return 'problem' in found ? found : { kind: found.kind, own: value, from: [], named: {} };
}

/** As consul-k8s has it. https://developer.hashicorp.com/consul/docs/k8s/crds */
function headOfResource(value: Record<string, unknown>, blame: Blame): Head {
  const { apiVersion, kind, metadata, spec } = value;
  if (apiVersion !== 'consul.hashicorp.com/v1alpha1') {
    const isGroup = typeof apiVersion === 'string' && apiVersion.startsWith('consul.hashicorp.com/');
    const message = `${String(apiVersion)} is no ${isGroup ? 'version' : 'group'} of Consul's`;
    return { problem: blame(['apiVersion'], message, 'consul-k8s has consul.hashicorp.com/v1alpha1') };
  }
  const kebab = typeof kind === 'string' ? kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase() : kind;
  const found = kindOf(kebab, ['kind'], blame, kind);
  if ('problem' in found) return found;
  const destination = valueAt(spec, ['destination', 'name']);
  const isIntentions = found.kind === 'service-intentions';
  const name = isIntentions ? destination : valueAt(metadata, ['name']);
  if (typeof name !== 'string') {
    const at = isIntentions ? ['spec', 'destination', 'name'] : ['metadata', 'name'];
    return { problem: blame(at, 'missing; this field is needed') };
  }
  const { destination: _, ...others } = isMap(spec) ? spec : {};
  // What Consul has in the Meta of an entry, a resource has in its labels.
  const label = valueAt(metadata, ['labels', 'network']);
  const network = typeof label === 'string' ? label : undefined;
  return {
    kind: found.kind,
    own: isIntentions ? others : (spec ?? {}),
    from: ['spec'],
    named: { Name: name, ...(network === undefined ? {} : { Meta: { network } }) },
  };
}

function kindOf(
  kind: unknown,
  path: Path,
  blame: Blame,
  written: unknown = kind,
): { readonly kind: EntryKind } | { readonly problem: Problem } {
  if (typeof kind === 'string' && isEntryKind(kind)) return { kind };
  const why = typeof kind === 'string' ? whyOtherKind(kind) : undefined;
  if (why !== undefined) {
    return { problem: blame(path, `a ${String(written)} is unsupported here, because ${why}`) };
  }
  const hint = suggest(String(kind), Object.keys(entryKinds));
  return { problem: blame(path, `Consul has no kind ${quote(written)}`, hint) };
}

/** Of some kinds there is one, with one name. */
const onlyNames: Partial<Record<EntryKind, string>> = {
  'proxy-defaults': 'global',
  'exported-services': 'default',
  mesh: 'mesh',
};

function mistakesInName(entry: Entry): readonly Problem[] {
  const only = onlyNames[entry.kind];
  if (only === undefined || entry.name === only) return [];
  return [
    entry.problem(
      ['Name'],
      `the name of ${/^[aeiou]/.test(entry.kind) ? 'an' : 'a'} ${entry.kind} is ${only}, not ${quote(entry.name)}`,
    ),
  ];
}

/** Each network may have one of its own. */
function duplicates(entries: readonly Entry[]): readonly Problem[] {
  return entries.flatMap((entry, index) => {
    const name = describeResource(entry);
    const network = networkOf(entry);
    const before = entries
      .slice(0, index)
      .find((each) => describeResource(each) === name && (network === undefined || isFor(network, each)));
    if (before === undefined) return [];
    const message = `${entry.kind}/${entry.name} is there already, in ${before.file}:${before.line}`;
    return [entry.problem(['Name'], message, 'Consul would keep the last of the two')];
  });
}
