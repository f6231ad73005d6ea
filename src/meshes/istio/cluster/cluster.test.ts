import { expect, test } from 'vitest';
import { cluster } from './mesh.ts';
import { operatorConfiguration } from './operator.ts';

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
