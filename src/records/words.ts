import { formatMs, formatPercent, formatRate } from '../kit/format.ts';
import type { MeasureUnit } from '../model/measures.ts';

/** A number of a measure with its unit: "12.3 ms", "99.9 %", "412/s". */
export function formatMeasure(value: number, unit: MeasureUnit): string {
  switch (unit) {
    case 'ms':
      return formatMs(Number(value.toPrecision(4)));
    case 'share':
      return value === 0 ? '0 %' : formatPercent(Number(value.toPrecision(3)));
    case 'per-second':
      return formatRate(value);
    case 'bytes':
      return `${(value / 2 ** 20).toFixed(0)} MiB`;
    default:
      return String(Number(value.toPrecision(3)));
  }
}

/** A change as a share: "+12 %". */
export function formatChange(share: number): string {
  const percent = share * 100;
  const text = Math.abs(percent) >= 10 ? percent.toFixed(0) : percent.toFixed(1);
  return `${percent > 0 ? '+' : ''}${text} %`;
}
