import type { MachineSample } from '../../model/evidence.ts';
import { LOAD_MS } from './outage.ts';

/** Of one processor, of which a share is idle from 4 s on; hardly anything runs before. */
export const busyMachine = (idleShare: number): MachineSample[] => {
  let idleMs = 0;
  return Array.from({ length: (LOAD_MS + 3_000) / 40 }, (_, index) => {
    const t = index * 40;
    idleMs += 40 * (t > 4_000 ? idleShare : 0.9);
    return { t, cpus: 1, idleMs };
  });
};
