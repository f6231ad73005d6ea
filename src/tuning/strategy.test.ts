import { expect, test } from 'vitest';
import { drawn } from '../../bench/draws.ts';
import type { Ask, Question } from './contract.ts';
import { parseObjective } from './objective.ts';
import { efforts } from './question.ts';
import { HeldBack, OutOfReach, searchLimits } from './strategy.ts';
import { runSimulated, type SimulatedService, simulateTrial } from './testing/simulated-service.ts';

const service: SimulatedService = { clients: 1, serviceMs: () => 200, servers: 60 };
const question: Question = {
  objective: parseObjective('p95 < 300ms, success >= 99.9%'),
  rate: 100,
  overload: 2,
  headroom: 0.1,
  clients: 1,
  servers: 1,
  limitsAtServers: false,
  limits: ['tcp.maxConnections', 'http.http1MaxPendingRequests'],
  bounds: {},
  written: {},
  budget: { ms: 600_000, trials: 100 },
  effort: efforts.usual,
  trialMs: 4_000,
};

function search(change: Partial<Question> = {}, on: SimulatedService = service, falseShare = 0, seed = 1) {
  const asked = { ...question, ...change };
  const draw = drawn(seed);
  return runSimulated(searchLimits(asked), (ask) => {
    const measured = simulateTrial(on, ask, asked, () => draw.between(0, 1));
    return draw.chance(falseShare) ? { ...measured, holds: !measured.holds } : measured;
  });
}

test('the smallest pool is what is under way at the nominal rate and its headroom', () => {
  const { result, asked } = search();
  expect(result).toMatchObject({
    ended: 'found',
    limits: { 'tcp.maxConnections': 22, 'http.http1MaxPendingRequests': 1 },
    stopped: 'narrow enough',
    missed: [],
    edges: [],
  });
  expect(result.tenthLess?.limits['tcp.maxConnections']).toBe(19);
  expect(result.tenthLess?.missed).toContain('success');
  expect(result.inferred).toMatchObject({ serviceMs: 200, underWay: 20 });
  expect(asked.length).toBeLessThan(35);
  // A connection serves five a second, so 22 of them serve 110.
  expect(result.knee?.low).toBeGreaterThanOrEqual(110);
  expect(result.knee?.high).toBeLessThanOrEqual(120);
});

test('a pool that a queue keeps alive through a short trial, and no longer, is not what it looks for', () => {
  // The queue may hold what comes in a second, so a pool of 19 of the 22 that are needed would hold for four.
  const { result, asked } = search({ objective: parseObjective('p95 < 2s, success >= 99%') });
  expect(result).toMatchObject({ ended: 'found', limits: { 'tcp.maxConnections': 22 }, edges: [] });
  const tried = asked.flatMap(({ limits }) =>
    limits === 'none' ? [] : (limits['tcp.maxConnections'] ?? []),
  );
  // Only the proof that less does not do goes below.
  expect(tried.filter((size) => size < 22)).toEqual([19]);
});

test('each of two clients has a pool of its own', () => {
  const { result } = search({ clients: 2, rate: 200 }, { ...service, clients: 2, servers: 120 });
  expect(result).toMatchObject({ ended: 'found', limits: { 'tcp.maxConnections': 22 } });
});

test('connections are divided among replicas, so it takes more of them', () => {
  const { result } = search({ servers: 4 }, { ...service, hosts: 4 });
  expect(result.ended).toBe('found');
  // With 29 three of four exact trials hold.
  expect(result.limits?.['tcp.maxConnections']).toBeGreaterThanOrEqual(27);
  expect(result.limits?.['tcp.maxConnections']).toBeLessThanOrEqual(32);
});

test('theory that is far off is found out', () => {
  // It takes the load for spread over two clients, and it comes through one.
  const { result } = search({ clients: 2, rate: 200 }, { ...service, servers: 120 });
  expect(result.inferred?.expected).toMatchObject({ 'tcp.maxConnections': 22 });
  expect(result.ended).toBe('found');
  expect(result.limits?.['tcp.maxConnections']).toBeGreaterThanOrEqual(43);
  expect(result.limits?.['tcp.maxConnections']).toBeLessThanOrEqual(46);
});

test('requests under way are limited where they share connections', () => {
  const { result } = search({ limits: ['http.http2MaxRequests'] });
  expect(result.ended).toBe('found');
  expect(result.limits?.['http.http2MaxRequests']).toBeGreaterThanOrEqual(22);
  expect(result.limits?.['http.http2MaxRequests']).toBeLessThanOrEqual(24);
});

test.each([1, 2, 3, 4, 5])('three false verdicts in a hundred do not mislead it, seed %i', (seed) => {
  const { result } = search({}, service, 0.03, seed);
  expect(result.ended).toBe('found');
  const found = result.limits?.['tcp.maxConnections'] ?? 0;
  expect(Math.abs(found - 22)).toBeLessThanOrEqual(2);
});

test('an objective that is missed without limits is out of reach', () => {
  expect(() => search({ objective: parseObjective('p95 < 150ms, success >= 99.9%') })).toThrow(OutOfReach);
});

test('a limit that is kept as it is written and lets too few in is told before any is tried', () => {
  const written = { 'http.http2MaxRequests': 15 };
  const asked: Ask[] = [];
  const strategy = searchLimits({ ...question, written });
  expect(() =>
    runSimulated(strategy, (ask) => {
      asked.push(ask);
      return simulateTrial({ ...service, written }, ask, question, () => 0.5);
    }),
  ).toThrow(HeldBack);
  expect(asked.every(({ limits }) => limits === 'none')).toBe(true);
});

