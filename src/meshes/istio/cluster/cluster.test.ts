import { expect, test } from 'vitest';
import { clusterOf } from './mesh.ts';
import { operatorConfiguration } from './operator.ts';

test('what is installed is what is loaded, and of the version of the mesh unless another is asked for', () => {
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
    expect(operatorConfiguration(settings, '1.29.1')).toMatchObject({ spec: source });
    expect(clusterOf('1.29.1').images(settings)).toEqual({
      controlPlane: [`${source.hub}/pilot:${source.tag}`],
      sidecar: [`${source.hub}/proxyv2:${source.tag}`],
    });
  }
});
