import { isDeepStrictEqual } from 'node:util';
import { isMap, valueAt } from '../../kit/path.ts';
import { ProblemsError } from '../../kit/problems.ts';
import { describeResource, type MeshFile, type MeshResource } from '../../model/mesh-configuration.ts';
import type {
  ChangedConfiguration,
  ConfigurationChange,
  ConfigurationContext,
  LintedConfiguration,
} from '../contract.ts';
import { clashes } from './configuration-clashes.ts';
import { mistakesInFaults } from './configuration-faults.ts';
import { mistakesInGateways } from './configuration-gateways.ts';
import { mistakesInHosts, mistakesInMissingHosts } from './configuration-hosts.ts';
import { nothingIn, type PlacedResource, parseConfiguration } from './configuration-resources.ts';
import { celRules } from './schemas/rules.ts';

/**
 * The resources in files of Istio configuration. Throws one ProblemsError with everything that an API
 * server would refuse, that refers to nothing, or that would make the scenario prove nothing.
 */
export function readConfiguration(
  files: readonly MeshFile[],
  context: ConfigurationContext,
): readonly MeshResource[] {
  const { resources, problems } = parsed(files, context);
  const all = [...problems, ...mistakesTogether(resources, context)];
  if (all.length > 0) throw new ProblemsError(all);
  return resources;
}

/** The resources in files after each of these changes; throws for the first change that leads to a mistake. */
export function readChanges(
  files: readonly MeshFile[],
  changes: readonly ConfigurationChange[],
  context: ConfigurationContext,
): readonly ChangedConfiguration[] {
  let before: readonly PlacedResource[] = parsed(files, context).resources;
  return changes.map((change, index) => {
    const { resources: added, problems } = parsed(change.files, context);
    const put = new Map(added.map((each) => [describeResource(each), each]));
    const out = new Set(change.deletes.map(describeResource));
    const there = new Map(before.map((each) => [describeResource(each), each]));
    const replaced = (each: PlacedResource) => {
      const other = put.get(describeResource(each));
      return other === undefined ? each : createdAt(other, creationOf(each));
    };
    const resources = [
      ...before
        .filter((each) => !out.has(describeResource(each)) || put.has(describeResource(each)))
        .map(replaced),
      ...added
        .filter((each) => !there.has(describeResource(each)))
        .map((each) => createdAt(each, creationIn(index))),
    ];
    const own = new Set(change.files.map(({ file }) => file));
    // What is sound by itself may be left without what it needs.
    const together = mistakesTogether(resources, context).map((problem) =>
      own.has(problem.file)
        ? problem
        : { ...problem, message: `after the change ${change.name}: ${problem.message}` },
    );
    const all = [...problems, ...together];
    if (all.length > 0) throw new ProblemsError(all);
    const isSame =
      resources.length === before.length &&
      resources.every((each) => isDeepStrictEqual(each.value, there.get(describeResource(each))?.value));
    const missing = change.deletes.filter((each) => !there.has(describeResource(each)));
    const changed = { resources, before, missing, isSame };
    before = resources;
    return changed;
  });
}

/**
 * When a resource was created, which decides between two that want the same: an API server writes that down when it
 * first gets one of this name, whatever the resource says itself.
 */
const creationOf = ({ value }: PlacedResource) => valueAt(value, ['metadata', 'creationTimestamp']);

/** Later than all that is there before the first change, and in the order of the changes. */
const creationIn = (change: number) => new Date(Date.UTC(2100, 0, 1) + change * 1_000).toISOString();

function createdAt(resource: PlacedResource, creationTimestamp: unknown): PlacedResource {
  const written = resource.value['metadata'];
  const { creationTimestamp: _, ...named } = isMap(written) ? written : {};
  const metadata = creationTimestamp === undefined ? named : { ...named, creationTimestamp };
  return { ...resource, value: { ...resource.value, metadata } };
}

function parsed(files: readonly MeshFile[], { topology }: ConfigurationContext) {
  const { resources, problems, empty } = parseConfiguration(files, topology.namespace);
  return { resources, problems: [...(empty ? files.map(({ file }) => nothingIn(file)) : []), ...problems] };
}

/** What is wrong in what resources are together. */
const mistakesTogether = (resources: readonly PlacedResource[], context: ConfigurationContext) => [
  ...mistakesInHosts(resources, context.topology),
  ...clashes(resources, context.topology),
  ...mistakesInGateways(resources, context.topology),
  ...mistakesInFaults(resources, context),
];

/**
 * What is wrong with files of which each is looked at by itself, since they may be alternatives, and without a
 * topology to hold them against; only a VirtualService may refer to one in another file.
 */
export function lintConfiguration(files: readonly MeshFile[]): LintedConfiguration {
  const keeps = celRules();
  const each = files.map((file) => ({ ...file, ...parseConfiguration([file], 'default', keeps) }));
  const all = each.flatMap(({ resources }) => resources);
  const problems = each.flatMap(({ file, resources, problems: own, empty }) => [
    ...(empty && all.length === 0 ? [nothingIn(file)] : own),
    ...mistakesInMissingHosts(resources, all),
  ]);
  return { problems, sound: each.flatMap(({ sound }) => sound) };
}
