import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import type { MeshTelemetry } from '../meshes/contract.ts';
import type { CredentialsSample } from '../model/credentials.ts';
import type { LoggedEnding, NoRequest } from '../model/ending.ts';
import type {
  EffectiveAnswers,
  InstanceContext,
  JournalEntry,
  LoadTotals,
  MachineSample,
  ProcessSample,
  RunContext,
  StatisticsSample,
  TimerNoise,
} from '../model/evidence.ts';
import { type LogLines, OF_CALL, OF_PROBE } from '../model/log-lines.ts';
import type { MetricsAnswers } from '../model/metrics.ts';
import { isClient, isServer } from '../model/topology.ts';
import { Calls } from './calls.ts';
import { type Ending, settleEnding } from './endings.ts';
import { isMissing, readAccessLog, readJson, readJsonLines } from './files.ts';
import { believedLagMs, loadOfLine, loadsOfClients, NO_LOAD } from './loads.ts';
import { Saturation } from './machine.ts';
import { type ProbeAnswer, readProbes } from './probes.ts';
import { RequestIndex } from './request-index.ts';
import { Arrivals, DIRECT, Requests, UNKNOWN_CALL } from './requests.ts';
import { ProcessReader, type ProcessSeries, StatisticsReader, type StatisticsSeries } from './samples.ts';
import { readSpans, type Spans } from './spans.ts';

/** Everything a run observed, read and joined. Times are milliseconds from the start of the load. */
export interface Evidence {
  readonly context: RunContext;
  /** What k6 counted of each load, in the order of the plan; none when a k6 did not get to write it. */
  readonly loads: readonly LoadTotals[];
  readonly timer: TimerNoise | undefined;
  readonly journal: readonly JournalEntry[];
  /** What sidecars said of their certificates in the course of faults of those, in the order of their answers. */
  readonly credentials: readonly CredentialsSample[];
  /** Epoch milliseconds that all times count from: when the first request was due. */
  readonly originMs: number;
  /** Undefined when the load never ended by itself. */
  readonly loadEndedMs: number | undefined;
  readonly requests: Requests;
  readonly arrivals: Arrivals;
  readonly calls: Calls;
  readonly endings: readonly Ending[];
  /** Connections to servers, in the time of the load, that ended before a request came of them. */
  readonly withoutRequest: readonly WithoutRequest[];
  /** Connections of clients that their sidecars have passed on as bytes, by the service that they went to. */
  readonly passedOn: ReadonlyMap<string, number>;
  /** Requests to gateways that never were whole, so that nothing more is known of them. */
  readonly unfinished: readonly Unfinished[];
  readonly statistics: readonly StatisticsSeries[];
  readonly processes: ReadonlyMap<string, ProcessSeries>;
  readonly saturation: Saturation;
  /** What sidecars held before the loads began, in the mesh's words; of those that answered. */
  readonly effective: ReadonlyMap<string, readonly string[]>;
  /** The same after changes of the configuration, by their number from 1; of those that were asked about. */
  readonly effectiveAfter: ReadonlyMap<number, ReadonlyMap<string, readonly string[]>>;
  readonly probes: readonly ProbeAnswer[];
  /** What sidecars reported of traces; undefined where nobody took any. */
  readonly spans: Spans | undefined;
  /** What k6 counted of the same requests past the mesh, by the load whose they are; none where no load asks for that. */
  readonly direct: readonly LoadTotals[];
  /** What the metrics of clients' sidecars were before and after the loads; none where nobody asked. */
  readonly metrics: MetricsAnswers;
  readonly quality: EvidenceQuality;
}

/** Connections to one instance that ended alike before a request came of them. */
interface WithoutRequest {
  readonly instance: string;
  readonly why: NoRequest;
  readonly count: number;
}

/** A request of which not all came; times are milliseconds from the start of the load. */
interface Unfinished {
  /** Index of the instance. */
  readonly instance: number;
  readonly startMs: number;
  readonly durationMs: number;
}

/** How far the evidence can be trusted. */
interface EvidenceQuality {
  readonly lines: number;
  readonly malformedLines: number;
  readonly tornLines: number;
  /** Lines of statistics, processes, machine, credentials and journal that were no JSON. */
  readonly damagedSamples: number;
  /** Logs of instances that run.json does not know. */
  readonly strangeFiles: readonly string[];
  /** Clients whose sidecars should have written a log and have not. */
  readonly missingFiles: readonly string[];
  /** Requests whose id another one had. */
  readonly duplicateIds: number;
  /** What reached a server in the time of the load without a client's line. */
  readonly strangeArrivals: number;
  /** By load, requests that should have said when they were due and did not. */
  readonly withoutDue: readonly number[];
}

