import type { Draw } from './chance.ts';

/** Draws how long one request is served, in milliseconds. */
export type ServiceTime = (draw: Draw) => number;

// The standard normal deviate that 99 % of draws stay under.
const Z99 = 2.326_347_874;

/** Longer than this nobody waits for an answer. */
const MOST_MS = 3_600_000;

/** "5ms", "1.5s" → milliseconds; undefined when it is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (match[2] === 's' ? 1_000 : 1);
}

/**
 * `constant:5ms`, `exponential:5ms` (the mean), `lognormal:5ms,20ms` (median and p99);
 * undefined when it is none of them, or says more than an hour. No draw is longer than that either.
 */
export function parseServiceTime(text: string): ServiceTime | undefined {
  const [shape, parameters = '', ...rest] = text.split(':');
  const [firstMs, secondMs, ...more] = parameters.split(',').map(parseDurationMs);
  if (firstMs === undefined || rest.length > 0 || more.length > 0) return undefined;
  if (Math.max(firstMs, secondMs ?? 0) > MOST_MS) return undefined;
  if (shape === 'lognormal') {
    if (secondMs === undefined || firstMs <= 0 || secondMs < firstMs) return undefined;
    const sigma = Math.log(secondMs / firstMs) / Z99;
    return (draw) => Math.min(MOST_MS, firstMs * Math.exp(sigma * drawNormal(draw)));
  }
  if (parameters.includes(',')) return undefined;
  if (shape === 'constant') return () => firstMs;
  // 1 - draw() is never 0, whose logarithm is infinite.
  if (shape === 'exponential') return (draw) => Math.min(MOST_MS, -Math.log(1 - draw()) * firstMs);
  return undefined;
}

/** Box-Muller. */
function drawNormal(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}
