import { ProblemsError } from '../../kit/problems.ts';
import type { MeshFile, Plan } from '../../plan/contract.ts';
import type { MeshResource } from '../contract.ts';
import { clashes } from './configuration-clashes.ts';
import { mistakesInFaults } from './configuration-faults.ts';
import { mistakesInHosts } from './configuration-hosts.ts';
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

/** What is wrong with files by themselves, without a topology to hold them against. */
export function lintConfiguration(files: readonly MeshFile[]) {
  return parseConfiguration(files, 'default').problems;
}
