/**
 * Many trials after each other on one lab, each with other mesh configuration: whether each one's evidence holds its
 * own requests and nothing else, how long a switch takes until every sidecar holds it, whether the harness's memory
 * stays flat, and whether a sound scenario still passes on that lab. `npm run bench:trials -- [trials] [local|kind]`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environments } from '../src/environments/index.ts';
import { planExperiment } from '../src/experiment/planned.ts';
import { runTrials, type TrialWanted } from '../src/experiment/trials.ts';
import { createProgress } from '../src/kit/terminal.ts';
import { isClient, isServer } from '../src/model/topology.ts';
import { kindForTests } from '../test/air-gap/settings.ts';

const count = Number(process.argv[2] ?? 50);
const where = process.argv[3] === 'kind' ? 'kind' : 'local';
const scenario = 'scenarios/outlier-ejection.yaml';
const trialLoad = ['load.rate=100/s', 'load.duration=2s', 'load.warmup=200ms', 'faults='];

if (where === 'kind') {
  const kind = kindForTests();
  if ('missing' in kind) throw new Error(`this bench needs a kind cluster: ${kind.missing}`);
  Object.assign(process.env, kind.env);
}
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const { signal } = stop;
const progress = createProgress(process.stderr, true);
const directory = mkdtempSync(join(tmpdir(), 'breakwater-bench-trials-'));

const sound = await planExperiment(scenario, { set: [], config: [] });
const short = await planExperiment(scenario, {
  set: [...trialLoad, 'checks=[{kind: success-rate, during: run, atLeast: 99%}]'],
  config: [],
});
/** The configuration of one trial: no two have the same limit. */
function wanted(number: number): TrialWanted {
  const files = short.configuration.files.map((file) => ({
    ...file,
    content: file.content.replace(
      'trafficPolicy:',
      `trafficPolicy:\n    connectionPool: { tcp: { maxConnections: ${100 + number} } }`,
    ),
  }));
  const name = `trial-${number}`;
  return {
    name,
    configuration: { files, resources: short.configuration.resources },
    trial: {
      ...short.plan.trial,
      configuration: files,
      loads: short.plan.trial.loads.map((load) => ({
        ...load,
        request: { ...load.request, path: `/${name}` },
      })),
    },
  };
}

function* series(): Generator<TrialWanted> {
  for (let number = 1; number <= count; number++) yield wanted(number);
  yield { name: 'sound', trial: sound.plan.trial, configuration: sound.configuration };
}

const linesOf = (trial: string, instance: string): string[] => {
  try {
    const log = readFileSync(join(directory, trial, 'evidence/access', `${instance}.log`), 'utf8');
    return log.split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

const switches: number[] = [];
const memory: number[] = [];
let exact = 0;
let failed = 0;
try {
  const request = {
    runId: `bench-trials-${Date.now().toString(36)}`,
    what: 'trials of bench:trials',
    topology: sound.plan.topology,
    mesh: sound.mesh,
    environment: environments[where](sound.mesh, progress, signal, {}),
    directory,
    signal,
    watcher: { step() {}, ongoing() {}, warn: console.error, fault() {}, load() {} },
  };
  for await (const result of runTrials(request, series())) {
    if (result.ended !== 'done') {
      failed += 1;
      console.log(
        `  ${result.name}: ${result.ended}${result.ended === 'failed' ? `: ${String(result.error)}` : ''}`,
      );
      continue;
    }
    const { name, analysis, arrivals } = result;
    if (name === 'sound') {
      console.log(`  a sound scenario on that lab: ${analysis.verdict} (${analysis.summary})`);
      if (analysis.verdict !== 'pass') process.exitCode = 1;
      continue;
    }
    const { instances } = sound.plan.topology;
    const lines = (of: typeof instances) => of.flatMap((instance) => linesOf(name, instance.name));
    const [{ requests }] = JSON.parse(readFileSync(join(directory, name, 'evidence/loads.json'), 'utf8'));
    const client = lines(instances.filter(isClient));
    const server = lines(instances.filter(isServer));
    const own = [...client, ...server].every((line) => line.endsWith(` /${name}`));
    if (own && client.length === requests && server.length === requests) exact += 1;
    else
      console.log(
        `  ${name}: k6 ${requests}, client ${client.length}, servers ${server.length}, only its own: ${own}`,
      );
    switches.push(Math.max(...arrivals.values()));
    globalThis.gc?.();
    memory.push(process.memoryUsage.rss());
    rmSync(join(directory, name), { recursive: true, force: true });
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

const sorted = switches.toSorted((a, b) => a - b);
const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(0);
const mb = (bytes: number | undefined) => ((bytes ?? Number.NaN) / 1e6).toFixed(0);
const half = Math.floor(memory.length / 2);
console.log(`${count} trials on one ${where} lab (${failed} failed)`);
console.log(`  evidence that is its own, reconciled with k6 to the request: ${exact} of ${count}`);
console.log(
  `  a switch until the last sidecar holds it: ${at(0)} / ${at(0.5)} / ${at(1)} ms (lowest, median, highest; aim: median under 500)`,
);
console.log(
  `  memory of the harness after trial 1, ${half}, ${memory.length}: ${mb(memory[0])}, ${mb(memory[half - 1])}, ${mb(memory.at(-1))} MB (second half ${((memory.at(-1) ?? 0) / (memory[half - 1] ?? 1)).toFixed(2)} x the first)`,
);
if (exact < count || failed > 0) process.exitCode = 1;
