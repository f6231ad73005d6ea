import { expect, test } from 'vitest';
import { notYet } from '../../kit/eventually.ts';
import { sidecarAdmin } from './sidecar-admin.ts';

const accepted = `listener_manager.lds.update_success: 3
cluster_manager.cds.update_success: 2
listener_manager.total_listeners_warming: 0
server.state: 0
`;
const host = 'edge-app.default.svc.cluster.local';
const line = (address: string) => `outbound|8080||${host}::${address}::health_flags::healthy`;
const { arrival, idle, ready, rejected, written } = sidecarAdmin;

test('a sidecar is ready when it sees exactly the replicas there are', () => {
  const hosts = new Map([[host, ['10.0.0.1:18080']]]);
  expect(ready.answer([accepted, line('10.0.0.1:18080')], hosts)).toBeUndefined();
  expect(ready.answer([accepted, ''], hosts)).toEqual(
    notYet(`it does not see 10.0.0.1:18080 of ${host} yet`),
  );
  expect(ready.answer([accepted, `${line('10.0.0.1:18080')}\n${line('10.0.0.9:18080')}`], hosts)).toEqual(
    notYet(`it still sees 10.0.0.9:18080 of ${host}`),
  );
  expect(ready.answer(['server.state: 0\n', ''], new Map())).toEqual(notYet('it has no listeners yet'));
});

const routes = (...revisions: (string | undefined)[]) =>
  JSON.stringify({
    configs: revisions.map((revision) => ({
      route_config: {
        name: '8080',
        ...(revision === undefined ? {} : { metadata: { filter_metadata: { breakwater: { revision } } } }),
      },
    })),
  });

test('a configuration has arrived when all routes that carry a revision carry that one', () => {
  const about = { revision: '7', rejectedBefore: 0 };
  const still = 'listener_manager.total_listeners_warming: 0\n';
  expect(arrival.answer([routes('7', undefined), still], about)).toBeUndefined();
  expect(arrival.answer([routes('7', '6'), still], about)).toEqual(
    notYet('its routes are of revision 6, not 7'),
  );
  expect(arrival.answer([routes(), still], about)).toEqual(notYet('it has no routes yet'));
  expect(arrival.answer([routes('7'), 'cluster_manager.warming_clusters: 1\n'], about)).toEqual(
    notYet('its clusters are warming'),
  );
});

test('a configuration that is rejected is not waited for', () => {
  const once =
    'cluster_manager.cds.update_rejected: 1\nhttp.outbound_127.0.0.1_80;.rds.80.update_rejected: 1\n';
  expect(rejected.count([once])).toBe(2);
  expect(arrival.answer([routes('6'), once], { revision: '7', rejectedBefore: 1 })).toBeUndefined();
  expect(arrival.answer([routes('6'), once], { revision: '7', rejectedBefore: 2 })).toEqual(
    notYet(expect.stringMatching('revision 6')),
  );
});

test('a sidecar is idle when nothing is under way, and has written when nothing waits for it', () => {
  const active = (count: number) => `http.inbound_0.0.0.0_8080;.downstream_rq_active: ${count}\n`;
  expect(idle.answer([active(0)])).toBeUndefined();
  expect(idle.answer([active(2)])).toEqual(notYet('http.inbound_0.0.0.0_8080;.downstream_rq_active is 2'));
  expect(written.answer(['filesystem.write_total_buffered: 0\n'])).toBeUndefined();
  expect(written.answer(['filesystem.write_total_buffered: 512\n'])).toEqual(
    notYet(expect.stringMatching('is 512')),
  );
});

test('the marker of a change under load leaves clusters as they were, which would be new ones otherwise', () => {
  const { spec } = sidecarAdmin.marker({ name: '7', hostsSince: '5' }) as {
    spec: { configPatches: { applyTo: string; match: { context: string }; patch: object }[] };
  };
  const marked = spec.configPatches.map(({ applyTo, match, patch }) => [match.context, applyTo, patch]);
  const revision = (name: string) => ({
    operation: 'MERGE',
    value: { metadata: { filter_metadata: { breakwater: { revision: name } } } },
  });
  expect(marked).toEqual([
    ['SIDECAR_OUTBOUND', 'CLUSTER', revision('5')],
    ['SIDECAR_OUTBOUND', 'ROUTE_CONFIGURATION', revision('7')],
    // A gateway tells it as a sidecar does.
    ['GATEWAY', 'CLUSTER', revision('5')],
    ['GATEWAY', 'ROUTE_CONFIGURATION', revision('7')],
  ]);
});
