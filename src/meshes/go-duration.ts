const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  // The Greek letter, which looks the same.
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+\.?\d*|\.\d+)(ns|[uµμ]s|ms|s|m|h)/g;
const whole = new RegExp(`^\\+?(?:${part.source})+$`);

/** A duration as Go writes it, "1m30s", in milliseconds; undefined when it is none, or below 0. */
export function readDuration(written: unknown): number | undefined {
  if (typeof written !== 'string') return undefined;
  // The one that needs no unit.
  if (/^[+-]?0$/.test(written)) return 0;
  if (!whole.test(written)) return undefined;
  let total = 0;
  for (const [, amount, unit] of written.matchAll(part)) {
    total += Number(amount) * (units[unit ?? ''] ?? Number.NaN);
  }
  return Number(total.toFixed(6));
}
