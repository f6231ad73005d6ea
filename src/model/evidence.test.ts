import { expect, test } from 'vitest';
import { generatorName, isGenerator } from './evidence.ts';

test('generators are numbered where several share a load, and carry its name where it is not the only one', () => {
  expect(generatorName(0, 1)).toBe('k6');
  expect(generatorName(1, 2)).toBe('k6.2');
  expect(generatorName(0, 1, 'checkout')).toBe('k6-checkout');
  expect(generatorName(1, 2, 'checkout')).toBe('k6-checkout.2');
});

test('generators are told from all else that runs', () => {
  for (const name of ['k6', 'k6.2', 'k6-checkout', 'k6-checkout.2', 'k6-probes.web.1'])
    expect(isGenerator(name)).toBe(true);
  for (const name of ['harness', 'istiod', 'k6-1/app', 'k6-1/sidecar']) expect(isGenerator(name)).toBe(false);
});
