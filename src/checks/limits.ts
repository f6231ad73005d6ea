/** A number's limits and how they read. */
export interface Limits {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

export function isWithin(value: number, { atLeast, atMost }: Limits): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** "at least 99.9 %", "at least 1 and at most 3". */
export function formatLimits({ atLeast, atMost }: Limits, format: (value: number) => string): string {
  return [
    ...(atLeast === undefined ? [] : [`at least ${format(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${format(atMost)}`]),
  ].join(' and ');
}

/** Requests below which a share says too little: one request more or less moves it by over 3 %. */
export const NEEDED_REQUESTS = 30;

/** Two readings make a difference of counters. */
export const NEEDED_STATISTICS = 2;

/** A percentile needs five samples beyond it (p95 100, p99 500) and never fewer than a share does. */
export function neededForPercentile(percentile: number): number {
  if (percentile >= 100) return NEEDED_REQUESTS;
  return Math.max(NEEDED_REQUESTS, Math.ceil(5 / (1 - percentile / 100) - 1e-6));
}
