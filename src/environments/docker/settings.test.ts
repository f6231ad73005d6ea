import { expect, test } from 'vitest';
import { dockerSettings } from './settings.ts';

test('images are the official ones, those of a registry of one’s own, or those that are named', () => {
  expect(dockerSettings({})).toEqual({
    meshHub: undefined,
    meshTag: undefined,
    node: 'node:26-slim',
    k6: 'grafana/k6:1.8.1',
    images: undefined,
  });
  const own = {
    BREAKWATER_DOCKER_REGISTRY: 'registry.example:5000/',
    BREAKWATER_DOCKER_K6_IMAGE: 'mine/k6:2',
  };
  expect(dockerSettings(own)).toMatchObject({
    meshHub: 'registry.example:5000/istio',
    node: 'registry.example:5000/library/node:26-slim',
    k6: 'mine/k6:2',
  });
});

test('a setting that there is not is a mistake, and so is a value', () => {
  expect(() => dockerSettings({ BREAKWATER_DOCKER_HUB: 'x' })).toThrow(
    'is no setting of the docker environment',
  );
  expect(() => dockerSettings({ BREAKWATER_DOCKER_IMAGES: 'built' })).toThrow(
    'BREAKWATER_DOCKER_IMAGES is built',
  );
});
