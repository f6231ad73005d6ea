import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { MachineSample } from './contract.ts';

/** Linux counts in hundredths of a second, whatever its timer does: `getconf CLK_TCK`. */
const TICK_MS = 10;

const processors = cpus().length;

/**
 * What the processors of this machine have done, from /proc/stat (proc_stat(5)). A processor that waits for a
 * disk is free for work and counts as idle; one that a hypervisor gave to somebody else does not. Undefined
 * where there is no such file.
 */
export function sampleMachine(): MachineSample | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/stat', 'latin1');
  } catch {
    return undefined;
  }
  const [, , , , idle, ioWait] = text.slice(0, text.indexOf('\n')).split(/\s+/).map(Number);
  if (!Number.isFinite(idle)) return undefined;
  return {
    t: Date.now(),
    cpus: processors,
    idleMs: ((idle ?? 0) + (ioWait ?? 0)) * TICK_MS,
  };
}
