/** How fast a run's access logs are read, and what that takes: `npx node bench/evidence.ts [requests]`. */
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { InstanceContext, JournalEntry, LoadTotals, RunContext } from '../src/evidence/contract.ts';
import { readEvidence } from '../src/evidence/read/evidence.ts';
import { accessLine, client, ORIGIN_MS, server, startTime } from '../src/evidence/testing/build-evidence.ts';

const REQUESTS = Number(process.argv[2] ?? 1_000_000);
const RATE = 5_000;

const servers = ['east', 'east', 'east', 'west'].map((zone, index) =>
  server(`edge-app-${zone}`, index + 1, `local/${zone}`, `127.1.0.${index + 1}:8080`),
);

if (process.argv[3] === undefined) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  try {
    await generate(directory);
    // A process of its own: its memory is that of reading alone.
    spawnSync(process.execPath, [import.meta.filename, String(REQUESTS), directory], { stdio: 'inherit' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
} else {
  await measure(process.argv[3]);
}

async function measure(directory: string): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const evidence = await readEvidence(directory);
  const wallMs = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1_000;
  console.log(
    JSON.stringify({
      bench: 'evidence',
      requests: evidence.requests.length,
      lines: evidence.quality.lines,
      wallMs: Math.round(wallMs),
      cpuMs: Math.round(cpuMs),
      linesPerCoreSecond: Math.round(evidence.quality.lines / (cpuMs / 1_000)),
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
    exitCode: 0,
    startedAt: ORIGIN_MS,
    iterations: REQUESTS,
    droppedIterations: 0,
    requests: REQUESTS,
    answers: { '2xx': REQUESTS },
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
  await writeFile(join(directory, 'load.json'), JSON.stringify(load));
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
      poolWaitUs: 84,
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
