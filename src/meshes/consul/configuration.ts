import { isDeepStrictEqual } from 'node:util';
import { ProblemsError } from '../../kit/problems.ts';
import type { MeshFile, MeshResource } from '../../model/mesh-configuration.ts';
import type {
  ChangedConfiguration,
  ConfigurationChange,
  ConfigurationContext,
  LintedConfiguration,
} from '../contract.ts';
import { mistakesAlone, mistakesTogether } from './entries/meaning.ts';
import { networkOf } from './entries/networks.ts';
import { type Entry, readEntries } from './entries/read.ts';

/**
 * The configuration entries in files. Throws one ProblemsError with everything that Consul would refuse, or that refers
 * to nothing.
 */
export function readConfiguration(
  files: readonly MeshFile[],
  { topology }: ConfigurationContext,
): readonly MeshResource[] {
  const { entries, problems } = readEntries(files);
  // What a mistake leaves of an entry would only be blamed a second time.
  const all = problems.length > 0 ? problems : mistakesTogether(entries, topology);
  if (all.length > 0) throw new ProblemsError(all);
  return entries;
}

/** The entries after each of these changes; throws for the first change that leads to a mistake. */
export function readChanges(
  files: readonly MeshFile[],
  changes: readonly ConfigurationChange[],
  { topology }: ConfigurationContext,
): readonly ChangedConfiguration[] {
  let before: readonly Entry[] = readEntries(files).entries;
  return changes.map((change) => {
    const { entries: added, problems } = readEntries(change.files);
    // A change names an entry by its kind and name; there is one namespace, and each network may have its own of them.
    const nameOf = ({ kind, name }: { readonly kind: string; readonly name: string }) => `${kind}/${name}`;
    const keyOf = (entry: Entry) => `${nameOf(entry)} ${networkOf(entry) ?? ''}`;
    const put = new Map(added.map((each) => [keyOf(each), each]));
    const out = new Set(change.deletes.map(nameOf));
    const there = new Map(before.map((each) => [keyOf(each), each]));
    const named = new Set(before.map(nameOf));
    const resources = [
      ...before
        .filter((each) => !out.has(nameOf(each)) || put.has(keyOf(each)))
        .map((each) => put.get(keyOf(each)) ?? each),
      ...added.filter((each) => !there.has(keyOf(each))),
    ];
    const own = new Set(change.files.map(({ file }) => file));
    const together = mistakesTogether(resources, topology).map((problem) =>
      own.has(problem.file)
        ? problem
        : { ...problem, message: `after the change ${change.name}: ${problem.message}` },
    );
    const all = problems.length > 0 ? problems : together;
    if (all.length > 0) throw new ProblemsError(all);
    const isSame =
      resources.length === before.length &&
      resources.every((each) => isDeepStrictEqual(each.value, there.get(keyOf(each))?.value));
    const changed = {
      resources,
      before,
      missing: change.deletes.filter((each) => !named.has(nameOf(each))),
      isSame,
    };
    before = resources;
    return changed;
  });
}

/** What is wrong with files of which each is looked at by itself, without a topology to hold them against. */
export function lintConfiguration(files: readonly MeshFile[]): LintedConfiguration {
  const each = files.map((file) => readEntries([file]));
  return {
    problems: each.flatMap(({ problems, entries }) => [
      ...problems,
      // What a mistake leaves of a place would only be blamed a second time.
      ...mistakesAlone(entries).filter(
        ({ path = '' }) => !problems.some((found) => `${found.path}.`.startsWith(`${path}.`)),
      ),
    ]),
    sound: each.flatMap(({ sound }) => sound),
  };
}
