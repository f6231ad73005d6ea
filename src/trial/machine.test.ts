import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readMachine } from './machine.ts';

/** Idle and waiting for a disk, in milliseconds, from a file that was opened only now. */
function idleMs(): number {
  const [, , , , idle = 0, ioWait = 0] = readFileSync('/proc/stat', 'latin1').split(/\s+/).map(Number);
  return (idle + ioWait) * 10;
}

test.skipIf(!existsSync('/proc/stat'))('a file that stays open tells what is new each time', async () => {
  using machine = readMachine();
  for (let turn = 0; turn < 3; turn++) {
    const before = idleMs();
    const sample = machine.sample();
    expect(sample?.cpus).toBe(cpus().length);
    expect(sample?.idleMs).toBeGreaterThanOrEqual(before);
    expect(sample?.idleMs).toBeLessThanOrEqual(idleMs());
    await sleep(100);
  }
});
