import type { Latencies } from '../../checks/facts.ts';
import { percentileOf } from '../../kit/percentile.ts';

/** Sorts `values` in place. */
export function latenciesOf(values: Float32Array): Latencies {
  values.sort();
  return { count: values.length, percentile: (percentile) => percentileOf(values, percentile) };
}
