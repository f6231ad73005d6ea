import { expect, test } from 'vitest';
import { cluster } from './mesh.ts';
import { operatorConfiguration } from './operator.ts';

test('what is installed is what is loaded, and of the pinned version unless another is asked for', () => {
  const usual = {
    hub: undefined,
    tag: undefined,
    stockEnvoy: false,
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
