import { expect, test } from 'vitest';
import { drawn } from '../../bench/draws.ts';
import { outagePlan } from '../analysis/testing/outage.ts';
import type { Inferred, Measured, Question } from './contract.ts';
import { parseObjective } from './objective.ts';
import { efforts } from './question.ts';
import { foreseen, type Shape, shapesOf, verifyShape } from './scaling.ts';
import { runSimulated, simulateTrial } from './testing/simulated-service.ts';

const question: Question = {
  objective: parseObjective('p95 < 300ms, success >= 99.9%'),
  rate: 100,
  overload: 2,
  headroom: 0.1,
  clients: 1,
  servers: 3,
  limitsAtServers: true,
  limits: ['tcp.maxConnections', 'http.http1MaxPendingRequests'],
  bounds: {},
  written: {},
  budget: { ms: 600_000, trials: 100 },
  effort: efforts.usual,
  trialMs: 4_000,
};
const inferred: Inferred = {
  serviceMs: 200,
  serviceVariation: 0,
  underWay: 20,
  capacity: { perSecond: 150, saturated: true },
  expected: {},
  expectedAtRandom: {},
};
const found = { limits: { 'tcp.maxConnections': 24, 'http.http1MaxPendingRequests': 1 }, inferred };
// Two replicas of edge-app, both in local/east.
const { topology } = outagePlan([]);
const shape = (change: Partial<Shape>): Shape => ({
  ...{ name: 'one replica less', topology, clients: 1, servers: 3, limitsAtServers: true },
  ...change,
});

test('shapes are those that the topology can have', () => {
  const [server] = topology.instances.filter(({ role }) => role === 'server');
  if (server === undefined) throw new Error('no server');
  const west = {
    ...server,
    name: 'edge-app-west-1',
    workload: 'edge-app-west',
    replica: 1,
    locality: 'local/west',
  };
  const uneven = { ...topology, instances: [...topology.instances, west] };
  const calls = { from: 'frontend', to: 'edge-app' };
  const shapes = shapesOf(uneven, calls, true);
  expect(shapes.map(({ name, clients, servers }) => [name, clients, servers])).toEqual([
    ['one more client', 2, 3],
    ['one replica less', 1, 2],
    ['a zone lost', 1, 1],
    ['rolling restart', 1, 3],
  ]);
  const names = shapes.map((each) => each.topology.instances.map(({ name }) => name).sort());
  expect(names[0]).toEqual([
    'edge-app-east-1',
    'edge-app-east-2',
    'edge-app-west-1',
    'frontend-1',
    'frontend-2',
  ]);
  expect(names[1]).toEqual(['edge-app-east-1', 'edge-app-west-1', 'frontend-1']);
  expect(names[2]).toEqual(['edge-app-west-1', 'frontend-1']);
  expect(shapes[3]?.restarted).toHaveLength(3);
  const alone = {
    ...topology,
    instances: topology.instances.filter(({ name }) => name !== 'edge-app-east-2'),
  };
  expect(shapesOf(alone, calls, true).map(({ name }) => name)).toEqual(['one more client']);
});

test('the model says what is let in, what servers can do of it, and whether that is in time', () => {
  expect(foreseen(question, found, shape({}), 100)).toMatchObject({ holds: true, goodput: 100, refused: 0 });
  const overload = foreseen(question, found, shape({}), 200);
  expect(overload).toMatchObject({ holds: true, goodput: 120 });
  expect(overload.refused).toBeCloseTo(0.4);
  // The servers can do half of 150/s then, and what is let in has them all to itself for as long.
  const less = foreseen(question, found, shape({ servers: 1 }), 200);
  expect(less).toMatchObject({ holds: false, goodput: 50 });
  // Two pools let twice as much in.
  const more = foreseen(question, found, shape({ clients: 2 }), 200);
  expect(more.goodput).toBe(150);
  // Connections of many replicas are divided among these: with fewer replicas the same load needs fewer.
  const tight = { ...found, limits: { 'tcp.maxConnections': 21 } };
  expect(foreseen(question, tight, shape({}), 100).holds).toBe(false);
  expect(foreseen(question, tight, shape({ servers: 2 }), 100)).toMatchObject({ holds: true });
});

test('what was never seen of the servers is an assumption', () => {
  const unseen = { ...found, inferred: { ...inferred, capacity: { perSecond: 200, saturated: false } } };
  expect(foreseen(question, unseen, shape({}), 100).assuming).toBeUndefined();
  expect(foreseen(question, unseen, shape({ servers: 1 }), 100)).toMatchObject({
    holds: true,
    assuming: 'each replica can do more than it was seen to do',
  });
});

test('a rolling restart costs what each replica has under way when it goes', () => {
  const { instances } = topology;
  const restart = shape({ name: 'rolling restart', restarted: instances.slice(0, 3) });
  const { holds, goodput } = foreseen(question, found, restart, 100);
  // 20 under way of 400 requests, all three replicas together.
  expect(goodput).toBeCloseTo(95);
  expect(holds).toBe(false);
});

test('trials of a shape stand beside the model, and are repeated where they contradict it', () => {
  const service = { clients: 1, serviceMs: () => 200, servers: 30 };
  const draw = drawn(1);
  const chance = () => draw.between(0, 1);
  const { result, asked } = runSimulated(verifyShape(question, found, shape({})), (ask) =>
    simulateTrial(service, ask, question, chance),
  );
  expect(asked.map(({ judged, shape: name }) => [judged, name])).toEqual([
    ['nominal', 'one replica less'],
    ['overload', 'one replica less'],
  ]);
  expect(result.map(({ agrees }) => agrees)).toEqual([true, true]);

  const other = { purpose: 'other shape', judged: 'nominal', rate: 100, limits: 'none' } as const;
  const misses: Measured = simulateTrial(service, other, question, chance);
  const contradicted = runSimulated(verifyShape(question, found, shape({})), () => ({
    ...misses,
    holds: false,
    missed: ['success'],
    goodput: 60,
  }));
  expect(contradicted.asked).toHaveLength(4);
  expect(contradicted.result[0]).toMatchObject({
    agrees: false,
    measured: { holds: false, goodput: 60, trials: 2, held: 0, why: ['success'] },
  });
});

test('what trials cannot tell is left open', () => {
  const strategy = verifyShape(question, found, shape({}));
  strategy.next();
  strategy.next(undefined);
  const { value } = strategy.next(undefined);
  expect(value).toMatchObject([{ judged: 'nominal' }, { judged: 'overload' }]);
  expect((value as readonly { measured?: unknown }[]).every(({ measured }) => measured === undefined)).toBe(
    true,
  );
});
