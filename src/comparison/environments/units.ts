import type { Unit } from '../../checks/contract.ts';
import { formatCount, formatPercent } from '../../kit/format.ts';
import { medianOf } from './spread.ts';

/** [77, 185.4, 323], 'ms' → "77 · 185 · 323 ms": all with the unit and the decimals that suit their median. */
export function formatValues(values: readonly number[], unit: Unit): string {
  const join = (format: (value: number) => string) => values.map(format).join(' · ');
  const median = medianOf(values);
  switch (unit) {
    case 'count':
      return join((value) => (Number.isInteger(value) ? formatCount(value) : value.toFixed(1)));
    case 'ratio':
      return join((value) => value.toFixed(2));
    case 'per-second':
      return `${join((value) => value.toFixed(decimalsOf(median)))} /s`;
    case 'share':
      return `${join(percentWriter(values))} %`;
    case 'ms': {
      const [symbol, size] = median >= 1_000 ? ['s', 1_000] : ['ms', 1];
      return `${join((value) => (value / size).toFixed(decimalsOf(median / size)))} ${symbol}`;
    }
  }
}

/** Three digits. */
const decimalsOf = (value: number) => (value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** Near none or all, decimals are what tells shares apart: 99.984 % is not 100 %. */
function percentWriter(shares: readonly number[]): (share: number) => string {
  const distances = shares.map((share) => Math.min(share, 1 - share)).filter((distance) => distance > 0);
  const nearest = Math.min(...distances);
  const decimals = nearest >= 0.1 ? 1 : nearest >= 0.01 ? 2 : 3;
  return (share) => {
    const text = (share * 100).toFixed(decimals);
    return Number(text) % 100 === 0 ? formatPercent(share).replace(' %', '') : text;
  };
}
