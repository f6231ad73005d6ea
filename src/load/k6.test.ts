import { expect, test } from 'vitest';
import { loadJob } from './k6.ts';
import { planLoad } from './testing/plan-load.ts';

const open = planLoad({ rate: '10/s', duration: '30s' });
const scriptOf = (...among: Parameters<typeof loadJob>) => {
  const { files, script } = loadJob(...among);
  return files[script] ?? '';
};

test('the only load of a trial has no name among others, and its requests no mark', () => {
  expect(loadJob(open, 'shop')).toMatchObject({ from: 'client', number: 0, name: undefined });
  expect(scriptOf(open, 'shop')).toContain('"mark": ""');
});

test('one of several has its name, and a mark where its client sends others', () => {
  const alone = { number: 1, shared: false };
  expect(loadJob(open, 'shop', alone)).toMatchObject({ from: 'client', number: 1, name: 'load' });
  expect(scriptOf(open, 'shop', alone)).toContain('"mark": ""');
  expect(scriptOf(open, 'shop', { number: 1, shared: true })).toContain('"mark": ";1"');
});
