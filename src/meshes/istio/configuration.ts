import { ProblemsError } from '../../kit/problems.ts';
import type { MeshFile, MeshResource } from '../../model/mesh-configuration.ts';
import type { ConfigurationContext, LintedConfiguration } from '../contract.ts';
import { clashes } from './configuration-clashes.ts';
import { mistakesInFaults } from './configuration-faults.ts';
import { mistakesInHosts, mistakesInMissingHosts } from './configuration-hosts.ts';
import { nothingIn, parseConfiguration } from './configuration-resources.ts';
import { celRules } from './schemas/rules.ts';

/**
 * The resources in files of Istio configuration. Throws one ProblemsError with everything that an API
 * server would refuse, that refers to nothing, or that would make the scenario prove nothing.
 */
export function readConfiguration(
  files: readonly MeshFile[],
  context: ConfigurationContext,
): readonly MeshResource[] {
  const { resources, problems, empty } = parseConfiguration(files, context.topology.namespace);
  const all = [
    ...(empty ? files.map(({ file }) => nothingIn(file)) : []),
    ...problems,
    ...mistakesInHosts(resources, context.topology),
    ...clashes(resources, context.topology),
    ...mistakesInFaults(resources, context),
  ];
  if (all.length > 0) throw new ProblemsError(all);
  return resources;
}

/**
 * What is wrong with files of which each is looked at by itself, since they may be alternatives, and without a
 * topology to hold them against; only a VirtualService may refer to one in another file.
 */
export function lintConfiguration(files: readonly MeshFile[]): LintedConfiguration {
  const keeps = celRules();
  const parsed = files.map((file) => ({ ...file, ...parseConfiguration([file], 'default', keeps) }));
  const all = parsed.flatMap(({ resources }) => resources);
  const problems = parsed.flatMap(({ file, resources, problems: own, empty }) => [
    ...(empty && all.length === 0 ? [nothingIn(file)] : own),
    ...mistakesInMissingHosts(resources, all),
  ]);
  return { problems, sound: parsed.flatMap(({ sound }) => sound) };
}
