import { expect, test } from 'vitest';
import { cluster } from './mesh.ts';
import { operatorConfiguration } from './operator.ts';

const accepted = `listener_manager.lds.update_success: 3
cluster_manager.cds.update_success: 2
listener_manager.total_listeners_warming: 0
server.state: 0
`;
const host = 'edge-app.default.svc.cluster.local';
const line = (address: string) => `outbound|8080||${host}::${address}::health_flags::healthy`;
const { ready } = cluster.sidecar;

test('what is installed is what is loaded, and of the pinned version unless another is asked for', () => {
  const usual = {
    hub: undefined,
    tag: undefined,
    stockEnvoy: false,
    accessLogFormat: '',
    controlPlaneNodes: {},
  };
  for (const [settings, source] of [
    [usual, { hub: 'docker.io/istio', tag: '1.29.1' }],
    [
      { ...usual, hub: 'registry.example/istio' },
      { hub: 'registry.example/istio', tag: '1.29.1' },
    ],
    [
      { ...usual, hub: 'registry.example/istio', tag: '2' },
      { hub: 'registry.example/istio', tag: '2' },
    ],
  ] as const) {
    expect(operatorConfiguration(settings)).toMatchObject({ spec: source });
    expect(cluster.images(settings)).toEqual({
      controlPlane: [`${source.hub}/pilot:${source.tag}`],
      sidecar: [`${source.hub}/proxyv2:${source.tag}`],
    });
  }
});

test('a sidecar is ready when it sees exactly the replicas there are', () => {
  const hosts = new Map([[host, ['10.0.0.1:18080']]]);
  expect(ready([accepted, line('10.0.0.1:18080')], hosts)).toEqual({});
  expect(ready([accepted, ''], hosts)).toBe(`it does not see 10.0.0.1:18080 of ${host} yet`);
  expect(ready([accepted, `${line('10.0.0.1:18080')}\n${line('10.0.0.9:18080')}`], hosts)).toBe(
    `it still sees 10.0.0.9:18080 of ${host}`,
  );
  expect(ready(['server.state: 0\n', ''], new Map())).toBe('it has no listeners yet');
});

test("rejections are read from istiod's log", () => {
  const log = `2026-01-02T03:04:05Z\twarn\tdelta\tADS:LDS: ACK ERROR frontend-7d9-x2.default-12 Internal:Error adding/updating listener(s) virtualInbound: no
2026-01-02T03:04:05Z\tinfo\tads\tPush`;
  expect(cluster.rejections(log)).toEqual([
    { pod: 'frontend-7d9-x2', reason: 'Error adding/updating listener(s) virtualInbound: no' },
  ]);
  const quoting = `2026-01-02T03:04:05Z\twarn\tads\tADS:CDS: ACK ERROR frontend-7d9-x2.default-4 Internal:goo.gle/debugonly
name: "outbound|8080||edge-app"
ring_hash_lb_config {
  minimum_ring_size {
    value: 9000000
  }
}
: ring_hash minimum_ring_size is too large
2026-01-02T03:04:05Z\tinfo\tads\tPush`;
  expect(cluster.rejections(quoting)).toEqual([
    { pod: 'frontend-7d9-x2', reason: 'outbound|8080||edge-app: ring_hash minimum_ring_size is too large' },
  ]);
});
