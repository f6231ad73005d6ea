import { expect, test } from 'vitest';
import type { LoadTotals } from '../model/evidence.ts';
import { loadsOfClients, NO_LOAD } from './loads.ts';
import { client } from './testing/build-evidence.ts';

const instances = [client('frontend-1'), client('frontend-2'), { ...client('batch-1'), service: 'batch' }];

const load = (from: string, loop: LoadTotals['loop']): LoadTotals => ({
  name: `${loop} of ${from}`,
  from,
  exitCode: 0,
  startedAt: 1,
  iterations: 1,
  droppedIterations: 0,
  requests: 1,
  answers: {},
  latencyMs: {},
  maxUsers: 1,
  carriesDue: loop === 'open',
  loop,
  cpus: 2,
});
const of = (...loads: LoadTotals[]) => loadsOfClients(loads, instances);

const none = { silent: NO_LOAD, first: NO_LOAD };

test('the only load of a client has all of its requests, or those that say when they were due', () => {
  const open = { silent: NO_LOAD, first: 0 };
  expect(of(load('frontend', 'open'))).toEqual([open, open, none]);
  const silent = { silent: 0, first: 0 };
  expect(of(load('frontend', 'closed'))).toEqual([silent, silent, none]);
  expect(of(load('frontend', 'script'))).toEqual([silent, silent, none]);
});

test('loads of different clients are told apart by their clients', () => {
  const [frontend, , batch] = of(load('frontend', 'open'), load('batch', 'closed'));
  expect(frontend).toEqual({ silent: NO_LOAD, first: 0 });
  expect(batch).toEqual({ silent: 1, first: 1 });
});

test('where a client sends several, only a script says nothing', () => {
  const [frontend] = of(load('frontend', 'script'), load('frontend', 'closed'), load('frontend', 'open'));
  expect(frontend).toEqual({ silent: 0, first: 1 });
});

test('without totals everything that clients have sent is the load', () => {
  expect(of()).toEqual(instances.map(() => ({ silent: 0, first: 0 })));
});
