import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { planExperiment } from '../experiment/planned.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import { readQuestion, type TuningOptions } from './question.ts';
import { destinationOf } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-tune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options: TuningOptions = {
  slo: 'p95 < 50ms, success >= 99.9%',
  bounds: [],
  overload: '2',
  headroom: '10%',
  budget: '4m',
};

const scenario = 'scenarios/circuit-breaker.yaml';
const usual = {
  set: ['faults=', 'checks=[{kind: overflow, during: run, atMost: 0}]'],
  config: [] as string[],
};

async function mistake(change: Partial<TuningOptions>, changes: Partial<typeof usual> = {}): Promise<string> {
  const set = [...usual.set, ...(changes.set ?? [])];
  const planned = await planExperiment(scenario, { set, config: changes.config ?? [] });
  try {
    readQuestion(planned, { ...options, ...change }, 1_500);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    expect(error.exitCode).toBe(ExitCode.usage);
    expect(error.hint ?? '').not.toBe('');
    return error.message;
  }
  throw new Error('it was taken');
}

test('what is asked for is taken from the scenario unless it is said', async () => {
  const planned = await planExperiment(scenario, usual);
  const { question, rule } = readQuestion(planned, options, 1_500);
  expect(question).toMatchObject({
    rate: 200,
    overload: 2,
    headroom: 0.1,
    clients: 1,
    limits: ['tcp.maxConnections', 'http.http1MaxPendingRequests'],
    written: { 'tcp.maxConnections': 100, 'http.http1MaxPendingRequests': 50 },
    budget: { ms: 240_000 },
  });
  expect(rule?.resource.name).toBe('edge-app-dr');
  const other = readQuestion(
    planned,
    {
      ...options,
      limits: 'maxConnections',
      bounds: ['tcp.maxConnections = 5 .. 50'],
      rate: '50/s',
      budget: '40',
    },
    1_500,
  );
  expect(other.question).toMatchObject({
    rate: 50,
    limits: ['tcp.maxConnections'],
    bounds: { 'tcp.maxConnections': { lowest: 5, highest: 50 } },
    budget: { trials: 40 },
  });
});

test.each([
  ['', 'it is empty'],
  ['p99 < 50ms', 'it says nothing about success, so refusing everybody would meet it'],
  ['success >= 99%', 'it says nothing about latency, so any queue would meet it'],
  ['p99 < 50ms,, success >= 99%', 'there is nothing between two of its commas'],
  ['p99 50ms, success >= 99%', '"p99 50ms" is no condition'],
  ['latency < 50ms, success >= 99%', 'nothing is measured that is called "latency"'],
  ['sucess >= 99%, p99 < 50ms', 'nothing is measured that is called "sucess"'],
  ['p100 < 50ms, success >= 99%', 'there is no percentile p100'],
  ['p0 < 50ms, success >= 99%', 'there is no percentile p0'],
  ['p99 > 50ms, success >= 99%', 'it asks for slow answers: p99 > …'],
  ['p99 < 50, success >= 99%', 'p99 is a time with a unit, not "50"'],
  ['p99 < 0ms, success >= 99%', 'no answer takes less than no time: p99 < 0ms'],
  ['p99 < 50ms, p99 < 80ms, success >= 99%', 'it limits p99 twice'],
  ['p99 < 50ms, success < 99%', 'it asks for failures: success < …'],
  ['p99 < 50ms, success >= 120%', 'success is a percentage up to 100%, not "120%"'],
  ['p99 < 50ms, success >= 0.99', 'success is a percentage up to 100%, not "0.99"'],
  ['p99 < 50ms, success >= 0%', 'success >= 0% holds whatever happens'],
  ['p99 < 50ms, success >= 99%, success >= 99.9%', 'it limits success twice'],
  ['p99.99 < 50ms, success >= 99%', 'at 200/s a trial takes'],
])('the objective %j is a mistake', async (slo, words) => {
  expect(await mistake({ slo })).toContain(`--slo: ${words}`);
});

