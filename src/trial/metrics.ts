import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { MetricsAnswers } from '../model/metrics.ts';
import { isClient, type TopologyPlan } from '../model/topology.ts';

const timeoutMs = 3_000;
/** Sidecars sum up what their threads have counted once a second. */
const summedUpMs = 2_000;

/** The metrics of every client's sidecar once nothing of a moment ago is missing in them, in the mesh's words, by instance; one that does not answer is left out. */
export async function scrapeClients(
  lab: Pick<Lab, 'admin'>,
  { telemetry }: Pick<Mesh, 'telemetry'>,
  { instances }: Pick<TopologyPlan, 'instances'>,
): Promise<ReadonlyMap<string, string>> {
  await sleep(summedUpMs);
  const answers = await Promise.all(
    instances.filter(isClient).map(async ({ name }) => {
      const said = await lab.admin(name, telemetry.metrics.path, timeoutMs).catch(() => undefined);
      return said === undefined ? [] : [[name, said] as const];
    }),
  );
  return new Map(answers.flat());
}

/** Writes what metrics were before and after the loads into `metrics.json`. */
export async function writeMetrics(
  evidence: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Promise<void> {
  const told: MetricsAnswers = Object.fromEntries(
    [...before].flatMap(([name, first]) => {
      const last = after.get(name);
      return last === undefined ? [] : [[name, { before: first, after: last }] as const];
    }),
  );
  await writeFile(join(evidence, 'metrics.json'), JSON.stringify(told));
}
