import { parseSeed, randomSeed, SEED_TEXT } from '../apps/edge-app/src/chance.ts';
import { seedOf } from '../src/model/seed.ts';

/** How many points a bench is to try, and what they are drawn from: `-- [points] [seed]`. */
export interface Points {
  readonly count: number;
  readonly seed: number;
  /** A number from 0 to 1 of one point, the same for a seed every time. */
  draw(point: number, what: string): number;
}

export function pointsAsked(usual: number, asked: readonly string[] = process.argv.slice(2)): Points {
  const [count = String(usual), given] = asked;
  const seed = given === undefined ? randomSeed() : parseSeed(given);
  if (!/^[1-9]\d*$/.test(count) || seed === undefined) {
    throw new Error(`give how many points, and for the same ones again a seed: ${SEED_TEXT}`);
  }
  return {
    count: Number(count),
    seed,
    draw: (point, what) => seedOf(seed, `${point} ${what}`) / 2 ** 32,
  };
}

/** Lines of a table with its columns below each other. */
export function printTable(rows: readonly (readonly (string | number)[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => String(cell).padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
