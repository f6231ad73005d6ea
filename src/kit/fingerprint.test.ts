import { expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';

test('fingerprints tell texts apart, and where one ends', () => {
  expect(fingerprint('ab', 'c')).not.toBe(fingerprint('a', 'bc'));
  expect(fingerprint('a')).toMatch(/^[0-9a-f]{8}$/);
});
