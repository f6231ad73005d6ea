import { plural } from '../../kit/format.ts';
import type { Path } from '../../kit/path.ts';
import type { Mistake } from '../../kit/problems.ts';
import type { LoadOf } from './contract.ts';
import { requestOf, routeOf } from './lines.ts';

/** k6 takes whole numbers per time unit; a minute keeps a rate of 0.5/s exact enough. */
const timeUnitSeconds = 60;
const leastRate = 1 / timeUnitSeconds;

/** Requests per second → what k6 is told. */
export const perTimeUnit = (perSecond: number) => Math.max(1, Math.round(perSecond * timeUnitSeconds));

/** Requests per second → requests per millisecond that k6 then sends. */
export const perMs = (perSecond: number) => perTimeUnit(perSecond) / (timeUnitSeconds * 1_000);

/** What all of k6's executors with an arrival rate need. */
export const arrivals = ({ users }: LoadOf<unknown>) => ({
  timeUnit: `${timeUnitSeconds}s`,
  preAllocatedVUs: users,
  maxVUs: users,
});

/** Why k6 cannot keep a rate above 0 that is so low. */
export function rareRate(path: Path, rate: number): Mistake[] {
  if (rate === 0 || rate >= leastRate) return [];
  const perMinute = Number((rate * 60).toPrecision(3));
  const message = `expected at least one request a minute, got ${perMinute}/m`;
  return [{ path, at: 'value', message, hint: '1/m is the slowest load' }];
}

/** `rate` is how its rate reads: "100/s". */
export function openLoopLines(load: LoadOf<unknown>, rate: string): string[] {
  return [
    `${rate} in an open loop ${routeOf(load)}`,
    `${requestOf(load)}, ${plural(load.users, 'virtual user')}${load.direct ? '; the same past the mesh' : ''}`,
  ];
}
