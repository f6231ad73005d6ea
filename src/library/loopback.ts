import type { LabOptions, StartedLab } from './contract.ts';
import { startLabIn } from './lab.ts';

export type { Called, LabInstance, LabOptions, RequestOptions, StartedLab } from './contract.ts';

/** Starts a real mesh as processes of this machine, in a second or two. Linux. */
export async function startLab(options: LabOptions): Promise<StartedLab> {
  return (await startLabIn('local', options)).started;
}
