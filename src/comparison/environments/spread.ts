/** What the valid runs of one environment showed of one number. */
export interface Spread {
  /** One per valid run, in their order; null where a run had none: never ejected, nothing answered. */
  readonly values: readonly (number | null)[];
  /** Of the values that there are; null where there are none. */
  readonly lowest: number | null;
  readonly median: number | null;
  readonly highest: number | null;
}

export function spreadOf(values: readonly (number | undefined)[]): Spread {
  const present = values.filter((value) => value !== undefined);
  const of = (pick: (some: readonly number[]) => number) => (present.length === 0 ? null : pick(present));
  return {
    values: values.map((value) => value ?? null),
    lowest: of((some) => Math.min(...some)),
    median: of(medianOf),
    highest: of((some) => Math.max(...some)),
  };
}

/** Of an even number of values, the middle between the two in the middle; NaN without values. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return (at(Math.floor(half)) + at(Math.ceil(half))) / 2;
}
