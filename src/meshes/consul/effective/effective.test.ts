import { expect, test } from 'vitest';
import type { Told } from '../../../model/effective.ts';
import { recordedSidecar } from './testing/recordings.ts';

/** "100 limits.hcl:18", "1024 Envoy". */
const text = (told: Told<unknown> | undefined) => {
  const { value, from } = told ?? expect.fail();
  const where =
    from.by === 'setting' ? `${from.file}:${from.line}` : from.by === 'default' ? from.of : from.by;
  return `${JSON.stringify(value)} ${where}`;
};

test('limits and outlier detection are those of the override, and what it leaves out is nobody’s', () => {
  const [cluster, ...others] = recordedSidecar('limits', 'frontend').clusters;
  expect(others).toEqual([]);
  const { limits, outlierDetection, connectTimeoutMs, balancing, locality, tls } = cluster ?? expect.fail();
  expect(text(limits.connections)).toBe('100 limits.hcl:15');
  expect(text(limits.requests)).toBe('500 limits.hcl:16');
  expect(text(limits.pending)).toBe('1024 Envoy');
  expect(text(outlierDetection?.consecutiveErrors)).toBe('4 limits.hcl:20');
  expect(text(outlierDetection?.intervalMs)).toBe('2000 limits.hcl:19');
  expect(text(outlierDetection?.mostEjected)).toBe('0.5 limits.hcl:21');
  expect(text(outlierDetection?.baseEjectionMs)).toBe('30000 Envoy');
  expect(text(connectTimeoutMs)).toBe('2000 limits.hcl:6');
  expect(text(balancing)).toBe('"round-robin" Consul');
  expect(text(locality)).toBe('"none" Consul');
  expect(text(tls)).toBe('"mesh" Consul');
  expect(cluster?.zones.flatMap(({ hosts }) => hosts)).toHaveLength(4);
  const [host] = recordedSidecar('limits', 'frontend').hosts;
  const [route] = host?.routes ?? [];
  const action = route?.action.does === 'forward' ? route.action : expect.fail();
  expect(action.to).toEqual([{ cluster: cluster?.name, place: 'edge-app', share: 1 }]);
  expect(text(action.timeoutMs)).toBe('15000 Envoy');
  expect(text(action.retries.attempts)).toBe('0 Consul');
});

test('outlier detection of all that is called gives way to a block of its own for one service', () => {
  const { unused } = recordedSidecar('limits', 'frontend');
  expect(unused).toMatchObject([
    {
      about: 'outlier-detection',
      side: 'client',
      setting: { path: 'UpstreamConfig.Defaults.PassiveHealthCheck', line: 7 },
    },
  ]);
});

test('settings of calls at the service that is called are told as of no effect', () => {
  const client = recordedSidecar('wrong-side', 'frontend');
  expect(text(client.clusters[0]?.limits.connections)).toBe('1024 Envoy');
  expect(client.unused).toMatchObject([
    {
      about: 'limits',
      service: 'edge-app',
      setting: { resource: { kind: 'service-defaults', name: 'edge-app' }, line: 8 },
      why: expect.stringContaining('is for what edge-app calls'),
    },
  ]);
  const [inbound] = recordedSidecar('wrong-side', 'edge-app').inbound;
  expect(text(inbound?.limits.connections)).toBe('300 wrong-side.hcl:4');
  expect(inbound).toMatchObject({ port: 8080, cluster: 'local_app', filters: [] });
  expect(text(inbound?.accepts)).toBe('"mtls" Consul');
});

test('routes are those of the router in its order, and a failover is one cluster with two zones', () => {
  const { hosts, clusters } = recordedSidecar('routes', 'frontend');
  const [router, rest, ...others] = hosts[0]?.routes ?? [];
  expect(others).toEqual([]);
  expect(router).toMatchObject({
    from: { path: 'Routes[0]', file: 'routes.yaml', line: 7 },
    match: {
      path: { kind: 'prefix', value: '/slow' },
      headers: [
        { name: 'x-plan', kind: 'exact', value: 'free' },
        { name: ':method', kind: 'regex', value: 'GET' },
      ],
    },
  });
  const action = router?.action.does === 'forward' ? router.action : expect.fail();
  expect(action.to.map(({ place }) => place)).toEqual(['edge-app subset west']);
  expect(text(action.timeoutMs)).toBe('3000 routes.yaml:16');
  expect(text(action.retries.attempts)).toBe('2 routes.yaml:17');
  expect(text(action.retries.conditions)).toMatch(/^\["503","reset"\] routes\.yaml:18$/);
  const last = rest?.action.does === 'forward' ? rest.action : expect.fail();
  expect(last.to.map(({ place }) => place)).toEqual(['edge-app subset east']);
  const east = clusters.find(({ subset }) => subset === 'east');
  expect(east?.zones.map(({ locality, priority, hosts: own }) => [locality, priority, own.length])).toEqual([
    ['region1/zone-east', 0, 2],
    ['region1/zone-west', 1, 2],
  ]);
  expect(text(east?.locality)).toBe('"failover" routes.yaml:35');
  expect(text(east?.connectTimeoutMs)).toBe('3000 routes.yaml:27');
  expect(text(east?.balancing)).toBe('"least-request" routes.yaml:38');
  expect(text(east?.selects)).toBe('{"zone":"zone-east"} routes.yaml:30');
});

