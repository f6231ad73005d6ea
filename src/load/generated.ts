import { EDGE_PROTO } from '../../apps/edge-app/src/edge-proto.ts';
import { httpStatuses } from '../../apps/edge-app/src/grpc-status.ts';
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
      files: {
        [file]: scriptOf(load, schedule(load), host, mark),
        ...(load.protocol === 'grpc' ? { [PROTO_FILE]: EDGE_PROTO } : {}),
      },
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
  /** Of a call of gRPC: "edge-app.default.svc.cluster.local:8080/breakwater.edge.v1.Edge/Get". */
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
  { request, port, protocol, reuse, durationMs }: LoadOf<unknown>,
  { executor, pieces, everyMs = 0 }: Schedule,
  host: string,
  mark: string,
): string {
  const job: ScriptJob = {
    url: `${protocol === 'grpc' ? '' : 'http://'}${host}:${port}${request.path}`,
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
    ...(reuse === false ? { noConnectionReuse: true } : {}),
  };
  const { imports, prepare, params, send, requests, duration } = protocols[protocol ?? 'http'];
  return `import { sleep } from 'k6';
${imports}
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
const job = ${JSON.stringify(job, null, 2)};

export const options = ${JSON.stringify(options, null, 2)};
${body
  .replace('__PREPARE__', prepare)
  .replace('__PARAMS__', params)
  .replace('__SEND__', send)
  .replace('__REQUESTS__', requests)
  .replace('__DURATION__', duration)
  .replace('__SUMMARY__', SUMMARY_FILE)
  .replace('__STARTED__', LOAD_STARTED)}`;
}

/** What a script does otherwise over one protocol than over the other. */
interface ProtocolParts {
  readonly imports: string;
  readonly prepare: string;
  /** An object that has `headers` in it, which are sent with every request. */
  readonly params: string;
  /** An expression: the status of an answer, 0 when there was none. */
  readonly send: string;
  /** The metrics of k6 that count requests and their time. */
  readonly requests: string;
  readonly duration: string;
}

const PROTO_FILE = 'edge.proto';

const protocols: Readonly<Record<'http' | 'grpc', ProtocolParts>> = {
  http: {
    imports: "import http from 'k6/http';",
    prepare: `// Nobody reads k6's own idea of which answers are failures, and it is a sample a request.
http.setResponseCallback(null);`,
    params: '{ timeout: job.timeoutMs, headers }',
    send: 'http.request(job.method, job.url, job.body, params).status',
    requests: 'http_reqs',
    duration: 'http_req_duration',
  },
  grpc: {
    imports: "import grpc from 'k6/net/grpc';",
    prepare: `const client = new grpc.Client();
client.load([], '${PROTO_FILE}');
const slash = job.url.indexOf('/');
const [target, method] = [job.url.slice(0, slash), job.url.slice(slash + 1)];
// What HTTP calls the statuses of gRPC, by their numbers.
const statuses = ${JSON.stringify(httpStatuses)};
let connected = false;

function call() {
  if (!connected) client.connect(target, { plaintext: true, timeout: job.timeoutMs });
  connected = true;
  const { status, error } = client.invoke(method, {}, params);
  // To k6 it is no number, but has one.
  const code = Number(status);
  // Its own time was over: nobody has answered.
  if (code === 4 && error && /context deadline exceeded/.test(error.message)) return 0;
  return statuses[code] || 500;
}`,
    params: '{ timeout: job.timeoutMs, discardResponseMessage: true, metadata: headers }',
    send: 'call()',
    requests: 'grpc_req_duration',
    duration: 'grpc_req_duration',
  },
};

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

__PREPARE__

// What all requests share is in the options: k6 reads these parameters anew for each.
const headers = Object.assign({}, job.headers);
const params = __PARAMS__;
const open = job.pieces.length > 0;
if (!open && job.mark !== '') headers[job.dueHeader] = job.mark;
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
  if (open) headers[job.dueHeader] = String(start + due(n)) + job.mark;
  const status = __SEND__;
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
  const totals = { iterations: count('iterations'), droppedIterations: count('dropped_iterations'), requests: count('__REQUESTS__'), answers: {} };
  let rest = totals.requests;
  for (const name of Object.values(others)) {
    totals.answers[name.replace('answers_', '')] = count(name);
    rest -= count(name);
  }
  totals.answers['2xx'] = rest;
  const { med, 'p(95)': p95 } = data.metrics.__DURATION__?.values ?? {};
  totals.latencyMs = { p50: med, p95 };
  totals.maxUsers = data.metrics.vus_max ? data.metrics.vus_max.values.max : 0;
  return { '__SUMMARY__': JSON.stringify(totals) };
}
`;
