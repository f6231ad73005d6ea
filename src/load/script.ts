import { DUE_HEADER } from '../model/evidence.ts';
import { LOAD_STARTED, type PlannedLoad } from './contract.ts';

/** File that k6 writes its totals to. */
export const SUMMARY_FILE = 'summary.json';

/** What the generated script is told; also the shape of what a reader finds in logs/. */
interface ScriptJob {
  readonly url: string;
  readonly method: string;
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly dueHeader: string;
  /** Due times: rate in requests per millisecond at the start of each piece and at its end. Empty: closed loop. */
  readonly pieces: readonly { readonly ms: number; readonly from: number; readonly to: number }[];
}

/** k6 takes whole numbers per time unit; a minute keeps a rate of 0.5/s exact enough. */
const timeUnitSeconds = 60;
const perTimeUnit = (perSecond: number) => Math.max(1, Math.round(perSecond * timeUnitSeconds));

function executor({ shape, users, durationMs, request }: PlannedLoad): object {
  const common = { gracefulStop: `${request.timeoutMs}ms` };
  const open = { timeUnit: `${timeUnitSeconds}s`, preAllocatedVUs: users, maxVUs: users, ...common };
  switch (shape.kind) {
    case 'closed':
      return { executor: 'constant-vus', vus: shape.users, duration: `${durationMs}ms`, ...common };
    case 'stages':
      return {
        executor: 'ramping-arrival-rate',
        startRate: perTimeUnit(shape.stages[0]?.rate ?? 0),
        stages: shape.stages.map(({ rate, duration }) => ({
          target: perTimeUnit(rate),
          duration: `${duration}ms`,
        })),
        ...open,
      };
    case 'rate':
      return {
        executor: 'constant-arrival-rate',
        rate: perTimeUnit(shape.rate),
        duration: `${durationMs}ms`,
        ...open,
      };
    case 'script':
      throw new Error('a script of its own has its executors');
  }
}

function pieces({ shape, durationMs }: PlannedLoad): ScriptJob['pieces'] {
  const perMs = (perSecond: number) => perTimeUnit(perSecond) / (timeUnitSeconds * 1_000);
  if (shape.kind === 'rate') return [{ ms: durationMs, from: perMs(shape.rate), to: perMs(shape.rate) }];
  if (shape.kind !== 'stages') return [];
  let from = shape.stages[0]?.rate ?? 0;
  return shape.stages.map((stage) => {
    const piece = { ms: stage.duration, from: perMs(from), to: perMs(stage.rate) };
    from = stage.rate;
    return piece;
  });
}

/** The k6 script for a load that has none of its own. Plain JavaScript; needs nothing but k6. */
export function loadScript(load: PlannedLoad, host: string): string {
  const { request, port } = load;
  const job: ScriptJob = {
    url: `http://${host}:${port}${request.path}`,
    method: request.method,
    body: request.body ?? null,
    headers: request.headers,
    timeoutMs: request.timeoutMs,
    dueHeader: DUE_HEADER,
    pieces: pieces(load),
  };
  const options = {
    scenarios: { load: executor(load) },
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

const prelude = `import http from 'k6/http';
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
  if (open) params.headers[job.dueHeader] = String(start + due(n));
  const status = http.request(job.method, job.url, job.body, params).status;
  if (status < 200 || status >= 300) counters[Math.floor(status / 100)].add(1);
}

export function handleSummary(data) {
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0);
  const totals = { iterations: count('iterations'), dropped: count('dropped_iterations'), requests: count('http_reqs'), answers: {} };
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