test('intentions are a filter of the service that is called', () => {
  const [inbound] = recordedSidecar('routes', 'edge-app').inbound;
  const [filter, ...others] = inbound?.filters ?? [];
  expect(others).toEqual([]);
  expect(filter).toMatchObject({
    kind: 'authorization',
    policies: [{ resource: { kind: 'service-intentions', name: 'edge-app' }, from: { line: 48 } }],
  });
});

test('what was reported to do something else than it says is told as what it does', () => {
  const { hosts, clusters } = recordedSidecar('reported', 'frontend');
  const routes = hosts[0]?.routes ?? [];
  const actionOf = (path: string) => {
    const route = routes.find(({ match }) => match.path?.value === path);
    return route?.action.does === 'forward' ? route.action : expect.fail(`no route of ${path}`);
  };
  // A number of 0 is left away, and Envoy has one of its own.
  expect(text(actionOf('/never-again').retries.attempts)).toBe('1 Envoy');
  // Nor does a limit of 0 switch it off.
  expect(text(actionOf('/without-end').timeoutMs)).toBe('15000 Envoy');
  expect(text(actionOf('/both').retries.conditions)).toMatch(/^\["500","503","connect-failure"\] reported/);
  // The one that Consul adds for all that is left is never reached.
  const all = routes.filter(({ match }) => match.path?.value === '/');
  const [first] = all.map(({ action }) => (action.does === 'forward' ? action.timeoutMs : expect.fail()));
  expect(text(first)).toBe('90000 reported.yaml:26');
  expect(actionOf('/').to.map(({ place, share }) => [place, share])).toEqual([
    ['edge-app subset here', 0.5],
    ['edge-app subset primary', 0.5],
  ]);
  // Though the route is the router's, its shares are the splitter's.
  expect(actionOf('/').weights).toMatchObject({
    resource: { kind: 'service-splitter' },
    path: 'Splits',
    line: 35,
  });
  const [here, primary] = ['here', 'primary'].map((name) => clusters.find(({ subset }) => subset === name));
  expect(here?.zones.flatMap((zone) => zone.hosts)).toHaveLength(4);
  expect(primary?.zones.flatMap((zone) => zone.hosts)).toEqual([]);
});

test('intentions that deny nobody are told as of no effect at the service that they are for', () => {
  const allowed =
    'Kind = "service-intentions"\nName = "edge-app"\nSources = [{ Name = "frontend" Action = "allow" }]';
  const { inbound, unused } = recordedSidecar('wrong-side', 'edge-app', allowed);
  expect(inbound[0]?.filters).toEqual([]);
  expect(unused).toMatchObject([
    {
      about: 'authorization',
      side: 'server',
      setting: { resource: { kind: 'service-intentions', name: 'edge-app' }, path: 'Sources', line: 3 },
      why: expect.stringContaining('who is not denied may call'),
    },
  ]);
  const others = recordedSidecar('wrong-side', 'edge-app', allowed.replace('"edge-app"', '"cart"'));
  expect(others.unused).toMatchObject([{ why: 'it is for calls of cart' }]);
  expect(recordedSidecar('routes', 'edge-app').unused).toEqual([]);
});

test('a subset without failover says so where it stands, and that of another one is told as of no effect', () => {
  const { clusters, unused } = recordedSidecar('one-zone', 'frontend');
  const east = clusters.find(({ subset }) => subset === 'east');
  expect(text(east?.locality)).toBe('"none" one-zone.yaml:9');
  expect(unused).toMatchObject([
    {
      about: 'locality',
      setting: { path: 'Failover.west', line: 14 },
      why: 'it is for the subset west, and calls of edge-app go to east',
    },
  ]);
});

test('intentions are rules in the order in which Consul goes by them', () => {
  const [filter] = recordedSidecar('one-zone', 'edge-app').inbound[0]?.filters ?? [];
  const rules = filter?.kind === 'authorization' ? filter.rules : undefined;
  const get = { name: ':method', kind: 'regex', value: 'GET|PUT' };
  const gold = { name: 'x-plan', kind: 'exact', value: 'gold' };
  const of = { caller: 'frontend' };
  expect(rules).toMatchObject([
    { ...of, does: 'deny', match: { path: { kind: 'exact', value: '/stock/secret' } }, from: { line: 29 } },
    { ...of, does: 'allow', match: { path: { kind: 'prefix' }, headers: [get] }, from: { line: 32 } },
    { ...of, does: 'allow', match: { headers: [gold] }, from: { line: 36 } },
    { ...of, does: 'deny', match: { path: { kind: 'regex' } }, from: { line: 41 } },
    { ...of, does: 'allow', match: undefined, rest: true, from: { line: 29 } },
    { caller: undefined, does: 'deny', match: undefined, from: { line: 25 } },
  ]);
});

test('versions of TLS are those of the entry at the server, and what Envoy speaks by itself at the caller', () => {
  const [cluster] = recordedSidecar('tls-versions', 'frontend').clusters;
  expect(text(cluster?.tlsVersions?.least)).toBe('"TLSv1_2" Envoy');
  expect(text(cluster?.tlsVersions?.most)).toBe('"TLSv1_2" Envoy');
  const [inbound] = recordedSidecar('tls-versions', 'edge-app').inbound;
  expect(text(inbound?.tlsVersions?.least)).toBe('"TLSv1_3" tls-versions.hcl:6');
  expect(text(inbound?.tlsVersions?.most)).toBe('"TLSv1_3" Envoy');
});
