import { expect, test } from 'vitest';
import { ProblemsError } from '../kit/problems.ts';
import { planScenario } from '../plan/plan.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { loadJob } from './k6.ts';
import { askedFor } from './planned.ts';

const planned = (load: object = {}, fault?: object) =>
  planScenario(
    loadedScenario({
      name: 'calls',
      description: 'Calls of gRPC.',
      topology: {
        services: {
          frontend: { workloads: [{ name: 'frontend', locality: 'region1/east' }] },
          shop: { app: { protocol: 'grpc' }, workloads: [{ name: 'shop', locality: 'region1/east' }] },
        },
      },
      load: { from: 'frontend', to: 'shop', rate: '10/s', duration: '20s', ...load },
      faults: fault === undefined ? [] : [{ on: { service: 'shop' }, at: '5s', for: '5s', ...fault }],
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    }),
  );

/** The path, the message and the hint of every mistake. */
function mistakes(...about: Parameters<typeof planned>): string[] {
  try {
    planned(...about);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ path, message, hint }) => `${path}: ${message} | ${hint}`);
  }
}

test('a load of a service that speaks gRPC calls it, with what it is to read beside the script', () => {
  const [load] = planned({ headers: { 'x-tenant': 'a' } }).trial.loads;
  if (load === undefined) throw new Error('no load');
  const { files, script } = loadJob(load, 'shop.default');
  expect(Object.keys(files)).toEqual(['load.js', 'edge.proto']);
  expect(files[script]).toContain('"url": "shop.default:8080/breakwater.edge.v1.Edge/Get"');
  expect(files[script]).not.toMatch(/k6\/http'|__[A-Z]+__/);
  expect(askedFor(load)).toEqual({
    method: 'POST',
    path: '/breakwater.edge.v1.Edge/Get',
    headers: { 'x-tenant': 'a', 'content-type': 'application/grpc' },
  });
});

test('a load of HTTP has nothing of gRPC', () => {
  const { trial } = planned({ script: 'own.js', rate: undefined });
  expect(trial.loads[0]?.protocol).toBeUndefined();
});

test.each([
  [{ method: 'POST' }, 'load.method'],
  [{ path: '/cart' }, 'load.path'],
  [{ body: '{}' }, 'load.body'],
])('a load with %o has no place for it in a call of gRPC', (load, path) => {
  expect(mistakes(load)).toEqual([
    `${path}: shop speaks gRPC, and a load calls the one method that it has | leave ${path.slice(5)} out; headers are sent as metadata`,
  ]);
});

test('a status that gRPC has no word for is no error of an app that speaks it', () => {
  expect(mistakes({}, { kind: 'error', status: 503 })).toEqual([]);
  expect(mistakes({}, { kind: 'error', status: 502 })).toEqual([
    'faults.0.status: gRPC has no status that says what 502 does | of 400 and above: 400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504',
  ]);
});
