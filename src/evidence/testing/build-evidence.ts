import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessLine } from '../../meshes/envoy/testing/access-line.ts';
import {
  CALL_MARK,
  type EffectiveAnswers,
  type InstanceContext,
  type JournalEntry,
  type LoadTotals,
  loadMark,
  type MachineSample,
  type ProbeResult,
  type ProcessSample,
  type RunContext,
  type StatisticsSample,
  type TimerNoise,
} from '../../model/evidence.ts';

/** Evidence for tests, written by hand: times are milliseconds from the start of the load. */

export const ORIGIN_MS = 1_750_000_000_000;

/** Milliseconds from the start of the load → "1750000000.123456". */
export function startTime(atMs: number): string {
  return ((ORIGIN_MS + atMs) / 1_000).toFixed(6);
}

/** What happened to one request at one host. */
interface BuiltAttempt {
  readonly host: string;
  readonly status: number;
  readonly ms: number;
  /** The server's sidecar wrote nothing, as when the connection failed. */
  readonly unseen?: boolean;
  readonly flags?: string;
  readonly details?: string;
  /** What its app called onward meanwhile. */
  readonly calls?: readonly BuiltCall[];
  /** Where the host is a gateway: what it made of the request, which its one line is about. */
  readonly gateway?: BuiltCall;
}

/** A call that an app made for a request. */
interface BuiltCall {
  readonly to: string;
  readonly status: number;
  readonly ms: number;
  readonly flags?: string;
  readonly details?: string;
  readonly attempts: readonly BuiltAttempt[];
}

export interface BuiltRequest {
  readonly dueMs: number;
  readonly lagMs?: number;
  readonly status: number;
  readonly ms: number;
  readonly flags?: string;
  readonly details?: string;
  readonly client?: string;
  /** As the client's sidecar names where it went. */
  readonly cluster?: string;
  /** The gateway that the client's sidecar takes for the host, since it leads to whoever answers. */
  readonly via?: string;
  /** The client's sidecar says nothing of the host: it has asked beside the request's own way. */
  readonly hostUnsaid?: boolean;
  /** Number of its load, where there are several. */
  readonly load?: number;
  /** Names of the instances it went to, one after the other. */
  readonly attempts: readonly BuiltAttempt[];
  readonly cut?: boolean;
}

export interface BuiltRun {
  readonly instances: readonly InstanceContext[];
  readonly requests: readonly BuiltRequest[];
  readonly loadMs: number;
  readonly journal?: readonly JournalEntry[];
  readonly statistics?: readonly StatisticsSample[];
  readonly processes?: readonly ProcessSample[];
  readonly machine?: readonly MachineSample[];
  readonly timer?: TimerNoise;
  readonly load?: Partial<LoadTotals>;
  /** Names and clients' services of several loads, in place of the one from frontend. */
  readonly loads?: readonly (Pick<LoadTotals, 'name' | 'from'> & Partial<LoadTotals>)[];
  readonly context?: Partial<RunContext>;
  /** What sidecars held; nobody answered unless given. */
  readonly effective?: EffectiveAnswers;
  /** What k6 saw of probes; times count from the load's start. */
  readonly probes?: readonly ProbeResult[];
  /** Beside the requests: instance → text at the end of its log. */
  readonly tails?: Readonly<Record<string, string>>;
}

export const client = (name = 'frontend-1', locality = 'local/east'): InstanceContext => ({
  name,
  service: 'frontend',
  workload: 'frontend',
  replica: 1,
  locality,
  addresses: [],
  role: 'client',
});

export const server = (
  workload: string,
  replica: number,
  locality: string,
  address: string,
  service = 'edge-app',
): InstanceContext => ({
  name: `${workload}-${replica}`,
  service,
  workload,
  replica,
  locality,
  addresses: [address],
  role: 'server',
});

