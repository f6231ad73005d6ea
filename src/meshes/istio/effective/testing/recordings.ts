import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemsError } from '../../../../kit/problems.ts';
import type { EffectiveConfiguration } from '../../../../model/effective.ts';
import type { MeshResource } from '../../../../model/mesh-configuration.ts';
import type { TopologyPlan } from '../../../../model/topology.ts';
import { parseConfiguration } from '../../configuration-resources.ts';
import { readEffective } from '../index.ts';

/** Holds `inputs/NAME.yaml`, mesh configuration, and `recorded/NAME.json`, what sidecars held with it. */
export const recordedFolder = import.meta.dirname;

/** What the sidecars of a real lab answered to `effectivePaths`, one for each workload. */
export interface Recording {
  readonly topology: TopologyPlan;
  readonly answers: Readonly<Record<string, readonly string[]>>;
}

/** A recorded lab, with the resources that it had under test; they are in "mesh.yaml". */
export function recording(name: string): Recording & { readonly resources: readonly MeshResource[] } {
  const { topology, answers } = JSON.parse(
    readFileSync(join(recordedFolder, 'recorded', `${name}.json`), 'utf8'),
  ) as Recording;
  const path = join(recordedFolder, 'inputs', `${name}.yaml`);
  const file = { file: 'mesh.yaml', path, content: readFileSync(path, 'utf8') };
  const { resources, problems } = parseConfiguration([file], topology.namespace);
  if (problems.length > 0) throw new ProblemsError(problems);
  return { topology, answers, resources };
}

/** The picture of a recorded lab. */
export function recorded(name: string): EffectiveConfiguration {
  const { topology, answers, resources } = recording(name);
  return readEffective(new Map(Object.entries(answers)), topology, resources);
}