test('servers that are saturated are told from those that are not', () => {
  const capacity = (servers: number) => search({}, { ...service, servers }).result.inferred?.capacity;
  expect(capacity(60)).toMatchObject({ saturated: false });
  expect(capacity(24)).toMatchObject({ saturated: true });
  expect(capacity(24)?.perSecond).toBeCloseTo(120, -1);
});

test('an answer at a bound that was given says so', () => {
  const bounds = { 'tcp.maxConnections': { lowest: 30, highest: 60 } };
  const { result } = search({ bounds });
  expect(result).toMatchObject({ ended: 'found', limits: { 'tcp.maxConnections': 30 } });
  expect(result.edges).toEqual([{ name: 'tcp.maxConnections', edge: 'lowest', given: true }]);
});

test('where no limits within the bounds meet the objective it ends with the nearest miss', () => {
  const bounds = { 'tcp.maxConnections': { lowest: 5, highest: 15 } };
  const { result } = search({ bounds });
  expect(result).toMatchObject({ ended: 'missed', limits: { 'tcp.maxConnections': 15 } });
  expect(result.missed).not.toEqual([]);
  expect(result.edges).toContainEqual({ name: 'tcp.maxConnections', edge: 'highest', given: true });
});

test.each([1, 2, 5])('a budget of %i trials is kept, and what is known by then is said', (trials) => {
  const { result, asked } = search({ budget: { ms: 600_000, trials } });
  expect(asked.length).toBeLessThanOrEqual(trials);
  expect(result).toMatchObject({ ended: 'undecided', stopped: 'budget' });
});

test('what an earlier run has shown is not tried again, and not believed where it is no longer so', () => {
  const earlier = {
    ...{ run: 'shop-1', rate: 100, underWay: 20, mostUnderWay: 30, offered: 200, goodput: 200 },
    service: { ms: 203, variation: 0.001 },
    capacity: { perSecond: 200, saturated: false },
  };
  const written = { 'tcp.maxConnections': 100 };
  const { result, asked } = search({ earlier, written }, { ...service, written });
  expect(result.ended).toBe('found');
  expect(Math.abs((result.limits?.['tcp.maxConnections'] ?? 0) - 22)).toBeLessThanOrEqual(1);
  expect(result.inferred).toMatchObject({ serviceMs: 203, drawn: { service: true, capacity: true } });
  expect(asked.filter(({ limits }) => limits === 'none').map(({ judged }) => judged)).toEqual(['nominal']);
  expect(asked.some(({ purpose }) => purpose === 'as written')).toBe(false);
  expect(asked.length).toBeLessThan(search({ written }, { ...service, written }).asked.length);

  const old = { ...earlier, service: { ms: 90, variation: 0 }, offered: 120 };
  const again = search({ earlier: old });
  expect(again.result).toMatchObject({ ended: 'found', limits: { 'tcp.maxConnections': 22 } });
  expect(again.result.inferred).toMatchObject({ serviceMs: 200, drawn: { service: false, capacity: false } });
  expect(again.asked.filter(({ limits }) => limits === 'none')).toHaveLength(2);
});

test('limits that are written are tried as they are, for comparison', () => {
  const written = { 'tcp.maxConnections': 100 };
  const { result, asked } = search({ written }, { ...service, written });
  expect(asked.filter(({ purpose }) => purpose === 'as written')).toHaveLength(2);
  expect(result).toMatchObject({ ended: 'found', limits: { 'tcp.maxConnections': 22 } });
});

test('the fewest requests that a connection has to carry are looked for where that is asked', () => {
  const written = { 'tcp.maxConnections': 30, 'http.http1MaxPendingRequests': 8 };
  const change = { limits: ['http.maxRequestsPerConnection'], written } as const;
  const { result, asked } = search(change, { ...service, written, handshakeMs: 200 });
  // 30 connections serve 110/s in 273 ms each: a third of the 200 ms for a new one still fits in.
  expect(result).toMatchObject({ ended: 'found', limits: { 'http.maxRequestsPerConnection': 3 } });
  // It refuses nobody, so there is nothing to prove under overload.
  expect(asked.filter(({ purpose, judged }) => purpose === 'proof' && judged === 'overload')).toEqual([]);
  expect(result.tenthLess).toBeUndefined();
});

test('a pool is looked for with connections that are kept, and then what they carry', () => {
  const limits = [
    'tcp.maxConnections',
    'http.http1MaxPendingRequests',
    'http.maxRequestsPerConnection',
  ] as const;
  const written = { 'http.maxRequestsPerConnection': 1 };
  const on = { ...service, written, handshakeMs: 20 };
  const { result, asked } = search({ limits, written }, on);
  expect(result.ended).toBe('found');
  // 22 have nothing to spare, not even for a new connection now and then.
  expect(result.limits?.['tcp.maxConnections']).toBe(23);
  expect(result.limits?.['http.maxRequestsPerConnection']).toBeGreaterThan(3);
  const pools = asked.filter(({ purpose }) => purpose === 'tcp.maxConnections');
  expect(
    pools.every(
      (ask) => ask.limits !== 'none' && ask.limits['http.maxRequestsPerConnection'] === 2_147_483_647,
    ),
  ).toBe(true);
});
