export { readDuration } from '../../go-duration.ts';

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
