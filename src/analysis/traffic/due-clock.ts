import { percentileOf } from '../../kit/percentile.ts';
import { release } from '../../kit/release.ts';

/** How the load's clock and the client sidecar's stand to each other, and how late requests started. */
export interface DueClock {
  /** Requests that said when they were due. */
  readonly samples: number;
  /** What to take from (start - due) to get a request's lateness. */
  readonly offsetMs: number;
  readonly lagP99Ms: number | undefined;
  readonly lagMaxMs: number | undefined;
}

/**
 * Start less due time is lateness plus a constant: the difference of two clocks and the way to the sidecar.
 * Lateness cannot be negative and some request is always nearly on time, so the smallest difference is that
 * constant; the smallest 0.1 % (one at least) are left out, because a single wrong stamp must not move every
 * latency. Latencies are therefore understated by the fastest way to the sidecar, some 0.1 ms on loopback.
 */
export function calibrate(
  rawLagMs: Float32Array,
  length: number,
  /** Whether a row counts for lateness; warming up is late by nature, and no check looks at it. */
  counts: (row: number) => boolean = () => true,
): DueClock {
  const values = rawLagMs.slice(0, length);
  const known = sortedNumbers(values);
  const samples = known.length;
  const outliers = samples < 20 ? 0 : Math.max(1, Math.floor(samples / 1_000));
  const offsetMs = known[outliers] ?? 0;
  let settled = 0;
  for (let row = 0; row < length; row += 1) {
    if (counts(row)) values[settled++] = rawLagMs[row] as number;
  }
  const judged = sortedNumbers(values.subarray(0, settled));
  const lag = (percentile: number) => {
    const value = percentileOf(judged, percentile);
    return value === undefined ? undefined : Math.max(0, value - offsetMs);
  };
  const clock = { samples, offsetMs, lagP99Ms: lag(99), lagMaxMs: lag(100) };
  release(values);
  return clock;
}

/** Sorts in place and leaves out what is not a number. */
function sortedNumbers(values: Float32Array): Float32Array {
  values.sort(); // NaN comes last
  let length = values.length;
  while (length > 0 && Number.isNaN(values[length - 1])) length -= 1;
  return values.subarray(0, length);
}
