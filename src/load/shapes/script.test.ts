import { expect, test } from 'vitest';
import { loadJob } from '../k6.ts';
import { mistakesIn, planLoad } from '../testing/plan-load.ts';
import { describeLoad, heightAt, planLines, shapeKinds } from './index.ts';

const written = { script: 'load/own.js', duration: '30s' };

test('a script is found beside its scenario, and nobody knows its rate', () => {
  const load = planLoad(written);
  expect(load).toMatchObject({
    shape: { kind: 'script', path: '/scenarios/load/own.js', file: 'load/own.js' },
    durationMs: 30_000,
    peakRate: undefined,
    users: 0,
  });
  expect(heightAt(load, 15_000)).toBe(1);
});

test('a script reads as its file', () => {
  const load = planLoad(written);
  expect(describeLoad(load)).toBe('load/own.js, from client to shop');
  expect(planLines(load)).toEqual(['k6 script load/own.js from client to shop, 30 s']);
});

test('k6 runs a script as it is, and exports its totals', () => {
  const job = loadJob({ ...planLoad(written), seed: 42 }, 'shop.default');
  expect(job).toMatchObject({ files: {}, script: '/scenarios/load/own.js', announcesStart: false });
  expect(job.args).toContain('BREAKWATER_URL=http://shop.default:8080');
  expect(job.args).toContain('BREAKWATER_SEED=42');
  const metrics = { iterations: { count: 5 }, http_reqs: { count: 10 }, vus_max: { max: 3 } };
  expect(shapeKinds.script.counts({ metrics })).toEqual({
    iterations: 5,
    droppedIterations: 0,
    requests: 10,
    answers: {},
    latencyMs: {},
    maxUsers: 3,
  });
});

test('a script has users of its own', () => {
  expect(mistakesIn({ ...written, users: 3 })).toEqual([
    'users: users does nothing with script | the script has its own',
  ]);
});
