import { cpus, hostname, totalmem } from 'node:os';
import { fingerprint } from '../kit/fingerprint.ts';
import type { RunRecord } from './model.ts';

/** This machine, as far as it tells whether numbers of two runs compare. */
export function recordedMachine(): RunRecord['machine'] {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  const memoryBytes = totalmem();
  const platform = `${process.platform} ${process.arch}`;
  return {
    // Machines of one kind differ by what their firmware keeps for itself.
    kind: fingerprint(processor, String(cpus().length), String(Math.round(memoryBytes / 2 ** 30)), platform),
    host: fingerprint(hostname()),
    cpus: cpus().length,
    processor,
    memoryBytes,
    platform,
  };
}
