import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CpuLimits } from './cpu-limits.ts';

/** A program that uses all it gets. */
function busy() {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  return {
    pid,
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    /** Milliseconds of processor time so far. */
    used: () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

test.runIf(process.platform === 'linux')(
  'a program gets its share and no more, and all of it again',
  async () => {
    using program = busy();
    using limits = new CpuLimits();
    await expect.poll(program.used, { timeout: 10_000 }).toBeGreaterThan(50);
    limits.limit('program', program, 0.1);
    await sleep(200);
    const from = program.used();
    await sleep(1_000);
    const limited = program.used() - from;
    // A tenth of a second, and what it may use before anybody looks.
    expect(limited).toBeLessThan(250);
    expect(limited).toBeGreaterThan(5);
    limits.lift('program');
    const free = program.used();
    await expect.poll(() => program.used() - free, { timeout: 20_000 }).toBeGreaterThan(300);
  },
);
