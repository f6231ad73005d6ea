import { expect, test } from 'vitest';
import { buildEvidence, startTime } from '../../evidence/testing/build-evidence.ts';
import { accessLine } from '../../meshes/envoy/testing/access-line.ts';
import { recording } from '../../meshes/istio/effective/testing/recordings.ts';
import { istio } from '../../meshes/istio/index.ts';
import { type MachineSample, probeMark } from '../../model/evidence.ts';
import type { PlannedCheck } from '../../plan/contract.ts';
import { type Expectation, OUTSIDE, type PlannedProbe } from '../../probes/planned.ts';
import { type Analysis, analyse } from '../analyse.ts';
import { busyMachine } from '../testing/busy-machine.ts';
import { healed, outagePlan, planned } from '../testing/outage.ts';

interface Sent {
  /** When, in the time of the run; in the steady state unless it is said. */
  readonly atMs?: number;
  readonly from?: string;
  readonly expect: Expectation;
  /** What k6 saw. */
  readonly status: number;
  readonly errorCode?: number;
  /** How long it took, 1 ms unless given. */
  readonly ms?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a sidecar logged, if it did. */
  readonly client?: object;
  readonly server?: object;
}

const spiffe = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;
const answered = { status: 200, details: 'via_upstream', upstreamHost: '127.1.0.1:8080' };
const atServer = { ...answered, upstreamHost: '127.0.0.9:9000', peer: spiffe('frontend') };
const denied = {
  status: 403,
  details: 'rbac_access_denied_matched_policy[none]',
  upstreamHost: '-',
  peer: spiffe('batch'),
};
const passedOn = { status: 403, details: 'via_upstream', upstreamHost: '127.1.0.1:8080' };

/** A run in which each of these was sent once, and what the check of the whole run said. */
const probed = (...all: readonly Sent[]) => probedFor(planned({ kind: 'expectations', during: 'run' }), all);

/** What sidecars held, in a recorded lab whose apps keep idle connections for 5 s. */
function keeping(name: string) {
  const { topology, answers, resources } = recording(name);
  const instances = topology.instances.map((each) =>
    each.app === undefined ? each : { ...each, app: { ...each.app, keepAliveMs: 5_000 } },
  );
  return { topology: { ...topology, instances }, answers, resources };
}

async function probedFor(
  check: PlannedCheck,
  all: readonly Sent[],
  held?: ReturnType<typeof keeping>,
  machine: readonly MachineSample[] = [],
): Promise<Analysis> {
  const run = { ...healed(), machine, ...(held === undefined ? {} : { effective: held.answers }) };
  const sentAt = (number: number) => (all[number]?.atMs ?? 2_000) + number;
  const line = (number: number, fields: object, cluster: string) =>
    accessLine({
      start: startTime(sentAt(number)),
      totalUs: 900,
      durationMs: 1,
      flags: '-',
      attempts: 1,
      method: 'GET',
      requestId: `9f1c1d7e-0000-4000-8000-00000000000${number}`,
      path: '/',
      cluster,
      due: `${probeMark(number)}.0`,
      ...fields,
    });
  const tail = (side: 'client' | 'server', cluster: string) =>
    all.map((sent, number) => (sent[side] ? line(number, sent[side], cluster) : '')).join('');
  await using built = await buildEvidence({
    ...run,
    probes: all.map(({ status, errorCode = 0, ms = 1, headers = {} }, probe) => ({
      probe,
      count: 0,
      sentAt: sentAt(probe),
      durationMs: ms,
      status,
      errorCode,
      headers,
    })),
    tails: {
      'frontend-1': tail('client', 'outbound|8080||edge-app.default.svc.cluster.local'),
      'edge-app-east-1': tail('server', 'inbound|8080||'),
    },
  });
  const { trial, topology } = outagePlan([check]);
  const probes = all.map(
    ({ atMs = 2_000, from = 'frontend', expect }, number): PlannedProbe => ({
      number,
      name: 'who',
      from,
      to: 'edge-app',
      port: 8080,
      method: 'GET',
      path: '/',
      headers: {},
      body: undefined,
      timeoutMs: 2_000,
      schedule: { atMs },
      expect,
      given: { headers: [], query: false },
    }),
  );
  return await analyse({
    trial: { ...trial, probes },
    topology: held?.topology ?? topology,
    directory: built.directory,
    mesh: istio,
    resources: held?.resources ?? [],
  });
}

const said = ({ probes = [] }: Analysis) =>
  probes.map(({ status, came }) => `${status}: ${came.map(({ text }) => text).join('; ')}`);

test('who answered, who refused and whom the server saw come from the lines of both sidecars', async () => {
  const good = { status: 200, client: answered, server: atServer };
  const analysis = await probed(
    { ...good, expect: { status: 200, answeredBy: { workload: 'edge-app-east' }, identity: 'frontend' } },
    { ...good, expect: { answeredBy: { workload: 'edge-app-west' } } },
    { ...good, expect: { identity: spiffe('batch') } },
    { ...good, expect: { refusedBy: 'server' } },
    { status: 403, client: passedOn, server: denied, expect: { status: 403, refusedBy: 'server' } },
    { status: 403, client: passedOn, server: { ...denied, ...passedOn }, expect: { refusedBy: 'server' } },
    {
      status: 404,
      client: { status: 404, flags: 'NR', details: 'route_not_found', upstreamHost: '-', cluster: '-' },
      expect: { refusedBy: 'client' },
    },
  );
  expect(said(analysis)).toEqual([
    `pass: 200, answered by edge-app-east-1, the server saw ${spiffe('frontend')}`,
    'fail: 200, answered by edge-app-east-1',
    `fail: 200, answered by edge-app-east-1, the server saw ${spiffe('frontend')}`,
    'fail: 200, answered by edge-app-east-1',
    "pass: 403, refused by the server's sidecar",
    'fail: 403, answered by edge-app-east-1, refused by the app',
    "pass: 404, refused by the client's sidecar",
  ]);
  expect(analysis.checks[0]).toMatchObject({ status: 'fail', observed: '42.857 % of 7 answers to 7 probes' });
  // They are no part of the load.
  expect(analysis.traffic.requests).toBe(2_400);
  expect(analysis.validity.filter(({ status }) => status === 'violated')).toEqual([]);
});