/** A directory of evidence that goes away with its scope. */
export async function buildEvidence(
  run: BuiltRun,
): Promise<{ directory: string; [Symbol.asyncDispose](): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-evidence-'));
  await mkdir(join(directory, 'access'));
  const logs = new Map(run.instances.map(({ name }) => [name, [] as string[]]));
  const addressOf = (name: string) =>
    run.instances.find((instance) => instance.name === name)?.addresses[0] ?? name;
  const planned = run.loads ?? [{ name: 'load', from: 'frontend', ...run.load }];
  /** What the header says: see DUE_HEADER. */
  const due = ({ dueMs, load = 0 }: BuiltRequest) => {
    const { from, carriesDue, loop } = planned[load] ?? {};
    const shared = loop !== 'script' && planned.filter((each) => each.from === from).length > 1;
    const at = carriesDue === false ? '' : (ORIGIN_MS + dueMs).toFixed(3);
    return `${at}${shared ? loadMark(load) : ''}` || '-';
  };
  const classes = planned.map((): Record<string, number> => ({}));
  /** A call that an instance makes, in its log. */
  const log = (caller: string, call: BuiltCall, startMs: number, requestId: string, mark: string) => {
    const last = call.attempts.at(-1);
    logs.get(caller)?.push(
      accessLine({
        start: startTime(startMs),
        totalUs: call.status === 0 ? '-' : Math.round(call.ms * 1_000),
        durationMs: Math.round(call.ms),
        status: call.status,
        flags: call.flags ?? '-',
        details: call.details ?? 'via_upstream',
        attempts: call.attempts.length,
        upstreamHost: last ? addressOf(last.host) : '-',
        cluster: `outbound|8080||${call.to}.default.svc.cluster.local`,
        method: 'GET',
        requestId,
        due: mark,
        path: '/',
      }),
    );
  };
  /** What reached a host, and what its app called for it, each a little later. */
  const arrive = (attempt: BuiltAttempt, startMs: number, requestId: string, mark: string) => {
    if (attempt.unseen) return;
    if (attempt.gateway !== undefined) {
      log(attempt.host, attempt.gateway, startMs, requestId, mark);
      for (const each of attempt.gateway.attempts) arrive(each, startMs + 0.1, requestId, mark);
      return;
    }
    logs.get(attempt.host)?.push(
      accessLine({
        start: startTime(startMs),
        totalUs: attempt.status === 0 ? '-' : Math.round(attempt.ms * 1_000),
        durationMs: Math.round(attempt.ms),
        status: attempt.status,
        flags: attempt.flags ?? '-',
        details: attempt.details ?? 'via_upstream',
        attempts: 1,
        upstreamHost: '127.0.0.9:9000',
        cluster: 'inbound|8080||',
        method: 'GET',
        requestId,
        due: mark,
        path: '/',
      }),
    );
    let callMs = startMs + 0.1;
    for (const call of attempt.calls ?? []) {
      log(attempt.host, call, callMs, requestId, CALL_MARK);
      let attemptMs = callMs + 0.1;
      for (const each of call.attempts) {
        arrive(each, attemptMs, requestId, CALL_MARK);
        attemptMs += each.ms;
      }
      callMs += call.ms + 0.1;
    }
  };
  for (const [index, request] of run.requests.entries()) {
    const requestId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const startMs = request.dueMs + 3 + (request.lagMs ?? 0.2);
    const last = request.attempts.at(-1);
    logs.get(request.client ?? 'frontend-1')?.push(
      accessLine({
        start: startTime(startMs),
        totalUs: request.cut || request.status === 0 ? '-' : Math.round(request.ms * 1_000),
        durationMs: Math.round(request.ms),
        status: request.status,
        flags: request.flags ?? '-',
        details: request.details ?? 'via_upstream',
        attempts: request.attempts.length,
        upstreamHost: last && !request.hostUnsaid ? addressOf(request.via ?? last.host) : '-',
        cluster: request.cluster ?? 'outbound|8080||edge-app.default.svc.cluster.local',
        method: 'GET',
        requestId,
        due: due(request),
        path: '/',
      }),
    );
    const answerClass = request.status === 0 ? 'none' : `${Math.floor(request.status / 100)}xx`;
    const counts = classes[request.load ?? 0] ?? {};
    counts[answerClass] = (counts[answerClass] ?? 0) + 1;
    for (const attempt of request.attempts) arrive(attempt, startMs + 0.5, requestId, '-');
  }
  for (const [name, lines] of logs) {
    const text = lines.join('') + (run.tails?.[name] ?? '');
    await writeFile(join(directory, 'access', `${name}.log`), text);
  }
  const loads = planned.map((load, number): LoadTotals => {
    const count = run.requests.filter((request) => (request.load ?? 0) === number).length;
    return {
      exitCode: 0,
      startedAt: ORIGIN_MS,
      iterations: count,
      droppedIterations: 0,
      requests: count,
      answers: classes[number] ?? {},
      latencyMs: {},
      maxUsers: 10,
      carriesDue: true,
      loop: 'open',
      cpus: 2,
      ...load,
    };
  });
  const context: RunContext = {
    runId: 'test',
    environment: 'local',
    mesh: 'istio 1.29.1',
    instances: run.instances,
    rejections: [],
    gaps: [],
    ...run.context,
  };
  const journal: JournalEntry[] = [
    { t: -5, event: 'load-started' },
    ...(run.journal ?? []),
    { t: run.loadMs + 5, event: 'load-ended' },
  ];
  const shifted = <T extends { t: number }>(entries: readonly T[]) =>
    entries.map((entry) => `${JSON.stringify({ ...entry, t: entry.t + ORIGIN_MS })}\n`).join('');
  if (run.probes) {
    const results = run.probes.map((each) => ({ ...each, sentAt: each.sentAt + ORIGIN_MS }));
    await writeFile(
      join(directory, 'probes.jsonl'),
      results.map((each) => `${JSON.stringify(each)}\n`).join(''),
    );
  }
  await writeFile(join(directory, 'journal.jsonl'), shifted(journal));
  await writeFile(join(directory, 'statistics.jsonl'), shifted(run.statistics ?? []));
  await writeFile(join(directory, 'processes.jsonl'), shifted(run.processes ?? []));
  await writeFile(join(directory, 'machine.jsonl'), shifted(run.machine ?? []));
  await writeFile(join(directory, 'effective.json'), JSON.stringify(run.effective ?? {}));
  await writeFile(join(directory, 'loads.json'), JSON.stringify(loads));
  await writeFile(join(directory, 'run.json'), JSON.stringify(context));
  await writeFile(
    join(directory, 'timer.json'),
    JSON.stringify(run.timer ?? { samples: 1_000, p50Ms: 0.06, p99Ms: 0.2, maxMs: 1 }),
  );
  return {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
