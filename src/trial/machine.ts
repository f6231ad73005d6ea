import { closeSync, openSync, readSync } from 'node:fs';
import { cpus } from 'node:os';
import type { MachineSample } from '../model/evidence.ts';

/** Linux counts in hundredths of a second, whatever its timer does: `getconf CLK_TCK`. */
const TICK_MS = 10;

const processors = cpus().length;

/** Enough for the first line of /proc/stat: ten numbers. */
const LINE_BYTES = 256;

interface MachineReader extends Disposable {
  /** Undefined where the system does not say. */
  sample(): MachineSample | undefined;
}

/**
 * What the processors of this machine have done, from /proc/stat (proc_stat(5)), which stays open: it is read
 * 25 times a second. A processor that waits for a disk is free for work and counts as idle; one that a
 * hypervisor gave to somebody else does not.
 */
export function readMachine(): MachineReader {
  const file = open();
  const buffer = Buffer.alloc(LINE_BYTES);
  return {
    sample() {
      if (file === undefined) return undefined;
      const length = readSync(file, buffer, 0, LINE_BYTES, 0);
      const [line = ''] = buffer.toString('latin1', 0, length).split('\n', 1);
      const [, , , , idle, ioWait] = line.split(/\s+/).map(Number);
      if (!Number.isFinite(idle)) return undefined;
      return { t: Date.now(), cpus: processors, idleMs: ((idle ?? 0) + (ioWait ?? 0)) * TICK_MS };
    },
    [Symbol.dispose]() {
      if (file !== undefined) closeSync(file);
    },
  };
}

function open(): number | undefined {
  try {
    return openSync('/proc/stat', 'r');
  } catch {
    return undefined;
  }
}
