/** The value at a percentile from 0 to 100 of sorted values, by nearest rank; undefined without values. */
export function percentileOf(sorted: ArrayLike<number>, percentile: number): number | undefined {
  if (sorted.length === 0) return undefined;
  const rank = Math.ceil((percentile / 100) * sorted.length - 1e-9);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1];
}