test.each<[Partial<TuningOptions>, string]>([
  [{ limits: 'maxConnection' }, '--limits: no limit is called "maxConnection"'],
  [{ limits: '' }, '--limits: no limit is called ""'],
  [{ limits: 'maxConnections,tcp.maxConnections' }, '--limits: tcp.maxConnections is there twice'],
  [
    { limits: 'maxConnections,http2MaxRequests' },
    '--limits: http.http2MaxRequests is not searched together with tcp.maxConnections',
  ],
  [{ bounds: ['tcp.maxConnections=5'] }, '--bounds: "tcp.maxConnections=5" has no bounds'],
  [{ bounds: ['tcp.maxConnections=0..5'] }, '--bounds: tcp.maxConnections cannot be 0'],
  [{ bounds: ['tcp.maxConnections=9..5'] }, '--bounds: tcp.maxConnections has nothing from 9 to 5'],
  [{ bounds: ['tcp.maxConnections=1..9999999'] }, '--bounds: tcp.maxConnections is at most 1000000'],
  [{ bounds: ['http2MaxRequests=1..9'] }, '--bounds: http.http2MaxRequests is not searched'],
  [{ bounds: ['maxConnections=1..9', 'maxConnections=1..8'] }, '--bounds: tcp.maxConnections is there twice'],
  [{ rate: '200' }, '--rate: "200" is no rate'],
  [{ rate: '0/s' }, '--rate: "0/s" is no rate'],
  [{ rate: '15000/s' }, '30000/s under overload is more than one machine can send'],
  [{ overload: 'double' }, '--overload: "double" is no factor above 1'],
  [{ overload: '1.1' }, '--overload: 1.1 times the nominal rate is within the headroom of 10 %'],
  [{ headroom: '0.1' }, '--headroom: "0.1" is no share'],
  [{ budget: 'long' }, '--budget: "long" is neither a time nor a number of trials'],
  [{ budget: '4' }, '--budget: 4 trials are too few for any proof'],
  [{ budget: '10s' }, '--budget: 10s is too short for any proof'],
])('%j is a mistake', async (change, words) => {
  expect(await mistake(change)).toContain(words);
});

test.each([
  [
    ['load={from: frontend, to: edge-app, closed: {users: 5}, duration: 10s}'],
    'the load of this scenario has no single rate: it is written with closed',
  ],
  [
    [
      'load=[{name: a, from: frontend, to: edge-app, rate: 9/s, duration: 10s}, {name: b, from: frontend, to: edge-app, rate: 9/s, duration: 10s}]',
    ],
    'tune takes a scenario with one load; this one has 2',
  ],
])('a scenario with %j has nothing to tune for', async (set, words) => {
  expect(await mistake({}, { set })).toContain(words);
});

test.each([
  ['h2UpgradePolicy: UPGRADE', 'tcp.maxConnections', 'nothing is limited by tcp.maxConnections'],
  [
    'h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 8',
    'http2MaxRequests',
    'rule.yaml:6: with maxConcurrentStreams connections fill up over HTTP/2',
  ],
  ['idleTimeout: 1h', 'maxConnections', '--limits: nothing limits how many wait for a connection'],
  [
    'idleTimeout: 1h',
    'http1MaxPendingRequests',
    '--limits: without a limit of connections nobody waits for one',
  ],
])('with %s a search for %s finds nothing', async (http, limits, words) => {
  expect(await mistake({ limits }, { config: [ruleWith(http)] })).toContain(words);
});

test('an app that speaks HTTP/2 is limited by requests, with or without a rule that says so', async () => {
  const set = ['topology.services.edge-app.app.protocol=http2'];
  const planned = await planExperiment(scenario, { set: [...usual.set, ...set], config: [] });
  expect(readQuestion(planned, options, 1_500).question.limits).toEqual(['http.http2MaxRequests']);
  expect(await mistake({ limits: 'maxConnections' }, { set })).toContain(
    '--limits: over HTTP/2, where requests share a connection (which the app speaks), nothing is limited by tcp.maxConnections',
  );
});

test.each([
  ['a file of another service', ruleWith('idleTimeout: 1h', 'frontend'), 'has no rule for edge-app'],
  ['a folder that is not there', join(folder, 'none', 'rule.yaml'), undefined],
  ['a file that is no YAML', written('spec: [1\n'), 'not valid YAML'],
])('limits cannot be written into %s', async (_, file, words) => {
  const { mesh } = await planExperiment(scenario, usual);
  const destination = () =>
    destinationOf(file, mesh, { from: 'frontend', to: 'edge-app', namespace: 'default' });
  if (words === undefined) expect(destination().file).toBe(file);
  else expect(destination).toThrow(words);
});

function ruleWith(http: string, host = 'edge-app'): string {
  return written(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host} }
spec:
  host: ${host}
  trafficPolicy: { connectionPool: { http: { ${http} } } }
`);
}

function written(text: string): string {
  const file = join(mkdtempSync(join(folder, 'rule-')), 'rule.yaml');
  writeFileSync(file, text);
  return file;
}

test('a host of a gateway is called from outside the mesh, where no pool of a rule is', async () => {
  const planned = await planExperiment('scenarios/ingress.yaml', { set: [], config: [] });
  expect(() => readQuestion(planned, options, 1_500)).toThrow(
    'tune looks for the pool of a caller inside the mesh, and shoppers calls shop.example.com from outside it',
  );
});

test('of bytes no request waits for a connection: there is nothing to look for', async () => {
  const set = ['topology.services.edge-app.portName=tcp-edge'];
  expect(await mistake({}, { set })).toMatch(
    /^tune looks for limits of requests, and edge-app is called as bytes.*beyond connectionPool\.tcp\.maxConnections is closed/,
  );
});
