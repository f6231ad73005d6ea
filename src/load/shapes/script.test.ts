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
    own: { thresholds: [], checks: [], complaints: [] },
  });
});

test('a script has users of its own', () => {
  expect(mistakesIn({ ...written, users: 3 })).toEqual([
    'users: users does nothing with script | the script has its own',
  ]);
});

test('a threshold on what never happened was held against nothing', () => {
  const zeros = { avg: 0, min: 0, med: 0, max: 0, 'p(90)': 0, 'p(95)': 0, thresholds: { 'p(95)<1': false } };
  const metrics = {
    'http_req_duration{scenario:late}': zeros,
    // On a connection that is there already, nothing is waited for.
    http_req_connecting: zeros,
    // None of these were counted, as wanted.
    mistakes: { count: 0, rate: 0, thresholds: { 'count<1': false } },
  };
  const { own } = shapeKinds.script.counts({ metrics });
  expect(own?.thresholds.map(({ metric, empty }) => `${metric} ${empty}`)).toEqual([
    'http_req_duration{scenario:late} true',
    'http_req_connecting false',
    'mistakes false',
  ]);
});

test('thresholds and checks of a script are told with what they were held against', () => {
  const metrics = {
    http_req_duration: { 'p(95)': 12.5, thresholds: { 'p(95)<10': true, ' p(95) < 20': false } },
    'checks{page:cart}': { passes: 0, fails: 0, value: 0, thresholds: { 'rate>0.9': false } },
    checks: { passes: 3, fails: 1, value: 0.75, thresholds: { 'rate>0.9': true } },
  };
  const cart = { path: '::cart::is there', passes: 3, fails: 1 };
  const root_group = { checks: {}, groups: { cart: { groups: {}, checks: { 'is there': cart } } } };
  const { own } = shapeKinds.script.counts({ metrics, root_group });
  expect(own?.thresholds).toEqual([
    { metric: 'http_req_duration', expression: 'p(95)<10', holds: false, value: 12.5, empty: false },
    { metric: 'http_req_duration', expression: ' p(95) < 20', holds: true, value: 12.5, empty: false },
    { metric: 'checks{page:cart}', expression: 'rate>0.9', holds: true, value: 0, empty: true },
    { metric: 'checks', expression: 'rate>0.9', holds: false, value: 0.75, empty: false },
  ]);
  expect(own?.checks).toEqual([{ name: 'cart / is there', passes: 3, fails: 1 }]);
  const several = shapeKinds.script.counts({ metrics, root_group, generators: 2 });
  expect(several.own?.thresholds[0]).not.toHaveProperty('value');
});
