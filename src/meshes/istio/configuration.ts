import { type Problem, ProblemsError } from '../../kit/problems.ts';
import type { MeshFile, Plan } from '../../plan/contract.ts';
import type { MeshResource } from '../contract.ts';
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
  { scenario, instances }: Pick<Plan, 'instances' | 'scenario'>,
): readonly MeshResource[] {
  const { resources, problems } = parseConfiguration(files, scenario.topology.namespace);
  const all = [
    ...problems,
    ...mistakesInHosts(resources, scenario),
    ...clashes(resources, scenario),
    ...mistakesInFaults(resources, { scenario, instances }),
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
