import { type Problem, ProblemsError } from '../../kit/problems.ts';
import type { MeshFile, MeshResource } from '../../model/mesh-configuration.ts';
import type { ConfigurationContext } from '../contract.ts';
import { clashes } from './configuration-clashes.ts';
import { mistakesInFaults } from './configuration-faults.ts';
import { mistakesInHosts, mistakesInMissingHosts } from './configuration-hosts.ts';
import { parseConfiguration } from './configuration-resources.ts';

/**
 * The resources in files of Istio configuration. Throws one ProblemsError with everything that an API
 * server would refuse, that refers to nothing, or that would make the scenario prove nothing.
 */
export function readConfiguration(
  files: readonly MeshFile[],
  context: ConfigurationContext,
): readonly MeshResource[] {
  const { resources, problems } = parseConfiguration(files, context.topology.namespace);
  const all = [
    ...problems,
    ...mistakesInHosts(resources, context.topology),
    ...clashes(resources, context.topology),
    ...mistakesInFaults(resources, context),
  ];
  if (all.length > 0) throw new ProblemsError(all);
  return resources;
}

/**
 * What is wrong with a file by itself, without a topology to hold it against. Files beside it may refer to it;
 * what they say otherwise is not looked at, since they may be alternatives.
 */
export function lintConfiguration(file: MeshFile, beside: readonly MeshFile[] = []): readonly Problem[] {
  const { resources, problems } = parseConfiguration([file], 'default');
  const others = beside.flatMap((other) => parseConfiguration([other], 'default').resources);
  return [...problems, ...mistakesInMissingHosts(resources, others)];
}
