import { thisMachine } from '../experiment/report.ts';
import { ExitCode } from '../kit/errors.ts';
import { plural } from '../kit/format.ts';
import { shellCommand } from '../kit/shell.ts';
import { describeLoad } from '../load/shapes/index.ts';
import { measureKind, measureKinds, measureTitle } from '../model/measures.ts';
import type { Plan } from '../plan/contract.ts';
import { COMPARISON_SCHEMA, type ComparedMetric, type ComparisonReport } from '../report/comparison/model.ts';
import { formatInterval, formatMargin, formatSmallest } from '../report/comparison/words.ts';
import { version } from '../version.ts';
import type { ComparisonEnd } from './compare.ts';
import { medianOf } from './environments/spread.ts';
import type { RoundRecord } from './journal.ts';
import { confidence, type Standing } from './judge.ts';
import { mostRounds } from './question.ts';
import { type OnBoth, onBoth, type Side, type SideName } from './sides.ts';

/** What is known of a comparison beside what came of it. */
export interface ComparisonAbout {
  readonly id: string;
  /** Epoch milliseconds of the command. */
  readonly startedAt: number;
  readonly command: readonly string[];
  readonly plan: Plan;
  readonly sides: OnBoth<Side>;
  readonly environments: OnBoth<string>;
  readonly inOneLab: boolean;
  readonly seed: number;
  readonly mostPairs: number;
  /** Whether who cannot tell passes. */
  readonly inconclusivePasses: boolean;
  readonly records: readonly RoundRecord[];
}

/** The report of a comparison, now. */
export function assembleComparison(about: ComparisonAbout, end: ComparisonEnd): ComparisonReport {
  const { plan, records, sides, environments } = about;
  const metrics = end.standings.map((standing) =>
    metricOf(standing, valuesIn(records, standing.measure, end.pairs)),
  );
  return {
    schema: COMPARISON_SCHEMA,
    ended: end.ended,
    exitCode: exitCodeOf(end.ended, about.inconclusivePasses),
    summary: summaryOf(end, metrics, about.mostPairs),
    ...(end.why === undefined ? {} : { why: end.why }),
    run: {
      id: about.id,
      startedAt: new Date(about.startedAt).toISOString(),
      breakwater: version,
      machine: thisMachine(),
      command: shellCommand(['npx', 'breakwater', ...about.command]),
      seed: about.seed,
    },
    scenario: { name: plan.name, file: plan.file, load: plan.trial.loads.map(describeLoad).join('; ') },
    sides: onBoth((side) => {
      const own = records.filter((record) => record.side === side);
      const told = own.find(({ mesh }) => mesh !== undefined);
      return {
        label: sides[side].label,
        environment: environments[side],
        mesh: told?.mesh ?? '-',
        programs: told?.programs ?? {},
        made: own.length,
        invalid: own.filter(({ measures }) => measures === undefined).length,
        ...othersIn(own),
      };
    }),
    labs: about.inOneLab ? 'one' : 'two',
    confidence,
    pairs: end.pairs,
    mostPairs: about.mostPairs,
    looks: end.looks.map((look) => ({ ...look })),
    metrics,
    notJudged: [...end.left].map(([measure, why]) => ({ measure, why })),
    rounds: records.map(({ name, pair, side, verdict, tookMs, why }) => ({
      name,
      pair,
      side,
      verdict,
      tookMs,
      ...(verdict === 'broken' ? {} : { folder: `rounds/${name}` }),
      ...(why === undefined ? {} : { why }),
    })),
    wallMs: Date.now() - about.startedAt,
  };
}

/** What else the machine had to do in rounds that count. */
function othersIn(records: readonly RoundRecord[]): { readonly others?: number } {
  const known = records.flatMap(({ measures, machine }) =>
    measures === undefined || machine === undefined ? [] : [machine.others],
  );
  return known.length === 0 ? {} : { others: Number(medianOf(known).toPrecision(3)) };
}

/** What to do about a comparison that cannot tell. */
function whatWouldTell(open: readonly ComparedMetric[], pairs: number): string {
  const needed = open.map(({ pairsNeeded }) => pairsNeeded ?? Number.POSITIVE_INFINITY);
  const all = Math.max(...needed);
  if (all <= mostRounds) {
    return `About ${Math.max(all, pairs + 1)} rounds on each side would tell (--rounds, and a --budget for them).`;
  }
  const easy = open.filter((_, index) => (needed[index] ?? 0) <= mostRounds);
  return easy.length === 0
    ? 'So many rounds would not be made: a quieter machine, a wider --margin or shorter rounds and more of them would tell.'
    : `${easy.map(({ title }) => title).join(' and ')} would take about ${Math.max(...needed.filter((each) => each <= mostRounds))} rounds on each side; for the others judge fewer --metrics, give a wider --margin, or take a quieter machine.`;
}

