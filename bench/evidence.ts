/** How fast a run's access logs are read, and what that takes: `npx node bench/evidence.ts [requests]`. */
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { analyse } from '../src/analysis/analyse.ts';
import { outagePlan } from '../src/analysis/testing/outage.ts';
import { readEvidence } from '../src/evidence/evidence.ts';
import { client, ORIGIN_MS, server, startTime } from '../src/evidence/testing/build-evidence.ts';
import { accessLine } from '../src/meshes/envoy/testing/access-line.ts';
import { istio } from '../src/meshes/istio/index.ts';
import type { InstanceContext, JournalEntry, LoadTotals, RunContext } from '../src/model/evidence.ts';

const REQUESTS = Number(process.argv[2] ?? 1_000_000);
const RATE = 5_000;
const memory = new URL('../bin/memory.js', import.meta.url).href;

const servers = ['east', 'east', 'east', 'west'].map((zone, index) =>
  server(`edge-app-${zone}`, index + 1, `local/${zone}`, `127.1.0.${index + 1}:8080`),
);

if (process.argv[3] === undefined) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  try {
    await generate(directory);
    // Processes of their own, so that each one's memory is its own. They load the program and set up its memory
    // as bin/breakwater.js does, compiled once; so the first start does not count.
    const measured = (what: string) =>
      spawnSync(
        process.execPath,
        ['--no-warnings', '--import', memory, import.meta.filename, String(REQUESTS), directory, what],
        {
          encoding: 'utf8',
          env: { ...process.env, NODE_COMPILE_CACHE: join(directory, 'compiled') },
        },
      ).stdout;
    measured('nothing');
    const read = JSON.parse(measured('read'));
    const analysed = JSON.parse(measured('analyse'));
    console.log(`evidence of ${million(REQUESTS)} million requests (${million(read.lines)} million lines)`);
    console.log(
      `  read and joined ${million(REQUESTS / read.cpuSeconds)} million requests (${million(read.lines / read.cpuSeconds)} million lines) per second and core (aim: 1 million requests)`,
    );
    console.log(
      `  memory ${analysed.peakRssMB} MB for the whole analysis, the program itself included (aim: at most 150)`,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
} else {
  await measure(process.argv[3], process.argv[4]);
}

function million(value: number): string {
  return (value / 1e6).toFixed(2);
}

async function measure(directory: string, what: string | undefined): Promise<void> {
  // What the command has loaded by then counts as well.
  await import('../src/commands/run.ts');
  const before = process.cpuUsage();
  let lines = 0;
  if (what === 'read') lines = (await readEvidence(directory, istio.telemetry)).quality.lines;
  if (what === 'analyse') {
    const { trial, topology } = outagePlan([]);
    await analyse({ trial, topology, directory, mesh: istio, resources: [] });
  }
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      lines,
      cpuSeconds: (user + system) / 1e6,
      peakRssMB: Math.round(process.resourceUsage().maxRSS / 1_024),
    }),
  );
}

async function generate(directory: string): Promise<void> {
  const instances: InstanceContext[] = [client(), ...servers];
  await mkdir(join(directory, 'access'));
  const lines = (name: string) =>
    pipeline(Readable.from(logOf(name)), createWriteStream(join(directory, 'access', `${name}.log`)));
  for (const { name } of instances) await lines(name);
  const context: RunContext = {
    runId: 'bench',
    environment: 'local',
    mesh: 'istio 1.29.1',
    instances,
    rejections: [],
    gaps: [],
  };
  const load: LoadTotals = {
    name: 'load',
    from: 'frontend',
    exitCode: 0,
    startedAt: ORIGIN_MS,
    iterations: REQUESTS,
    droppedIterations: 0,
    requests: REQUESTS,
    answers: { '2xx': REQUESTS },
    latencyMs: {},
    maxUsers: 100,
    carriesDue: true,
    loop: 'open',
    cpus: 2,
  };
  const journal: JournalEntry[] = [
    { t: ORIGIN_MS - 10, event: 'load-started' },
    { t: ORIGIN_MS + (REQUESTS / RATE) * 1_000 + 100, event: 'load-ended' },
  ];
  await writeFile(join(directory, 'run.json'), JSON.stringify(context));
  await writeFile(join(directory, 'loads.json'), JSON.stringify([load]));
  await writeFile(join(directory, 'journal.jsonl'), journal.map((entry) => JSON.stringify(entry)).join('\n'));
}

/** The log of one instance, in chunks. */
function* logOf(name: string): Generator<string> {
  let chunk = '';
  for (let index = 0; index < REQUESTS; index += 1) {
    const target = servers[index % servers.length];
    if (target === undefined) continue;
    if (name !== 'frontend-1' && name !== target.name) continue;
    const dueMs = (index * 1_000) / RATE;
    const ms = 2 + (index % 97) / 10;
    const hash = Math.imul(index + 1, 0x9e3779b1) >>> 0;
    const requestId = `${hash.toString(16).padStart(8, '0')}-${(index & 0xffff).toString(16).padStart(4, '0')}-4000-8000-${index.toString(16).padStart(12, '0')}`;
    const atClient = name === 'frontend-1';
    chunk += accessLine({
      start: startTime(dueMs + 1 + (index % 13) / 20),
      totalUs: Math.round(ms * 1_000),
      durationMs: Math.round(ms),
      status: index % 500 === 0 ? 503 : 200,
      details: 'via_upstream',
      attempts: 1,
      upstreamHost: atClient ? (target.addresses[0] ?? '-') : '127.0.0.9:9000',
      cluster: atClient ? 'outbound|8080||edge-app.default.svc.cluster.local' : 'inbound|8080||',
      peer: atClient
        ? 'spiffe://cluster.local/ns/default/sa/edge-app'
        : 'spiffe://cluster.local/ns/default/sa/frontend',
      method: 'GET',
      requestId,
      due: (ORIGIN_MS + dueMs).toFixed(3),
      path: '/products/42',
    });
    if (chunk.length > 1 << 18) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}
