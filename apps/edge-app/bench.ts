/** Requests per second of the app's own CPU time: the generator shares the machine, so the clock would not be fair. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = 64;
const WARM_UP_MS = 1_000;
const MEASURED_MS = 5_000;
const TARGET_PER_S = 5_000;
// About what Envoy adds to a request on its way to the app.
const REQUEST = [
  'GET /cart/items HTTP/1.1',
  'host: edge-app.default.svc.cluster.local',
  'user-agent: bench',
  'accept: */*',
  'x-forwarded-proto: http',
  'x-request-id: 0b0e4c5e-8a3c-9d35-a6a3-5a1d5c1f2a77',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '\r\n',
].join('\r\n');

/** One connection with one request at a time; `finished` is called for every answer, which are all of one length. */
function drive(port: number, finished: () => void) {
  let answerBytes = 0;
  let receivedBytes = 0;
  const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    if (answerBytes === 0) answerBytes = lengthOf(chunk.toString('latin1'));
    receivedBytes += chunk.length;
    if (receivedBytes < answerBytes) return;
    receivedBytes = 0;
    finished();
    socket.write(REQUEST);
  });
  return socket;
}

function lengthOf(answer: string): number {
  const bodyBytes = /content-length: (\d+)/i.exec(answer)?.[1];
  if (!answer.startsWith('HTTP/1.1 200') || bodyBytes === undefined) throw new Error(`bad answer: ${answer}`);
  return answer.indexOf('\r\n\r\n') + 4 + Number(bodyBytes);
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1),
  );
}

const main = new URL('src/main.ts', import.meta.url).pathname;
const canPin = spawnSync('taskset', ['--version']).status === 0;
const lastCore = String(availableParallelism() - 1);
const [command = '', ...args] = [...(canPin ? ['taskset', '-c', lastCore] : []), process.execPath, main];
const app = spawn(command, args, {
  env: { ...process.env, PORT: '0', CONTROL_PORT: '0', INSTANCE: 'edge-1', ZONE: 'east' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(app.stdout, 'data');
const { listening, control } = JSON.parse(String(line));

let answers = 0;
const sockets = Array.from({ length: CONNECTIONS }, () => drive(listening.port, () => answers++));
await sleep(WARM_UP_MS);
const cpuBeforeS = await metric(control.port, 'process_cpu_seconds_total');
const answersBefore = answers;
const begunAtMs = performance.now();
await sleep(MEASURED_MS);
const count = answers - answersBefore;
const elapsedS = (performance.now() - begunAtMs) / 1_000;
const cpuS = (await metric(control.port, 'process_cpu_seconds_total')) - cpuBeforeS;
for (const socket of sockets) socket.destroy();
app.kill('SIGTERM');
await once(app, 'exit');

const perCpuSecond = Math.round(count / cpuS);
console.log(
  `${CONNECTIONS} connections, ${elapsedS.toFixed(1)} s, app ${canPin ? 'pinned to one core' : 'not pinned'}`,
);
console.log(`${Math.round(count / elapsedS)} requests/s, ${cpuS.toFixed(2)} s of app CPU`);
console.log(`${perCpuSecond} requests per app CPU-second (at least ${TARGET_PER_S} expected)`);
if (!(perCpuSecond >= TARGET_PER_S)) process.exitCode = 1;
