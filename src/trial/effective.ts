import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { EffectiveAnswers } from '../model/evidence.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import { isClient, type TopologyPlan } from '../model/topology.ts';

/** Sidecars answer within milliseconds; the load waits for one that is slow no longer than this. */
const timeoutMs = 3_000;

/**
 * Asks sidecars what they hold, and writes their answers as they are into `effective.json`: every client's, and one
 * of each other workload, whose replicas hold the same; after a change into a file of its own. One that does not answer is left out: then nothing is known
 * of it, which is no error of the trial.
 */
export async function recordEffective(
  lab: Pick<Lab, 'admin'>,
  { effective }: Pick<Mesh, 'effective'>,
  topology: TopologyPlan,
  resources: readonly MeshResource[],
  evidence: string,
  change?: number,
): Promise<void> {
  const asked = topology.instances.filter((instance) => isClient(instance) || instance.replica === 1);
  const answers = await Promise.all(
    asked.map(async (instance) => {
      const paths = effective.paths(instance, topology, resources);
      const said = Promise.all(paths.map((path) => lab.admin(instance.name, path, timeoutMs)));
      return [instance.name, await said.catch(() => undefined)] as const;
    }),
  );
  const told: EffectiveAnswers = Object.fromEntries(
    answers.flatMap(([name, texts]) => (texts === undefined ? [] : [[name, texts] as const])),
  );
  await writeFile(
    join(evidence, change === undefined ? 'effective.json' : `effective-${change}.json`),
    JSON.stringify(told),
  );
}
