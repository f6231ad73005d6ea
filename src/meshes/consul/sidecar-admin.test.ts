import { expect, test } from 'vitest';
import { sidecarAdmin } from './sidecar-admin.ts';

const trust = '0b5ea17e-7000-4000-8000-6d6573686573.consul';
const routes = (timeout: string) =>
  JSON.stringify({
    configs: [
      {
        route_config: {
          name: 'breakwater-revision',
          virtual_hosts: [{ name: 'x', routes: [{ match: { prefix: '/' }, route: { timeout } }] }],
        },
      },
    ],
  });
const clusters = (bytes: number) =>
  JSON.stringify({
    configs: [
      {
        cluster: {
          name: `breakwater-revision.default.dc1.internal.${trust}`,
          per_connection_buffer_limit_bytes: bytes,
        },
      },
    ],
  });
const warm = 'cluster_manager.warming_clusters: 0\nlistener_manager.total_listeners_warming: 0\n';

test('a revision has arrived when the route that is made for it alone says so, and clusters are as new as it says', () => {
  const { answer } = sidecarAdmin.arrival;
  const about = { revision: '5', rejectedBefore: 0 };
  const held = [routes('300.005s'), clusters(1_048_579)] as const;
  expect(sidecarAdmin.marker({ name: '5', hostsSince: '3' })).toMatchObject({ RequestTimeout: '300005ms' });
  expect(answer([...held, warm], about)).toBeUndefined();
  expect(answer([routes('300.004s'), clusters(1_048_579), warm], about)).toMatchObject({
    why: 'its routes are of revision 4, not 5',
  });
  expect(answer([routes('300.005s'), clusters(1_048_578), warm], about)).toMatchObject({
    why: 'its clusters are of an earlier revision',
  });
  const nothing = 'dynamic_route_configs not found in config dump';
  expect(answer([nothing, clusters(1_048_579), warm], about)).toMatchObject({ why: 'it has no routes yet' });
  const warming = warm.replace('clusters: 0', 'clusters: 1');
  expect(answer([...held, warming], about)).toMatchObject({ why: 'its clusters are warming' });
  const rejected = `${warm}cluster_manager.cds.update_rejected: 1\n`;
  expect(answer(['{}', '{}', rejected], about)).toBeUndefined();
});

test('a gateway has a route for the marker, and no extension makes its clusters new', () => {
  const exported = clusters(0)
    .replace('"breakwater', '"exported~breakwater')
    .replace(/,"per_connection_buffer_limit_bytes":0/, '');
  const held = [routes('300.005s'), exported, warm];
  const about = { revision: '5', rejectedBefore: 0 };
  expect(sidecarAdmin.arrival.answer(held, about)).toBeUndefined();
  expect(sidecarAdmin.arrival.answer(held, { ...about, revision: '6' })).toMatchObject({
    why: 'its routes are of revision 5, not 6',
  });
});

test('hosts are those of all clusters of a service, its subsets among them', () => {
  const host = (cluster: string, address: string, flags = 'healthy') =>
    `${cluster}.default.dc1.internal.${trust}::${address}::health_flags::${flags}`;
  const counters = `${warm}listener_manager.lds.update_success: 1\ncluster_manager.cds.update_success: 1\nserver.state: 0\n`;
  const hosts = new Map([['edge-app.virtual.consul', ['127.1.1.10:8080', '127.1.1.11:8080']]]);
  const ask = (...lines: string[]) => sidecarAdmin.ready.answer([counters, lines.join('\n')], hosts);
  const [east, west] = [
    host('east.edge-app', '127.1.1.10:8080'),
    host('failover-target~west.edge-app', '127.1.1.11:8080'),
  ];
  expect(ask(east, west)).toBeUndefined();
  expect(ask(east)).toMatchObject({
    why: 'it does not see 127.1.1.11:8080 of edge-app.virtual.consul yet',
  });
  expect(ask(east, west.replace('healthy', '/failed_eds_health'))).toMatchObject({
    why: expect.stringContaining('127.1.1.11'),
  });
  expect(ask(east, west, host('edge-app', '127.1.1.99:8080'))).toMatchObject({
    why: 'it still sees 127.1.1.99:8080 of edge-app.virtual.consul',
  });
  expect(ask(east, west, host('cart', '127.1.1.50:8080'))).toBeUndefined();
});
