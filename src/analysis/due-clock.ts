import { percentileOf } from './percentile.ts';

/** How the load's clock and the client sidecar's stand to each other, and how late requests started. */
export interface DueClock {
  /** Requests that said when they were due. */
  readonly samples: number;
  /** What to take from (start - due) to get a request's lateness. */
  readonly offsetMs: number;
  readonly lagP50Ms: number | undefined;
  readonly lagP99Ms: number | undefined;
  readonly lagMaxMs: number | undefined;
}

/**
 * Start less due time is lateness plus a constant: the difference of two clocks and the way to the sidecar.
 * Lateness cannot be negative and some request is always nearly on time, so the smallest difference is that
 * constant; the smallest 0.1 % (one at least) are left out, because a single wrong stamp must not move every
 * latency. Latencies are therefore understated by the fastest way to the sidecar, some 0.1 ms on loopback.
 */
export function calibrate(rawLagMs: Float32Array, length: number): DueClock {
  // NaN sorts last.
  const sorted = rawLagMs.slice(0, length).sort();
  let samples = length;
  while (samples > 0 && Number.isNaN(sorted[samples - 1])) samples -= 1;
  const known = sorted.subarray(0, samples);
  const outliers = samples < 20 ? 0 : Math.max(1, Math.floor(samples / 1_000));
  const offsetMs = known[outliers] ?? 0;
  const lag = (percentile: number) => {
    const value = percentileOf(known, percentile);
    return value === undefined ? undefined : Math.max(0, value - offsetMs);
  };
  return {
    samples,
    offsetMs,
    lagP50Ms: lag(50),
    lagP99Ms: lag(99),
    lagMaxMs: lag(100),
  };
}
