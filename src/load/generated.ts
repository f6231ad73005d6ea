import { DUE_HEADER } from '../model/evidence.ts';
import { LOAD_STARTED, SUMMARY_FILE } from './contract.ts';
import type { LoadCounts, LoadOf, ShapeKind } from './shapes/contract.ts';

const file = 'load.js';

/** A stretch of an open loop: its length, and its rate in requests per millisecond when it begins and ends. */
interface Piece {
  readonly ms: number;
  readonly from: number;
  readonly to: number;
}

interface Schedule {
  /** k6's executor and its settings: https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/ */
  readonly executor: object;
  /** When requests are due, one piece after the other; none in a closed loop. */
  readonly pieces: readonly Piece[];
  /** Of a closed loop: how far apart the moments are at which users ask; at once after an answer unless given. */
  readonly everyMs?: number;
}

/** The half of a shape that speaks with k6, for shapes whose script is generated. */
export function generated<Shape>(
  schedule: (load: LoadOf<Shape>) => Schedule,
): Pick<ShapeKind<never, Shape & object>, 'script' | 'counts' | 'author'> {
  return {
    script: (load, host, mark) => ({
      files: { [file]: scriptOf(load, schedule(load), host, mark) },
      script: file,
      args: ['--log-format=raw'],
      summary: SUMMARY_FILE,
      announcesStart: true,
      complains: false,
    }),
    counts(summary) {
      // Totals of several k6 have no latencies: see sumTotals.
      const { latencyMs = {}, generators: _, ...counts } = summary as Written;
      return { ...counts, latencyMs };
    },
    author: () => ({ script: 'the generated script', isUser: false }),
  };
}

/** Totals as the generated script writes them. */
type Written = Omit<LoadCounts, 'latencyMs'> &
  Partial<Pick<LoadCounts, 'latencyMs'>> & { readonly generators?: number };

/** What the generated script is told; also the shape of what a reader finds in logs/. */
interface ScriptJob {
  readonly url: string;
  readonly method: string;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly dueHeader: string;
  /** What follows the due time in that header. */
  readonly mark: string;
  readonly pieces: readonly Piece[];
  /** 0: at once after an answer. */
  readonly everyMs: number;
  readonly durationMs: number;
}

/** Plain JavaScript; needs nothing but k6. */
function scriptOf(
  { request, port, durationMs }: LoadOf<unknown>,
  { executor, pieces, everyMs = 0 }: Schedule,
  host: string,
  mark: string,
): string {
  const job: ScriptJob = {
    url: `http://${host}:${port}${request.path}`,
    method: request.method,
    body: request.body ?? null,
    headers: request.headers,
    timeoutMs: request.timeoutMs,
    dueHeader: DUE_HEADER,
    mark,
    pieces,
    everyMs,
    durationMs,
  };
  const options = {
    scenarios: { load: { ...executor, gracefulStop: `${request.timeoutMs}ms` } },
    discardResponseBodies: true,
    maxRedirects: 0,
    systemTags: [],
    summaryTrendStats: ['count', 'med', 'p(95)'],
    dns: { ttl: 'inf' },
    userAgent: 'breakwater',
  };
  return `${prelude}
const job = ${JSON.stringify(job, null, 2)};

export const options = ${JSON.stringify(options, null, 2)};
${body.replace('__SUMMARY__', SUMMARY_FILE).replace('__STARTED__', LOAD_STARTED)}`;
}

const prelude = `import { sleep } from 'k6';
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';`;

const body = `
// Counting costs; what is neither of these is 2xx.
const others = { 0: 'answers_none', 1: 'answers_1xx', 3: 'answers_3xx', 4: 'answers_4xx', 5: 'answers_5xx' };
const counters = {};
for (const [key, name] of Object.entries(others)) counters[key] = new Counter(name);

// When iteration number n is due, in ms after the start: the inverse of the area under the rate.
function dueAfter(n) {
  let left = n;
  let before = 0;
  for (const piece of job.pieces) {
    const area = ((piece.from + piece.to) / 2) * piece.ms;
    if (left <= area) {
      const slope = (piece.to - piece.from) / piece.ms;
      if (slope === 0) return before + left / piece.from;
      return before + (Math.sqrt(piece.from * piece.from + 2 * slope * left) - piece.from) / slope;
    }
    left -= area;
    before += piece.ms;
  }
  return before;
}

// A steady rate, the usual case, is one division.
const [first] = job.pieces;
const steady = job.pieces.length === 1 && first.from === first.to;
const due = steady ? (n) => n / first.from : dueAfter;

// Nobody reads k6's own idea of which answers are failures, and it is a sample a request.
http.setResponseCallback(null);

// What all requests share is in the options: k6 reads these parameters anew for each.
const params = { timeout: job.timeoutMs, headers: Object.assign({}, job.headers) };
const open = job.pieces.length > 0;
if (!open && job.mark !== '') params.headers[job.dueHeader] = job.mark;
// k6 builds this object anew each time it is asked for; its counter stays live.
let scenario;
let start;

export default function () {
  if (scenario === undefined) {
    scenario = exec.scenario;
    start = scenario.startTime;
  }
  const n = scenario.iterationInTest;
  if (n === 0) console.log('__STARTED__ ' + start);
  if (open) params.headers[job.dueHeader] = String(start + due(n)) + job.mark;
  const status = http.request(job.method, job.url, job.body, params).status;
  if (status < 200 || status >= 300) counters[Math.floor(status / 100)].add(1);
  if (job.everyMs > 0) {
    const passed = Date.now() - start;
    // Beyond the end of the load there is no next moment to wait for.
    const next = Math.min(job.durationMs, (Math.floor(passed / job.everyMs) + 1) * job.everyMs);
    sleep(Math.max(0, next - passed) / 1000);
  }
}

export function handleSummary(data) {
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0);
  const totals = { iterations: count('iterations'), droppedIterations: count('dropped_iterations'), requests: count('http_reqs'), answers: {} };
  let rest = totals.requests;
  for (const name of Object.values(others)) {
    totals.answers[name.replace('answers_', '')] = count(name);
    rest -= count(name);
  }
  totals.answers['2xx'] = rest;
  const { med, 'p(95)': p95 } = data.metrics.http_req_duration?.values ?? {};
  totals.latencyMs = { p50: med, p95 };
  totals.maxUsers = data.metrics.vus_max ? data.metrics.vus_max.values.max : 0;
  return { '__SUMMARY__': JSON.stringify(totals) };
}
`;
