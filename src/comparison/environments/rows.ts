import type { Unit } from '../../checks/contract.ts';
import type { CheckResults, Compared, Comparison, Tally } from './compare.ts';
import type { Spread } from './spread.ts';
import { formatValues } from './units.ts';

/** One line of the table. */
interface Row {
  readonly name: string;
  /** One per column of `headOf`. */
  readonly cells: readonly string[];
  /** False where valid runs differ in a status. */
  readonly same: boolean;
}

const NOTHING = '–';

export function headOf({ rounds, compared }: Comparison): string[] {
  return compared.flatMap((environment, index) => [
    environment,
    rounds === 1 ? 'status' : 'passed',
    ...(index === 0 ? [] : ['ratio']),
  ]);
}

/** The lines that both the terminal and Markdown show. */
export function rowsOf(comparison: Comparison): Row[] {
  const { rounds, compared, checks, figures } = comparison;
  const cells = (
    of: (environment: Compared) => readonly [value: string, status: string, ratio: number | undefined],
  ) =>
    compared.flatMap((environment, index) => {
      const [value, status, ratio] = of(environment);
      return [value, status, ...(index === 0 ? [] : [formatRatio(ratio)])];
    });
  return [
    ...verdictRows(comparison),
    ...checks.map(({ name, window, unit, environments, same }) => ({
      name: `${name} (${window})`,
      cells: cells((environment) => {
        const results = environments[environment];
        return [formatResults(results, unit), formatStatuses(results.statuses, rounds), results.ratio];
      }),
      same,
    })),
    ...figures.map(({ name, unit, environments }) => ({
      name,
      cells: cells((environment) => {
        const spread = environments[environment];
        return [formatSpread(spread, unit), '', spread.ratio];
      }),
      same: true,
    })),
  ];
}

function verdictRows({ rounds, compared, sameVerdict, verdicts }: Comparison): Row[] {
  const row = (name: string, same: boolean, of: (verdicts: Tally) => string): Row => ({
    name,
    cells: compared.flatMap((environment, index) => [
      of(verdicts[environment]),
      '',
      ...(index === 0 ? [] : ['']),
    ]),
    same,
  });
  if (rounds === 1) return [row('verdict', sameVerdict, onlyStatus)];
  const anyInvalid = compared.some((environment) => verdicts[environment].invalid > 0);
  return [
    row('verdict', sameVerdict, formatVerdicts),
    ...(anyInvalid ? [row('invalid, left out', true, ({ invalid }) => `${invalid} of ${rounds}`)] : []),
  ];
}

/** { pass: 3, fail: 1, invalid: 1 } → "pass 3 of 4, fail 1". */
function formatVerdicts({ pass, fail }: Tally): string {
  const of = ` of ${pass + fail}`;
  if (pass === 0) return fail === 0 ? NOTHING : `fail ${fail}${of}`;
  return `pass ${pass}${of}${fail === 0 ? '' : `, fail ${fail}`}`;
}

function formatStatuses(statuses: Tally, rounds: number): string {
  const total = statuses.pass + statuses.fail + statuses.invalid;
  if (total === 0) return NOTHING;
  return rounds === 1 ? onlyStatus(statuses) : `${statuses.pass}/${total}`;
}

const onlyStatus = (statuses: Tally) =>
  (['pass', 'fail', 'invalid'] as const).find((status) => statuses[status] > 0) ?? NOTHING;

/** "0.68 · 0.93 · 1.56 s; never 2×": what had no value is counted in the report's words. */
function formatResults(results: CheckResults, unit: Unit): string {
  const { values, observed } = results;
  const [only] = observed;
  if (only !== undefined && observed.length === 1) return only;
  const wordless = observed.filter((_, index) => values[index] === null);
  const words = [...new Set(wordless)].map(
    (word) => `${word} ${wordless.filter((other) => other === word).length}×`,
  );
  const numbers = results.median === null ? [] : [formatSpread(results, unit)];
  return [...numbers, ...words].join('; ') || NOTHING;
}

/** Lowest, median and highest, or the one value that all runs had. */
function formatSpread({ lowest, median, highest }: Spread, unit: Unit): string {
  if (lowest === null || median === null || highest === null) return NOTHING;
  return formatValues(lowest === highest ? [median] : [lowest, median, highest], unit);
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? NOTHING : ratio.toFixed(2);
}
