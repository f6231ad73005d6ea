const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it, "1m30s", "0.5s", in milliseconds; undefined when it is none. */
export function readDuration(written: unknown): number | undefined {
  if (typeof written !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(written))
    return undefined;
  let total = 0;
  for (const [, amount, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (milliseconds[unit ?? ''] ?? Number.NaN);
  }
  return Number(total.toFixed(6));
}

/** A number above zero: Istio takes 0 for "not set" in most places. */
export function readPositive(written: unknown): number | undefined {
  const value = readNumber(written);
  return value !== undefined && value > 0 ? value : undefined;
}

export function readNumber(written: unknown): number | undefined {
  return typeof written === 'number' ? written : undefined;
}

export function readBoolean(written: unknown): boolean | undefined {
  return typeof written === 'boolean' ? written : undefined;
}

/** 2^32 - 1, Istio's word for no limit. */
const unlimited = 4_294_967_295;

export const limitOf = (value: number) => (value === unlimited ? null : value);
