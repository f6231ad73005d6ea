import { expect, test } from 'vitest';
import { type BuiltRequest, type BuiltRun, startTime } from '../evidence/testing/build-evidence.ts';
import { accessLine } from '../meshes/envoy/testing/access-line.ts';
import type { InstanceContext } from '../model/evidence.ts';
import { analysed, violations } from './testing/analysed.ts';
import { outage, planned } from './testing/outage.ts';

const gateway: InstanceContext = {
  name: 'gateway-1',
  service: 'joint',
  workload: 'gateway',
  replica: 1,
  locality: 'local/west',
  addresses: ['127.1.0.9:15443'],
  role: 'gateway',
  gateway: 'east-west',
  network: 'west',
};

const inNetwork = (instance: InstanceContext): InstanceContext => ({
  ...instance,
  network: instance.locality === 'local/west' ? 'west' : 'east',
});

/** East dies for a while, and the west, which is another network, takes over through a gateway. */
function joined(change: (request: BuiltRequest) => BuiltRequest = (request) => request): BuiltRun {
  const run = outage({
    ejectAfterMs: 300,
    shows: 'silent',
    change: (request) =>
      change(request.attempts[0]?.host === 'edge-app-west-1' ? { ...request, via: 'gateway-1' } : request),
  });
  return { ...run, instances: [...run.instances.map(inNetwork), gateway] };
}

const takesOver = planned(
  { kind: 'share', during: 'fault', after: '500ms', of: { zone: 'local/west' }, atLeast: '99%' },
  'outage',
);

test('who answered beyond a gateway is known from the logs there, and the map has the gateway on the way', async () => {
  const analysis = await analysed(joined(), [takesOver], 'kill');
  expect(violations(analysis)).toEqual([]);
  expect(analysis.checks[0]).toMatchObject({ status: 'pass' });
  const { edges, instances } = analysis.topology;
  expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
    'frontend-1 edge-app-east-1',
    'frontend-1 edge-app-east-2',
    'frontend-1 gateway-1',
    'gateway-1 edge-app-west-1',
  ]);
  const [, , way, beyond] = edges;
  expect(way?.byWindow['fault']).toEqual(beyond?.byWindow['fault']);
  expect(instances.find(({ name }) => name === 'gateway-1')).toMatchObject({
    gateway: 'east-west',
    network: 'west',
  });
});

test('what gets no further than a gateway failed there', async () => {
  const refused = (request: BuiltRequest): BuiltRequest =>
    request.via === undefined
      ? request
      : {
          ...request,
          status: 503,
          flags: 'UF',
          details: 'upstream_reset_before_response_started{connection_failure}',
          attempts: [{ host: 'gateway-1', status: 0, ms: 0, unseen: true }],
        };
  const analysis = await analysed(joined(refused), [takesOver], 'kill');
  expect(analysis.errors.map(({ host }) => host)).toContain('gateway-1');
  const edge = analysis.topology.edges.find(({ to }) => to === 'gateway-1');
  expect(edge?.byWindow['fault']?.failed).toBeGreaterThan(100);
  expect(analysis.topology.edges.some(({ from }) => from === 'gateway-1')).toBe(false);
});

test('a connection that breaks at a gateway is not what the server behind it has done', async () => {
  const broken =
    (by: string) =>
    (request: BuiltRequest): BuiltRequest =>
      request.via === undefined
        ? request
        : {
            ...request,
            status: 503,
            flags: 'UC',
            details: 'upstream_reset_before_response_started{connection_termination}',
            attempts: [{ host: 'edge-app-west-1', status: by === 'answer' ? 200 : 0, ms: 1, ...endings[by] }],
          };
  const endings: Readonly<Record<string, Pick<BuiltRequest, 'flags' | 'details'>>> = {
    gateway: { flags: 'DC', details: 'downstream_remote_disconnect' },
    server: { flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' },
  };
  const hostsOf = async (by: string) =>
    (await analysed(joined(broken(by)), [takesOver], 'kill')).errors
      .filter(({ flag }) => flag === 'UC')
      .map(({ host }) => host);
  expect(await hostsOf('gateway')).toEqual(['gateway-1']);
  expect(await hostsOf('answer')).toEqual(['gateway-1']);
  expect(await hostsOf('server')).toEqual(['edge-app-west-1']);
});

/** Connections of bytes to the gateway, of every tenth of which nothing comes back, and of one that none is made. */
function ofBytes(instances: BuiltRun['instances']): BuiltRun {
  const lines = Array.from({ length: 1_200 }, (_, index) => {
    const ends = index === 7 ? { flags: 'UF,URX', bytesBack: 0 } : { bytesBack: index % 10 === 0 ? 0 : 259 };
    return accessLine({
      start: startTime(index * 10),
      durationMs: 12,
      status: 0,
      attempts: 1,
      upstreamHost: '127.1.0.9:15443',
      cluster: 'outbound|8080||edge-app.default.svc.cluster.local',
      ...ends,
    });
  });
  return {
    ...outage(),
    instances,
    requests: [],
    load: { requests: 1_200, answers: { '2xx': 1_079, none: 121 }, carriesDue: false, ofBytes: true },
    tails: { 'frontend-1': lines.join('') },
  };
}

test('bytes that a gateway passes on have reached whom it can pass them on to, where that is one', async () => {
  const share = planned({ kind: 'share', during: 'steady', of: { zone: 'local/west' }, atLeast: '99%' });
  const { instances } = joined();
  const one = await analysed(ofBytes(instances), [share]);
  expect(one.checks[0]).toMatchObject({ status: 'pass' });
  expect(one.errors.map(({ host, count }) => [host, count])).toEqual([
    ['edge-app-west-1', 120],
    ['gateway-1', 1],
  ]);
  const another = instances.find(({ name }) => name === 'edge-app-west-1') ?? expect.fail();
  const second = { ...another, name: 'edge-app-west-2', replica: 2, addresses: ['127.1.0.8:8080'] };
  const several = await analysed(ofBytes([...instances, second]), [share]);
  expect(several.errors.map(({ host }) => host)).toEqual(['gateway-1', 'gateway-1']);
});

/** Processes of an instance that are seen until they die. */
const until = (name: string, endMs: number) =>
  Array.from({ length: endMs / 200 }, (_, index) => ({
    t: index * 200,
    name,
    pid: 11,
    cpuMs: index,
    rssBytes: 1,
  }));

test('that one in another network is gone, which nobody needs, its processes tell', async () => {
  const idle = (processes: readonly object[]) => {
    const run = outage({ shows: 'nothing' });
    return {
      ...run,
      // The targets of the fault are called by nobody: the near ones answer all.
      instances: run.instances.map((each) => inNetwork(each)),
      requests: run.requests.map((request) => ({
        ...request,
        attempts: request.attempts.map((attempt) => ({ ...attempt, host: 'edge-app-west-1' })),
      })),
      processes: [...(run.processes ?? []), ...processes],
    } as BuiltRun;
  };
  const names = ['edge-app-east-1/app', 'edge-app-east-2/app'];
  const gone = await analysed(idle(names.flatMap((name) => until(name, 4_000))), [takesOver], 'kill');
  expect(gone.faults[0]?.efficacy).toMatchObject({
    status: 'proven',
    observed: 'the processes of edge-app-east-1, edge-app-east-2 were gone; nothing was sent there',
  });
  const stayed = await analysed(idle(names.flatMap((name) => until(name, 9_000))), [takesOver], 'kill');
  expect(stayed.faults[0]?.efficacy.status).toBe('no-traffic');
});
