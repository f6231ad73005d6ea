import { Worker } from 'node:worker_threads';
import type { TimerNoise } from './contract.ts';

/** Sleeps of 5 ms in a thread of its own; how late each wakes up, in microseconds, in a shared histogram. */
const source = `
const { workerData, parentPort } = require('node:worker_threads');
const cell = new Int32Array(new SharedArrayBuffer(4));
const late = [];
let on = true;
parentPort.on('message', () => { on = false; });
function turn() {
  for (let i = 0; i < 20; i++) {
    const start = process.hrtime.bigint();
    Atomics.wait(cell, 0, 0, 5);
    late.push(Math.max(0, Number(process.hrtime.bigint() - start) / 1e6 - 5));
  }
  if (late.length > 200_000) late.splice(0, 100_000);
  if (on) setImmediate(turn);
  else {
    late.sort((a, b) => a - b);
    const at = (share) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
    parentPort.postMessage({ samples: late.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: late.at(-1) ?? 0 });
    parentPort.close();
  }
}
turn();
`;

export interface TimerNoiseMeter extends AsyncDisposable {
  stop(): Promise<TimerNoise>;
}

/** Measures how late this machine wakes a sleeping thread, for as long as it runs. */
export function measureTimerNoise(): TimerNoiseMeter {
  const worker = new Worker(source, { eval: true });
  worker.unref();
  const result = new Promise<TimerNoise>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  result.catch(() => {});
  return {
    stop() {
      worker.postMessage('stop');
      return result;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
