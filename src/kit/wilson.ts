/** z of two-sided intervals. */
const zOf = { '99 %': 2.576, '99.99 %': 3.891 } as const;

/** Wilson's interval for a share, sound for few samples and for shares near 0 and 1. */
export function wilson(
  hits: number,
  samples: number,
  confidence: keyof typeof zOf = '99 %',
): { readonly low: number; readonly high: number } {
  const z = zOf[confidence];
  if (samples === 0) return { low: 0, high: 1 };
  const share = hits / samples;
  const z2 = (z * z) / samples;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (z / (1 + z2)) * Math.sqrt((share * (1 - share)) / samples + z2 / (4 * samples));
  return {
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits === samples ? 1 : Math.min(1, middle + half),
  };
}
