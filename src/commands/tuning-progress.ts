import pc from 'picocolors';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { pad } from '../kit/columns.ts';
import { formatMs, formatPercent, formatRate, plural } from '../kit/format.ts';
import type { Progress } from '../kit/terminal.ts';
import type { Ask, Budget, Told } from '../tuning/contract.ts';
import type { TrialRecord } from '../tuning/journal.ts';
import { limitsOf } from '../tuning/report.ts';
import type { TuningWatcher } from '../tuning/tune.ts';

const columns = [
  { head: 'trial', width: 5, side: 'start' },
  { head: 'result', width: 7, side: 'end' },
  { head: 'offered', width: 8, side: 'start' },
  { head: 'goodput', width: 8, side: 'start' },
  { head: 'refused', width: 8, side: 'start' },
  { head: 'latency', width: 12, side: 'start' },
  { head: 'answer', width: 12, side: 'start' },
  { head: 'left', width: 10, side: 'start' },
  { head: 'limits at each client', width: 0, side: 'end' },
] as const;

/** The table of trials that grows as they end: what came of each, between what the answer lies by then, and what is left of the budget. */
export function watchSearch(
  budget: Budget,
  progress: Progress,
): TuningWatcher & Pick<ExperimentWatcher, 'step' | 'ongoing' | 'load'> {
  let under = '';
  let isBegun = false;
  const say = (cells: readonly string[], paint: (text: string) => string = (text) => text) => {
    if (!isBegun) progress.note(pc.dim(row(columns.map(({ head }) => head))));
    isBegun = true;
    progress.note(paint(row(cells)));
  };
  return {
    asking({ purpose, shape }, number) {
      under = `trial ${number}, ${shape ?? purpose}`;
      progress.status(under);
    },
    // What a trial is at is said on a line that changes.
    step: (text) => (under === '' ? progress.step(text) : progress.status(`${under}: ${text}`)),
    ongoing: (text) => (under === '' ? progress.ongoing(text) : progress.status(`${under}: ${text}`)),
    load: (atMs, totalMs) =>
      progress.status(`${under}: load ${Math.round(atMs / 1_000)}/${Math.round(totalMs / 1_000)} s`),
    trial(record, spent, known) {
      say(cellsOf(record, spent, known, budget));
      const why = [...(record.why === undefined ? [] : [record.why]), ...(record.measured?.missed ?? [])];
      if (why.length > 0) progress.note(pc.dim(`${' '.repeat(7)}${why.join('; ')}`));
    },
  };
}

function cellsOf(
  { name, ask, verdict, measured }: TrialRecord,
  spent: Told['spent'],
  known: Ask['known'],
  budget: Budget,
): string[] {
  const paint = { holds: pc.green, fails: pc.red, invalid: pc.yellow, broken: pc.yellow }[verdict];
  const latency = Object.entries(measured?.latencyMs ?? {}).map(([of, ms]) => `${of} ${formatMs(ms)}`);
  return [
    String(Number(name.replace(/^trial-/, ''))),
    paint(verdict),
    formatRate(ask.rate),
    measured === undefined ? '-' : formatRate(measured.goodput),
    measured === undefined ? '-' : formatPercent(Number(measured.refused.toFixed(3))),
    latency[0] ?? '-',
    known === undefined
      ? '-'
      : known.low === known.high
        ? String(known.low)
        : `${known.low} to ${known.high}`,
    ask.shape === undefined ? leftOf(spent, budget) : '-',
    [...(ask.shape === undefined ? [] : [ask.shape]), limitsOf(ask)].join(': '),
  ];
}

const leftOf = (spent: Told['spent'], budget: Budget) =>
  budget.trials === Number.MAX_SAFE_INTEGER
    ? formatMs(Math.max(0, Math.round((budget.ms - spent.ms) / 1_000) * 1_000))
    : plural(Math.max(0, budget.trials - spent.trials), 'trial');

const row = (cells: readonly string[]) =>
  columns
    .map(({ width, side }, index) => pad(cells[index] ?? '', width, side))
    .join('  ')
    .trimEnd();
