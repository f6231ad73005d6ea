import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemsError } from '../../../../kit/problems.ts';
import type { Sidecar } from '../../../../model/effective.ts';
import type { TopologyPlan } from '../../../../model/topology.ts';
import { readEntries } from '../../entries/read.ts';
import { readEffective } from '../index.ts';

/** Holds `inputs/NAME.hcl` or `.yaml`, and `recorded/NAME.json`, what sidecars held with it: `npm run record`. */
export const recordedFolder = import.meta.dirname;

/**
 * What a sidecar of a recorded lab held, of the first instance of a service; with other entries (HCL) in the place of
 * the lab's own, which have to make the same of it.
 */
export function recordedSidecar(name: string, service: string, written?: string): Sidecar {
  const { topology, answers } = JSON.parse(
    readFileSync(join(recordedFolder, 'recorded', `${name}.json`), 'utf8'),
  ) as { topology: TopologyPlan; answers: Record<string, string[]> };
  const input = readdirSync(join(recordedFolder, 'inputs')).find((file) => file.startsWith(`${name}.`)) ?? '';
  const path = join(recordedFolder, 'inputs', input);
  const content = written ?? readFileSync(path, 'utf8');
  const file = written === undefined ? input : 'written.hcl';
  const { entries, problems } = readEntries([{ file, path, content }]);
  if (problems.length > 0) throw new ProblemsError(problems);
  const { sidecars } = readEffective(new Map(Object.entries(answers)), topology, entries);
  const found = sidecars.find((each) => each.service === service);
  if (found === undefined) throw new Error(`${name} has no sidecar of ${service}`);
  return found;
}
