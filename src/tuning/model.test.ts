import { expect, test } from 'vitest';
import {
  blocked,
  type Demand,
  fewestServers,
  fewestWithoutQueue,
  longestQueue,
  serviceSecondsAt,
  underWay,
  waiting,
  waitingBeyond,
} from './model.ts';

const demand: Demand = { rate: 100, serviceSeconds: 0.2, serviceVariation: 0, arrivalVariation: 0 };

test('as many are under way as come while one is served', () => {
  expect(underWay(demand)).toBeCloseTo(20);
});

test('Erlang B and C are what tables say', () => {
  // https://en.wikipedia.org/wiki/Erlang_(unit), and 10 erlangs on 10 servers: 21.46 %.
  expect(blocked(10, 10)).toBeCloseTo(0.2146, 4);
  expect(blocked(1, 1)).toBeCloseTo(0.5);
  // Of one server, who comes while it is taken waits.
  expect(waiting(1, 0.5)).toBeCloseTo(0.5);
  expect(waiting(10, 8)).toBeCloseTo(0.4092, 4);
  expect(waiting(5, 6)).toBe(1);
});

test('a wait is exponential behind servers of M/M/c', () => {
  const random = { ...demand, serviceVariation: 1, arrivalVariation: 1 };
  const share = waitingBeyond(24, random, 0.05);
  expect(share).toBeCloseTo(waiting(24, 20) * Math.exp(-((24 - 20) / 0.2) * 0.05), 6);
});

test('even requests that take equally long need what is under way, and others more', () => {
  expect(fewestServers(demand, 0.05, 0.05)).toBe(20);
  expect(fewestServers({ ...demand, serviceVariation: 1 }, 0.05, 0.05)).toBeGreaterThan(20);
  expect(fewestWithoutQueue(demand, 0.001)).toBe(20);
  const even = fewestWithoutQueue({ ...demand, serviceVariation: 1 }, 0.001);
  const random = fewestWithoutQueue({ ...demand, serviceVariation: 1, arrivalVariation: 1 }, 0.001);
  expect(even).toBeGreaterThan(20);
  expect(random).toBeGreaterThan(even);
});

test('a queue is as long as what is served in the time that is left', () => {
  expect(longestQueue(20, 0.2, 0.1)).toBe(10);
  expect(longestQueue(20, 0.2, 0)).toBe(1);
});

test('percentiles of a service time follow from its mean and variation', () => {
  expect(serviceSecondsAt(99, demand)).toBeCloseTo(0.2);
  // Log-normal with a median of 5 ms and a p99 of 20 ms.
  const sigma = Math.log(4) / 2.3263;
  const lognormal = {
    serviceSeconds: 0.005 * Math.exp((sigma * sigma) / 2),
    serviceVariation: Math.exp(sigma * sigma) - 1,
  };
  expect(serviceSecondsAt(99, lognormal)).toBeCloseTo(0.02, 4);
  expect(serviceSecondsAt(50, lognormal)).toBeCloseTo(0.005, 4);
});
