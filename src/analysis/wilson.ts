/** z of a two-sided 99 % interval. */
const Z = 2.576;

/** Wilson's 99 % interval for a share, sound for few samples and for shares near 0 and 1. */
export function wilson(hits: number, samples: number): { readonly low: number; readonly high: number } {
  if (samples === 0) return { low: 0, high: 1 };
  const share = hits / samples;
  const z2 = (Z * Z) / samples;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / samples + z2 / (4 * samples));
  return {
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits === samples ? 1 : Math.min(1, middle + half),
  };
}
