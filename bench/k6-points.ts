/**
 * What collecting a point per request costs k6: CPU of a bare script in a k6 that is started as anybody would,
 * against the script that Breakwater generates (due header, counters by status class) in a k6 that is started
 * as Breakwater does, and in one started as anybody would; and against k6's own outputs. 1,000 requests/s.
 * Each figure is the median of ratios within a round, and each round has its own order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { k6Environment } from '../src/load/generators.ts';
import { loadJob } from '../src/load/k6.ts';
import type { PlannedLoad } from '../src/load/planned.ts';
import { resolveProgram } from '../src/toolchain/index.ts';

const rate = 1_000;
const seconds = 8;
const rounds = 7;
const users = 100;

const directory = mkdtempSync(join(tmpdir(), 'bw-bench-'));
const { path: k6 } = await resolveProgram('k6');

const app = spawn(
  process.execPath,
  ['--no-warnings', resolve(import.meta.dirname, '../apps/edge-app/src/main.ts')],
  {
    env: { ...process.env, PORT: '0', CONTROL_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const { port } = await new Promise<{ port: number }>((ready) => {
  app.stdout?.once('data', (line) => ready(JSON.parse(String(line)).listening));
});

const load: PlannedLoad = {
  name: 'load',
  from: 'client',
  to: 'app',
  port,
  request: { method: 'GET', path: '/', headers: {}, body: undefined, timeoutMs: 5_000 },
  shape: { kind: 'rate', rate },
  durationMs: seconds * 1_000,
  peakRate: rate,
  users,
  seed: undefined,
};
const job = loadJob(load, '127.0.0.1');
const ours = job.files[job.script] ?? '';
const bare = `import http from 'k6/http';
export const options = { scenarios: { load: { executor: 'constant-arrival-rate', rate: ${rate}, timeUnit: '1s',
  duration: '${seconds}s', preAllocatedVUs: ${users}, maxVUs: ${users} } }, discardResponseBodies: true, systemTags: [],
  summaryTrendStats: ['count'] };
export default function () { http.get('http://127.0.0.1:${port}/'); }
export function handleSummary() { return {}; }`;

interface Variant {
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const variants: Readonly<Record<string, Variant>> = {
  bare: { script: bare, args: [] },
  breakwater: { script: ours, args: [], env: k6Environment },
  'script alone': { script: ours, args: [] },
  csv: { script: bare, args: ['--out', `csv=${join(directory, 'points.csv')}`] },
  json: { script: bare, args: ['--out', `json=${join(directory, 'points.json')}`] },
};

/** CPU seconds of one k6 run, children included. */
async function cpuOf(name: string): Promise<number> {
  const variant = variants[name];
  if (!variant) throw new Error(name);
  const script = join(directory, `${name}.js`);
  writeFileSync(script, variant.script);
  const child: ChildProcess = spawn(
    'bash',
    [
      '-c',
      'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null',
      'bash',
      k6,
      'run',
      '--quiet',
      '--no-usage-report',
      ...variant.args,
      script,
    ],
    { cwd: directory, env: { ...process.env, ...variant.env }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((done) => child.once('close', done));
  const [user = Number.NaN, system = Number.NaN] = said.trim().split(' ').map(Number);
  return user + system;
}

try {
  const names = Object.keys(variants);
  const ratios: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    const cpu = new Map<string, number>();
    // Each place in the order falls to each variant in turn: a machine that drifts favours none.
    for (const index of names.keys()) {
      const name = names[(index + round) % names.length] ?? '';
      cpu.set(name, await cpuOf(name));
    }
    for (const name of names.slice(1)) {
      ratios[name] ??= [];
      ratios[name].push((cpu.get(name) ?? Number.NaN) / (cpu.get('bare') ?? Number.NaN));
    }
  }
  const median = (values: number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  console.log(
    `k6 at ${rate} requests/s, CPU against k6 alone (median of ${rounds} rounds; aim: at most 1.05)`,
  );
  for (const [name, values] of Object.entries(ratios)) {
    console.log(
      `  ${name.padEnd(12)} ${median(values).toFixed(3)}   (${values.map((value) => value.toFixed(3)).join(', ')})`,
    );
  }
} finally {
  app.kill();
  rmSync(directory, { recursive: true, force: true });
}
