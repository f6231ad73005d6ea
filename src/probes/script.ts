import { FOR_THE_HARNESS, type K6Script, SUMMARY_FILE } from '../load/contract.ts';
import { DUE_HEADER, probeMark } from '../model/evidence.ts';
import type { PlannedProbe, ProbeSchedule } from './planned.ts';

/** What the script prints for each request that has ended; the fields of `readResults` follow. */
export const PROBE_RESULT = `${FOR_THE_HARNESS}probe`;

const file = 'probes.js';

/** Requests that are sent at one moment: more of them would be a load. */
const mostAtOnce = 20;
/** How far apart they are sent where all are due at one moment: 200 a second. */
const apartMs = 100;

/**
 * The probes of one caller as a script for k6, which prints a line for each answer. `host` tells the name by which
 * a service is called; `pods` k6 share the work, each sending a part. Many of one schedule are spread over the time
 * until they are due again.
 */
export function probeScript(
  probes: readonly PlannedProbe[],
  host: (service: string) => string,
  durationMs: number,
  pods: number,
): K6Script {
  const groups = [...Map.groupBy(probes, ({ schedule }) => JSON.stringify(schedule)).values()].flatMap(
    spread,
  );
  const options = {
    scenarios: Object.fromEntries(
      groups.map(({ of, afterMs }, index) => {
        const longest = Math.max(...of.map(({ timeoutMs }) => timeoutMs));
        const executor = executorOf(
          of[0]?.schedule ?? { everyMs: 1_000 },
          afterMs,
          durationMs,
          pods,
          longest,
        );
        return [
          `probes_${index}`,
          { ...executor, env: { GROUP: String(index) }, gracefulStop: `${longest}ms` },
        ];
      }),
    ),
    discardResponseBodies: true,
    maxRedirects: 0,
    systemTags: [],
    batch: mostAtOnce,
    batchPerHost: mostAtOnce,
    dns: { ttl: 'inf' },
    userAgent: 'breakwater',
  };
  const requests = groups.map(({ of }) =>
    of.map((probe) => ({
      mark: probeMark(probe.number),
      number: probe.number,
      method: probe.method,
      url: `http://${host(probe.to)}:${probe.port}${probe.path}`,
      body: probe.body ?? null,
      headers: probe.headers,
      kept: Object.keys(probe.expect.headers ?? {}).map((name) => [name, inTheSpellingOfK6(name)]),
      timeout: probe.timeoutMs,
    })),
  );
  return {
    files: {
      [file]: `${prelude}
const groups = ${JSON.stringify(requests, null, 2)};

export const options = ${JSON.stringify(options, null, 2)};
${body
  .replace('__DUE__', DUE_HEADER)
  .replace('__RESULT__', PROBE_RESULT)
  .replace('__SUMMARY__', SUMMARY_FILE)}`,
    },
    script: file,
    args: ['--log-format=raw'],
    summary: SUMMARY_FILE,
    announcesStart: false,
    complains: false,
    prints: PROBE_RESULT,
  };
}

/** Probes that are sent at one moment. */
interface Group {
  readonly of: readonly PlannedProbe[];
  /** From the moment at which their schedule begins. */
  readonly afterMs: number;
}

/** Probes of one schedule as groups that are sent one after the other. */
function spread(probes: readonly PlannedProbe[]): readonly Group[] {
  const [first] = probes;
  if (first === undefined) return [];
  const count = Math.ceil(probes.length / mostAtOnce);
  const apart = 'everyMs' in first.schedule ? first.schedule.everyMs / count : apartMs;
  return Array.from({ length: count }, (_, index) => ({
    of: probes.slice(index * mostAtOnce, (index + 1) * mostAtOnce),
    afterMs: Math.floor(index * apart),
  }));
}

/** k6's executor: https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/ */
function executorOf(
  schedule: ProbeSchedule,
  afterMs: number,
  durationMs: number,
  pods: number,
  longestMs: number,
): object {
  if ('atMs' in schedule)
    return {
      // One of all pods has the first of a schedule, and nobody comes to the second.
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '1h',
      startTime: `${schedule.atMs + afterMs}ms`,
      duration: '1s',
      preAllocatedVUs: pods,
      maxVUs: pods,
    };
  // Each one under way needs a user of its own, and every pod has some.
  const users = pods * (1 + Math.ceil(longestMs / schedule.everyMs));
  return {
    executor: 'constant-arrival-rate',
    rate: 1,
    timeUnit: `${schedule.everyMs}ms`,
    startTime: `${afterMs}ms`,
    duration: `${durationMs - afterMs}ms`,
    preAllocatedVUs: users,
    maxVUs: users,
  };
}

/** "x-envoy-ratelimited" → "X-Envoy-Ratelimited". */
const inTheSpellingOfK6 = (name: string) =>
  name.replaceAll(/(^|-)([a-z])/g, (_, before: string, letter: string) => `${before}${letter.toUpperCase()}`);

const prelude = `import http from 'k6/http';
import exec from 'k6/execution';`;

const body = `
http.setResponseCallback(null);

export default function () {
  const group = groups[Number(__ENV.GROUP)];
  const n = exec.scenario.iterationInTest;
  const sentAt = Date.now();
  const answers = http.batch(
    group.map(({ mark, method, url, body, headers, timeout }) => ({
      method,
      url,
      body,
      params: { timeout, headers: Object.assign({}, headers, { '__DUE__': mark + '.' + n }) },
    })),
  );
  answers.forEach((answer, index) => {
    const header = (name) => answer.headers[name] || '-';
    const kept = group[index].kept
      .filter(([, name]) => answer.headers[name] !== undefined)
      .map(([name, spelling]) => [name, answer.headers[spelling]]);
    console.log(
      [
        '__RESULT__',
        group[index].number,
        n,
        sentAt,
        answer.timings ? answer.timings.duration : 0,
        answer.status || 0,
        answer.error_code || 0,
        header('X-Edge-App-Instance'),
        encodeURIComponent(JSON.stringify(Object.fromEntries(kept))),
      ].join(' '),
    );
  });
}

export function handleSummary(data) {
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0);
  return {
    '__SUMMARY__': JSON.stringify({ iterations: count('iterations'), droppedIterations: count('dropped_iterations') }),
  };
}
`;
