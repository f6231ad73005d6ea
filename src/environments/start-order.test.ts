import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { planScenario } from '../plan/plan.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { startReplica, startRounds } from './start-order.ts';

const at = (name: string, ...asks: readonly string[]) => ({
  app: { startCalls: asks.map((to) => ({ to })) },
  workloads: [{ name, locality: 'region1/east', replicas: name === 'shop' ? 2 : 1 }],
});

const { topology } = planScenario(
  loadedScenario({
    name: 'order',
    description: 'Apps that ask others at their start.',
    topology: {
      services: {
        front: at('front', 'shop', 'stock'),
        shop: at('shop', 'stock'),
        stock: at('stock'),
        client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
      },
    },
    load: { from: 'client', to: 'front', rate: '100/s', duration: '30s' },
    checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
  }),
);

test('who asks others at its start is started when they are there', () => {
  const { first, later } = startRounds(topology.instances);
  const names = (of: typeof first) => of.map(({ name }) => name);
  expect(names(first)).toEqual(['stock-1']);
  expect(later.map(names)).toEqual([['shop-1', 'shop-2'], ['front-1']]);
});

test.for([
  ['an app that is held waits for its sidecar', true, true, 'sidecar, sidecar is there, app, app is there'],
  ['one that asks at its start comes before it', true, false, 'app, app is there, sidecar, sidecar is there'],
  ['others come together', false, false, 'app, sidecar, app is there, sidecar is there'],
] as const)('%s', async ([, asks, holdsApp, order]) => {
  const done: string[] = [];
  const start = (what: string) => async () => {
    done.push(what);
    await turn();
    done.push(`${what} is there`);
  };
  const app = topology.instances.find(({ service }) => service === (asks ? 'shop' : 'stock'))?.app;
  await startReplica(
    { ...(app && { app }), sidecar: { holdsApp, drainMs: 5_000, exitsWhenIdle: false } },
    { app: start('app'), sidecar: start('sidecar') },
  );
  expect(done.join(', ')).toBe(order);
});
