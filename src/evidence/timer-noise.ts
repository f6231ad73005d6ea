import { Worker } from 'node:worker_threads';
import type { TimerNoise } from './contract.ts';

/**
 * How late this machine is by itself: one thread wakes up at due times and writes to a loopback
 * connection, another notes when it read that. A load generator and its sidecar take the same two
 * wake-ups for every request, so what they are late beyond this is theirs.
 */
const periodMs = 10;

/** Runs in both threads; plain JavaScript, since a worker from a string is not stripped of types. */
const source = `
const { workerData, parentPort } = require('node:worker_threads');
const net = require('node:net');
const now = () => Number(process.hrtime.bigint()) / 1e6;
if (workerData.role === 'reader') {
  const late = [];
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const read = now();
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        late.push(read - rest.readDoubleLE(0));
        rest = rest.subarray(8);
      }
      if (late.length > 400000) late.splice(0, 200000);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
  parentPort.on('message', () => {
    late.sort((a, b) => a - b);
    const at = (share) => Math.max(0, late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0);
    parentPort.postMessage({ noise: { samples: late.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) } });
  });
} else {
  const socket = net.connect(workerData.port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const message = Buffer.alloc(8);
  let due = now() + ${periodMs};
  const turn = () => {
    const wait = due - now();
    if (wait > 0) Atomics.wait(cell, 0, 0, wait);
    message.writeDoubleLE(due);
    socket.write(message);
    due = Math.max(due + ${periodMs}, now());
    setImmediate(turn);
  };
  socket.on('connect', turn);
}
`;

export interface TimerNoiseMeter extends AsyncDisposable {
  stop(): Promise<TimerNoise>;
}

/** Measures for as long as it runs, at about a hundredth of a core. */
export function measureTimerNoise(): TimerNoiseMeter {
  const workers: Worker[] = [];
  const worker = (workerData: object): Worker => {
    const started = new Worker(source, { eval: true, workerData });
    started.unref();
    started.on('error', () => {}); // no measurement is a finding of the analysis
    workers.push(started);
    return started;
  };
  const reader = worker({ role: 'reader' });
  const noise = new Promise<TimerNoise>((resolve) => {
    reader.on('message', (message: { port?: number; noise?: TimerNoise }) => {
      if (message.port !== undefined) worker({ role: 'writer', port: message.port });
      if (message.noise !== undefined) resolve(message.noise);
    });
  });
  return {
    stop() {
      reader.postMessage('stop');
      return noise;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((started) => started.terminate()));
    },
  };
}