test('who has no sidecar is cut off by that of the server, unless nobody was there', async () => {
  const analysis = await probed(
    { from: OUTSIDE, status: 0, errorCode: 1_220, expect: { refusedBy: 'server' } },
    { from: OUTSIDE, status: 0, errorCode: 1_212, expect: { refusedBy: 'server' } },
    { from: OUTSIDE, status: 200, server: { ...atServer, peer: '-' }, expect: { identity: 'none' } },
    { from: OUTSIDE, status: 200, server: { ...atServer, peer: '-' }, expect: { refusedBy: 'server' } },
  );
  expect(said(analysis)).toEqual([
    "pass: no answer, refused by the server's sidecar",
    'invalid: no answer',
    'pass: 200, answered by edge-app-east-1, the server saw no identity',
    'fail: 200, answered by edge-app-east-1',
  ]);
});

test('headers of an answer are as expected, there at all, or not there', async () => {
  const good = { status: 200, client: answered, server: atServer };
  const headers = { age: '3' };
  const analysis = await probed(
    { ...good, headers, expect: { headers: { age: '3' } } },
    { ...good, headers, expect: { headers: { age: true } } },
    { ...good, headers, expect: { headers: { age: false } } },
    { ...good, expect: { headers: { age: '3' } } },
    { ...good, expect: { headers: { age: false } } },
    { status: 0, errorCode: 1_000, expect: { headers: { age: false } } },
  );
  expect(said(analysis)).toEqual([
    'pass: 200, answered by edge-app-east-1, age: 3',
    'pass: 200, answered by edge-app-east-1, age: 3',
    'fail: 200, answered by edge-app-east-1, age: 3',
    'fail: 200, answered by edge-app-east-1, no age',
    'pass: 200, answered by edge-app-east-1, no age',
    'invalid: no answer, no age',
  ]);
});

test('what no line tells is not known, and a probe of which nothing is known leaves the check open', async () => {
  const analysis = await probed(
    { status: 200, client: answered, expect: { identity: 'frontend' } },
    { status: 200, client: answered, server: atServer, expect: { status: 200 } },
  );
  expect(said(analysis)[0]).toBe('invalid: 200, answered by edge-app-east-1');
  expect(analysis.checks[0]).toMatchObject({
    status: 'invalid',
    detail: expect.stringContaining('nothing is known of GET / from frontend to edge-app in this window'),
  });
});

test('the reason of a check is looked for in the answers of its own window', async () => {
  const analysis = await probedFor(planned({ kind: 'expectations', during: 'fault' }, 'outage'), [
    { from: OUTSIDE, status: 200, server: { ...atServer, peer: '-' }, expect: { refusedBy: 'server' } },
    { atMs: 5_000, status: 200, client: answered, server: atServer, expect: { status: 403 } },
  ]);
  expect(analysis.checks[0]).toMatchObject({
    status: 'fail',
    reason: { text: 'No route of the sidecar of frontend-1 takes it.' },
  });
});

test('a connection that broke off while a fault was on at its host was not closed for being idle', async () => {
  const closed = {
    status: 503,
    flags: 'UC',
    details: 'upstream_reset_before_response_started{connection_termination}',
  };
  const reset: Sent = {
    status: 503,
    client: { ...passedOn, status: 503 },
    server: { ...atServer, ...closed },
    expect: { status: 200 },
  };
  const { probes } = await probedFor(
    planned({ kind: 'expectations', during: 'run' }),
    [reset, { ...reset, atMs: 5_000 }],
    keeping('no-retries'),
  );
  const [idle, disturbed] = probes?.map(({ rule }) => rule?.text) ?? [];
  expect(idle).toMatch(/ It closes one on which nothing has come for 5 s, /);
  expect(disturbed).toBe('The app of edge-app closed the connection before it had answered.');
});

test('an answer that did not come in time on a machine with no time for it is no finding', async () => {
  const late: Sent = { atMs: 5_000, status: 0, errorCode: 1_050, ms: 2_000, expect: { status: 200 } };
  const good: Sent = { status: 200, client: answered, server: atServer, expect: { status: 200 } };
  const status = async (idleShare: number, ...sent: readonly Sent[]) => {
    const check = planned({ kind: 'expectations', during: 'run' });
    const { checks } = await probedFor(check, sent, undefined, busyMachine(idleShare));
    return checks[0]?.status;
  };
  expect(await status(0, good, late)).toBe('invalid');
  expect(await status(0.5, good, late)).toBe('fail');
  expect(await status(0, late, { ...good, expect: { status: 403 } })).toBe('fail');
});