/** Clocks of the harness and of a sidecar may differ by this much. */
const CLOCK_SLACK_MS = 50;

/** What is known of a trial before its end, when it is written down. */
export interface SoFar {
  readonly context: RunContext;
  readonly loads: readonly LoadTotals[];
}

/**
 * Reads `reports/<run id>/evidence/` of a mesh that tells so; throws an OperatorError when it cannot say who is who.
 * While the trial goes on, what is missing in its folder is taken from `soFar`.
 */
export async function readEvidence(
  directory: string,
  { accessLog, spans }: Pick<MeshTelemetry, 'accessLog' | 'spans'>,
  soFar?: SoFar,
): Promise<Evidence> {
  const context = (await readJson<RunContext>(join(directory, 'run.json'))) ?? soFar?.context;
  if (context === undefined) {
    throw environmentError(
      `${directory} has no run.json, so nobody can say which log belongs to whom`,
      'The run ended before it had started its mesh; run it again.',
    );
  }
  const loads = (await readJson<readonly LoadTotals[]>(join(directory, 'loads.json'))) ?? soFar?.loads ?? [];
  const timer = await readJson<TimerNoise>(join(directory, 'timer.json'));
  const effective = (await readJson<EffectiveAnswers>(join(directory, 'effective.json'))) ?? {};
  const journal: JournalEntry[] = [];
  let damagedSamples = await readJsonLines<JournalEntry>(join(directory, 'journal.jsonl'), (entry) =>
    journal.push(entry),
  );
  const credentials: CredentialsSample[] = [];
  damagedSamples += await readJsonLines<CredentialsSample>(join(directory, 'credentials.jsonl'), (sample) =>
    credentials.push(sample),
  );
  const started = journal.find((entry) => entry.event === 'load-started')?.t;
  const ended = journal.findLast((entry) => entry.event === 'load-ended')?.t;
  const begun = loads.map(({ startedAt }) => startedAt).filter((at) => at > 0);
  const originMs = begun.length > 0 ? Math.min(...begun) : (started ?? 0);
  const span = {
    originMs,
    fromMs: Math.min(started ?? originMs, originMs) - originMs - CLOCK_SLACK_MS,
    toMs: (ended ?? Number.POSITIVE_INFINITY) - originMs + CLOCK_SLACK_MS,
  };

  const statistics = new StatisticsReader();
  damagedSamples += await readJsonLines<StatisticsSample>(join(directory, 'statistics.jsonl'), (sample) =>
    statistics.add(sample, originMs),
  );
  const processes = new ProcessReader();
  damagedSamples += await readJsonLines<ProcessSample>(join(directory, 'processes.jsonl'), (sample) =>
    processes.add(sample, originMs),
  );
  const saturation = new Saturation();
  damagedSamples += await readJsonLines<MachineSample>(join(directory, 'machine.jsonl'), (sample) =>
    saturation.add(sample, originMs),
  );

  const probes = await readProbes(directory, accessLog, context.instances);
  const logs = await readLogs(directory, { accessLog, spans }, context.instances, loads, span);
  return {
    context,
    loads,
    timer,
    journal,
    credentials,
    originMs,
    loadEndedMs: ended === undefined ? undefined : ended - originMs,
    statistics: statistics.series,
    processes: processes.series,
    saturation,
    effective: new Map(Object.entries(effective)),
    effectiveAfter: await readChanged(directory),
    probes,
    direct: (await readJson<readonly LoadTotals[]>(join(directory, 'direct.json'))) ?? [],
    metrics: (await readJson<MetricsAnswers>(join(directory, 'metrics.json'))) ?? {},
    ...logs,
    quality: { ...logs.quality, damagedSamples: damagedSamples + (logs.spans?.damaged ?? 0) },
  };
}

/** What sidecars held after each change of the configuration. */
async function readChanged(directory: string): Promise<Evidence['effectiveAfter']> {
  const answers = new Map<number, ReadonlyMap<string, readonly string[]>>();
  for (const name of await readdir(directory)) {
    const [, number] = /^effective-(\d+)\.json$/.exec(name) ?? [];
    const told = number && (await readJson<EffectiveAnswers>(join(directory, name)));
    if (told) answers.set(Number(number), new Map(Object.entries(told)));
  }
  return answers;
}

