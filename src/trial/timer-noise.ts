import { Worker } from 'node:worker_threads';
import type { TimerNoise } from '../model/evidence.ts';

/**
 * How late this machine is by itself: one thread wakes up at due times and writes to a loopback
 * connection, another notes when it read that. A load generator and its sidecar take the same two
 * wake-ups for every request, so what they are late beyond this is theirs.
 */
const periodMs = 40;

/** Runs in both threads; plain JavaScript, since a worker from a string is not stripped of types. */
const source = `
const { workerData, parentPort } = require('node:worker_threads');
const net = require('node:net');
const now = () => Number(process.hrtime.bigint()) / 1e6;
if (workerData.role === 'reader') {
  const late = [];
  // Straight into a buffer of its own: a stream would cost more than all the rest.
  const buffer = Buffer.alloc(8);
  let filled = 0;
  net.connect({
    host: '127.0.0.1',
    port: workerData.port,
    onread: {
      buffer: Buffer.alloc(1024),
      callback(length, chunk) {
        const read = now();
        for (let at = 0; at < length; at++) {
          buffer[filled++] = chunk[at];
          if (filled < 8) continue;
          late.push(read - buffer.readDoubleLE(0));
          filled = 0;
        }
        if (late.length > 400000) late.splice(0, 200000);
        return true;
      },
    },
  }).on('error', () => {});
  parentPort.on('message', () => {
    late.sort((a, b) => a - b);
    const at = (share) => Math.max(0, late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0);
    parentPort.postMessage({ noise: { samples: late.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) } });
  });
} else {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const message = Buffer.alloc(8);
  const server = net.createServer((socket) => {
    server.close();
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let due = now() + ${periodMs};
    const turn = () => {
      const wait = due - now();
      if (wait > 0) Atomics.wait(cell, 0, 0, wait);
      message.writeDoubleLE(due);
      socket.write(message);
      due = Math.max(due + ${periodMs}, now());
      setImmediate(turn);
    };
    turn();
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
}
`;

export interface TimerNoiseMeter extends AsyncDisposable {
  stop(): Promise<TimerNoise>;
}

/** Measures for as long as it runs, at less than a hundredth of a core. */
export function measureTimerNoise(): TimerNoiseMeter {
  const workers: Worker[] = [];
  const worker = (workerData: object): Worker => {
    const started = new Worker(source, { eval: true, workerData });
    started.unref();
    started.on('error', () => {}); // no measurement is a finding of the analysis
    workers.push(started);
    return started;
  };
  const writer = worker({ role: 'writer' });
  const reader = new Promise<Worker>((resolve) => {
    writer.on('message', ({ port }: { port: number }) => resolve(worker({ role: 'reader', port })));
  });
  return {
    async stop() {
      const asked = await reader;
      return new Promise<TimerNoise>((resolve) => {
        asked.on('message', ({ noise }: { noise: TimerNoise }) => resolve(noise));
        asked.postMessage('stop');
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((started) => started.terminate()));
    },
  };
}