function exitCodeOf(ended: ComparisonEnd['ended'], inconclusivePasses: boolean): ExitCode {
  switch (ended) {
    case 'not-worse':
      return ExitCode.pass;
    case 'regressed':
      return ExitCode.fail;
    case 'inconclusive':
      return inconclusivePasses ? ExitCode.pass : ExitCode.invalid;
    case 'invalid':
      return ExitCode.invalid;
  }
}

/** A standing with what every pair showed; `values` are in the order of pairs. */
export function metricOf(
  standing: Standing,
  values: readonly { readonly a: number | null; readonly b: number | null }[],
): ComparedMetric {
  const { measure } = standing;
  const { unit, worse, offset } = measureKind(measure) ?? measureKinds.p50;
  // Effects are of B being worse; a change is of the number.
  const change = (effect: number) => finite(worse === 'more' ? effect : 1 / (1 + effect) - 1);
  const [low, high] = worse === 'more' ? [standing.low, standing.high] : [standing.high, standing.low];
  const none = standing.pairs === 0;
  return {
    measure,
    title: measureTitle(measure),
    unit,
    worse,
    offset,
    verdict: standing.verdict,
    notWorse: standing.notWorse,
    margin: standing.margin,
    pairs: standing.pairs,
    a: spreadOf(values.map(({ a }) => a)),
    b: spreadOf(values.map(({ b }) => b)),
    change: none ? null : change(standing.effect),
    changeLow: Number.isFinite(standing.low) && !none ? change(low) : null,
    changeHigh: Number.isFinite(standing.high) && !none ? change(high) : null,
    pValue: standing.pValue,
    smallestSeen: finite(standing.smallestSeen ?? Number.POSITIVE_INFINITY),
    pairsNeeded: standing.pairsNeeded ?? null,
    values: values.map((value, index) => ({ pair: index + 1, ...value })),
  };
}

/** What the rounds that count show of a measure, pair by pair. */
function valuesIn(records: readonly RoundRecord[], measure: string, pairs: number) {
  const shownIn = (pair: number, side: SideName) =>
    records.find((record) => record.pair === pair && record.side === side && record.measures !== undefined)
      ?.measures?.[measure] ?? null;
  return Array.from({ length: pairs }, (_, index) => onBoth((side) => shownIn(index + 1, side)));
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

function spreadOf(values: readonly (number | null)[]): ComparedMetric['a'] {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  return { lowest: Math.min(...present), median: medianOf(present), highest: Math.max(...present) };
}

/** How much worse a metric would have had to be for these rounds to say so. */
const seenFrom = (metric: ComparedMetric) =>
  metric.smallestSeen === null
    ? 'so few rounds would have seen no worsening at all'
    : `worse by ${formatSmallest(metric)} would have been seen`;

function summaryOf(end: ComparisonEnd, metrics: readonly ComparedMetric[], mostPairs: number): string {
  const pairs = plural(end.pairs, 'pair of rounds', 'pairs of rounds');
  switch (end.ended) {
    case 'regressed': {
      const worse = metrics.filter(({ verdict }) => verdict === 'regressed');
      return `B is worse than A: ${worse.map((metric) => `${metric.title} ${formatInterval(metric)}`).join('; ')}; after ${pairs}.`;
    }
    case 'not-worse': {
      const better = metrics.filter(({ verdict }) => verdict === 'improved');
      const told = better.map((metric) => `${metric.title} ${formatInterval(metric)}`).join('; ');
      return `B is not worse than A: each of ${plural(metrics.length, 'metric')} is within its margin or better, after ${pairs}.${told === '' ? '' : ` Improved: ${told}.`}`;
    }
    case 'inconclusive': {
      const open = metrics.filter(({ notWorse }) => !notWorse);
      const why = end.pairs < mostPairs ? 'the time was up' : 'the rounds were used up';
      return `These rounds cannot tell: ${why} after ${pairs}, and ${open.map((metric) => `${metric.title} may be worse than its margin of ${formatMargin(metric)} (${seenFrom(metric)})`).join('; ')}. ${whatWouldTell(open, end.pairs)}`;
    }
    case 'invalid':
      return `The rounds prove nothing: ${end.why}`;
  }
}
