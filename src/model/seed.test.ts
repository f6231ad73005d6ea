import { expect, test } from 'vitest';
import { seedOf } from './seed.ts';

test('replicas have seeds of their own, and keep them', () => {
  expect(seedOf(42, 'shop-1')).toBe(seedOf(42, 'shop-1'));
  expect(new Set([seedOf(42, 'shop-1'), seedOf(42, 'shop-2'), seedOf(43, 'shop-1')]).size).toBe(3);
});