interface Span {
  readonly originMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Clients' logs first, so that each line of a server finds the request it belongs to; which call of an app it comes of
 * is looked for when all lines are there.
 */
async function readLogs(
  evidence: string,
  { accessLog, spans: reported }: Pick<MeshTelemetry, 'accessLog' | 'spans'>,
  instances: readonly InstanceContext[],
  loads: readonly LoadTotals[],
  span: Span,
): Promise<
  Pick<
    Evidence,
    'requests' | 'arrivals' | 'calls' | 'endings' | 'withoutRequest' | 'passedOn' | 'unfinished' | 'spans'
  > & {
    quality: Omit<EvidenceQuality, 'damagedSamples'>;
  }
> {
  const directory = join(evidence, 'access');
  const files = await namesIn(directory);
  const reader = accessLog.reader();
  const expected = Math.ceil(loads.reduce((sum, { requests }) => sum + requests, 0) * 1.01);
  const requests = new Requests(expected);
  const arrivals = new Arrivals(expected);
  const calls = new Calls();
  using index = new RequestIndex(expected);
  const quality = {
    lines: 0,
    malformedLines: 0,
    tornLines: 0,
    strangeFiles: files.filter((file) => !instances.some(({ name }) => `${name}.log` === file)),
    missingFiles: instances
      .filter((each) => accessLog.logs === 'both' && isClient(each) && !files.includes(`${each.name}.log`))
      .map(({ name }) => name),
    duplicateIds: 0,
    strangeArrivals: 0,
    withoutDue: loads.map(() => 0),
  };

  const readAll = async (
    who: (instance: InstanceContext) => boolean,
    sink: (lines: LogLines, instance: number) => void,
  ) => {
    for (const [number, instance] of instances.entries()) {
      const file = `${instance.name}.log`;
      if (!who(instance) || !files.includes(file)) continue;
      const damage = await readAccessLog(join(directory, file), reader, (lines) => {
        quality.lines += lines.length;
        sink(lines, number);
      });
      quality.malformedLines += damage.malformed;
      quality.tornLines += damage.torn;
    }
  };

  const byClient = loadsOfClients(loads, instances);
  const passedOn = new Map<string, number>();
  await readAll(isClient, (lines, client) => {
    const own = byClient[client] ?? { silent: NO_LOAD, first: NO_LOAD };
    const service = instances[client]?.service;
    for (let line = 0; line < lines.length; line += 1) {
      const logged = reader.endings[lines.ending[line] as number];
      if (logged?.noRequest === 'bytes' && loads[own.silent]?.ofBytes !== true) {
        if (logged.direction === 'outbound')
          passedOn.set(logged.service, (passedOn.get(logged.service) ?? 0) + 1);
        continue;
      }
      const dueMs = lines.dueMs[line] as number;
      const load = loadOfLine(lines, line, loads, service, own);
      if (load === NO_LOAD) continue;
      const startMs = (lines.startMs[line] as number) - span.originMs;
      // Only the load says when a request was due; without that, time tells it from what came before.
      const carriesDue = loads[load]?.carriesDue ?? false;
      if (!carriesDue && (startMs < span.fromMs || startMs > span.toMs)) continue;
      const number = lines.ending[line] as number;
      const ending = reader.endings[number];
      if (ending === undefined || ending.direction === 'inbound') continue;
      const lagMs = believedLagMs(lines.startMs[line] as number, dueMs);
      if (carriesDue && Number.isNaN(lagMs)) quality.withoutDue[load] = (quality.withoutDue[load] ?? 0) + 1;
      requests.add(startMs, lagMs, lines.durationMs[line] as number, number, client, load);
      requests.retries += Math.max(0, ending.attempts - 1);
      index.add(lines.idHigh[line] as number, lines.idLow[line] as number);
    }
  });
  quality.duplicateIds = index.build();
  const spans = await readSpans(join(evidence, 'spans.jsonl'), reported, index);

  const rows = new Int32Array(reader.lines.capacity);
  const unfinished: Unfinished[] = [];
  /** By number of the ending: instance → count. */
  const withoutRequest = new Map<number, Map<number, number>>();
  /** By row of the request: whether an ingress gateway had it. */
  const through = new Uint8Array(requests.length);
  const arrived = (row: number, request: number, startMs: number) => {
    const seen = requests.arrivals[request] ?? 0;
    if (seen < 255) requests.arrivals[request] = seen + 1;
    const last = requests.lastArrival[request] ?? -1;
    if (last < 0 || (arrivals.startMs[last] ?? 0) <= startMs) requests.lastArrival[request] = row;
  };
  // Gateways before what they lead to: each of their lines is of a request that came, and of one that they made of it.
  await readAll(
    ({ gateway }) => gateway === 'ingress',
    (lines, instance) => {
      index.find(lines, rows);
      for (let line = 0; line < lines.length; line += 1) {
        if (lines.load[line] === OF_PROBE) continue;
        const request = rows[line] as number;
        const startMs = (lines.startMs[line] as number) - span.originMs;
        const number = lines.ending[line] as number;
        const durationMs = lines.durationMs[line] as number;
        const ending = reader.endings[number];
        if (request < 0) {
          // One without an id was never whole: an Envoy gives each that is one.
          const isWhole = (lines.idLow[line] as number) !== 0;
          const isStrange = startMs >= span.fromMs && startMs <= span.toMs && ending?.noRequest === undefined;
          if (isStrange && isWhole) quality.strangeArrivals += 1;
          if (!isWhole) unfinished.push({ instance, startMs, durationMs });
          continue;
        }
        const row = arrivals.add(startMs, durationMs, number, instance, request, DIRECT);
        arrived(row, request, startMs);
        if (ending?.direction !== 'outbound') continue;
        through[request] = 1;
        const [high, low] = [lines.idHigh[line] as number, lines.idLow[line] as number];
        calls.add(startMs, durationMs, number, instance, request, high, low);
      }
    },
  );
  const services = new Set(instances.map(({ service }) => service));
  const hasHosts = instances.some(({ gateway }) => gateway === 'ingress');
  // A host leads to a gateway first, also where that was ended before it had written a line.
  const isOfHost = (request: number) => {
    const service = reader.endings[requests.ending[request] as number]?.service;
    return hasHosts && service !== undefined && !services.has(service);
  };
  await readAll(isServer, (lines, instance) => {
    index.find(lines, rows);
    for (let line = 0; line < lines.length; line += 1) {
      if (lines.load[line] === OF_PROBE) continue;
      const request = rows[line] as number;
      const startMs = (lines.startMs[line] as number) - span.originMs;
      if (request < 0 && (startMs < span.fromMs || startMs > span.toMs)) continue;
      const number = lines.ending[line] as number;
      const isOnward =
        lines.load[line] === OF_CALL || (request >= 0 && (through[request] === 1 || isOfHost(request)));
      if (isOnward && isOutbound(reader.endings[number])) {
        const [high, low] = [lines.idHigh[line] as number, lines.idLow[line] as number];
        calls.add(startMs, lines.durationMs[line] as number, number, instance, request, high, low);
        continue;
      }
      if (reader.endings[number]?.direction === 'outbound') continue;
      const { noRequest } = reader.endings[number] ?? {};
      const isWanted = noRequest === 'bytes' && loads.some(({ ofBytes }) => ofBytes);
      if (request < 0 && noRequest !== undefined && !isWanted) {
        const counts = withoutRequest.get(number) ?? new Map<number, number>();
        withoutRequest.set(number, counts.set(instance, (counts.get(instance) ?? 0) + 1));
        continue;
      }
      // What an app called for a probe no load knows of.
      if (request < 0 && !isOnward && !isWanted) quality.strangeArrivals += 1;
      const call = isOnward ? UNKNOWN_CALL : DIRECT;
      const row = arrivals.add(startMs, lines.durationMs[line] as number, number, instance, request, call);
      if (request < 0 || isOnward) continue;
      arrived(row, request, startMs);
    }
  });
  followCalls(arrivals, calls, (call, instance) => {
    const to = reader.endings[calls.ending[call] as number]?.service;
    return calls.caller[call] !== instance && to === instances[instance]?.service;
  });
  return {
    requests,
    arrivals,
    calls,
    endings: reader.endings.map(settleEnding),
    passedOn,
    unfinished,
    withoutRequest: [...withoutRequest].flatMap(([number, counts]) => {
      const why = reader.endings[number]?.noRequest;
      if (why === undefined) return [];
      return [...counts].map(([at, count]) => ({ instance: instances[at]?.name ?? '', why, count }));
    }),
    spans,
    quality,
  };
}

/** Of a call's line in the log of a service that is called onward itself: a line without a cluster found no route out. */
const isOutbound = (ending: LoggedEnding | undefined) =>
  ending?.direction === 'outbound' ||
  (ending?.direction === 'none' && (ending.reason === 'no-route' || ending.reason === 'no-cluster'));

/** Finds the call of an app that each arrival comes of. */
function followCalls(
  arrivals: Arrivals,
  calls: Calls,
  mayLead: (call: number, instance: number) => boolean,
): void {
  for (let row = 0; row < arrivals.length; row += 1) {
    const request = arrivals.request[row] as number;
    if (arrivals.call[row] !== UNKNOWN_CALL || request < 0) continue;
    const instance = arrivals.instance[row] as number;
    const call = calls.behind(request, arrivals.startMs[row] as number, (each) => mayLead(each, instance));
    if (call < 0) continue;
    arrivals.call[row] = call;
    const seen = calls.arrivals[call] ?? 0;
    if (seen < 255) calls.arrivals[call] = seen + 1;
    const last = calls.lastArrival[call] ?? -1;
    if (last < 0 || (arrivals.startMs[last] ?? 0) <= (arrivals.startMs[row] ?? 0))
      calls.lastArrival[call] = row;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.log'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
