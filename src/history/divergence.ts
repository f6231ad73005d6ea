/** Where a series may be cut, and how different both parts are. */
export interface Cut {
  /** Index of the first value of the second part. */
  readonly index: number;
  readonly divergence: number;
}

/**
 * The divergence of E-divisive between parts of a series, by Matteson and James (https://arxiv.org/abs/1306.4933) with
 * absolute differences: how far values of the first part are from those of the second, less how far they are from their
 * own. Sums of differences are prepared once, so each pair of parts takes constant time.
 */
export class Divergence {
  /** By two ends: the sum of |x_i - x_j| over all i and j below them. */
  readonly #sums: readonly Float64Array[];

  constructor(series: readonly number[]) {
    const sums = [new Float64Array(series.length + 1)];
    for (const [row, value] of series.entries()) {
      const above = sums[row] ?? new Float64Array(series.length + 1);
      const line = new Float64Array(series.length + 1);
      let sum = 0;
      for (const [column, other] of series.entries()) {
        sum += Math.abs(value - other);
        line[column + 1] = (above[column + 1] ?? 0) + sum;
      }
      sums.push(line);
    }
    this.#sums = sums;
  }

  /** Between the values from `start` to `cut` and those from `cut` to `end`, neither of which is empty. */
  between(start: number, cut: number, end: number): number {
    const [n, m] = [cut - start, end - cut];
    const apart = this.#sum(start, cut, cut, end);
    const first = this.#sum(start, cut, start, cut) / 2;
    const second = this.#sum(cut, end, cut, end) / 2;
    return (
      (2 / (m + n)) * apart -
      (n > 1 ? ((2 * m) / (m + n) / (n - 1)) * first : 0) -
      (m > 1 ? ((2 * n) / (m + n) / (m - 1)) * second : 0)
    );
  }

  /** The best cut between two ends, where the second part may end anywhere; undefined for fewer than two values. */
  best(start: number, end: number): Cut | undefined {
    let found: Cut | undefined;
    for (let index = start + 1; index < end; index += 1) {
      for (let to = index + 1; to <= end; to += 1) {
        const divergence = this.between(start, index, to);
        if (found === undefined || divergence > found.divergence) found = { index, divergence };
      }
    }
    return found;
  }

  #sum(fromRow: number, toRow: number, fromColumn: number, toColumn: number): number {
    const at = (row: number, column: number) => this.#sums[row]?.[column] ?? 0;
    return at(toRow, toColumn) - at(fromRow, toColumn) - at(toRow, fromColumn) + at(fromRow, fromColumn);
  }
}
