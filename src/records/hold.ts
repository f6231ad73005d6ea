import { holm } from '../comparison/statistics/holm.ts';
import { studentAbove, studentQuantile } from '../kit/student-t.ts';
import { type MeasureKind, measureKind, measureTitle } from '../model/measures.ts';
import { changedVersions, describeMachine, differenceFrom } from './baseline.ts';
import type { Baseline, RunRecord } from './model.ts';

/** Fewer runs do not tell how much runs differ by themselves. */
export const fewestRuns = 8;
/** After this a machine, its neighbours and its system are others. */
const freshDays = 30;
const dayMs = 86_400_000;
/** The chance that anything is called worse where nothing is; over all measures together. */
const alarm = 0.01;
const sameLevel = 0.05;
/** Runs that happen to be alike do not make the next one exact: of the margin, at least. */
const leastDeviation = 0.25;

type HeldVerdict = 'regressed' | 'improved' | 'same' | 'inconclusive';

/** One measure of a run beside those of the baseline. */
interface HeldMeasure {
  readonly measure: string;
  readonly title: string;
  readonly unit: MeasureKind['unit'];
  readonly verdict: HeldVerdict;
  /** Of the baseline's runs. */
  readonly lowest: number;
  readonly middle: number;
  readonly highest: number;
  readonly runs: number;
  readonly now: number;
  /** How much worse, as a share; negative where it is better. */
  readonly effect: number;
  readonly margin: number;
  /** The smallest effect that this would have been called worse for, 95 times in 100; undefined where none would. */
  readonly smallestSeen: number | undefined;
}

/** What a baseline says about a run. */
export interface Held {
  readonly verdict: 'regressed' | 'not-worse' | 'inconclusive';
  /** Why it cannot give a verdict; empty where it can. */
  readonly cannot: readonly string[];
  /** What it cannot show even so. */
  readonly caveats: readonly string[];
  readonly measures: readonly HeldMeasure[];
}

/**
 * Holds a run against a stored baseline. What differs between then and now beside the configuration cannot be told from
 * what the configuration does, so a verdict is given only where as little as possible does: the same experiment,
 * programs and kind of machine, fresh runs, and enough of them to know how much they differ by themselves.
 */
export function holdAgainst(baseline: Baseline, now: RunRecord): Held {
  const runs = baseline.runs.filter(({ run }) => run !== now.run);
  const [first] = runs;
  const cannot = first === undefined ? ['it has no run but this one'] : obstacles({ ...baseline, runs }, now);
  const measures = measured(runs, now);
  const judged =
    cannot.length > 0 ? measures.map((each) => ({ ...each, verdict: 'inconclusive' as const })) : measures;
  const verdicts = judged.map(({ verdict }) => verdict);
  return {
    verdict: verdicts.includes('regressed')
      ? 'regressed'
      : verdicts.length === 0 || verdicts.includes('inconclusive')
        ? 'inconclusive'
        : 'not-worse',
    cannot,
    caveats: first === undefined ? [] : caveats(runs, now),
    measures: judged,
  };
}

function obstacles(baseline: Baseline, now: RunRecord): readonly string[] {
  const { runs } = baseline;
  const difference = differenceFrom(baseline, now);
  const newest = Math.max(...runs.map(({ at }) => Date.parse(at)));
  const age = (Date.parse(now.at) - newest) / dayMs;
  return [
    ...(difference === undefined ? [] : [difference]),
    ...(runs.length < fewestRuns
      ? [
          `it has ${runs.length} of the ${fewestRuns} runs that it takes to know how much runs differ by themselves`,
        ]
      : []),
    ...(age > freshDays ? [`its newest run is ${Math.round(age)} days old, more than ${freshDays}`] : []),
    ...(age < 0 ? ['it is younger than this run'] : []),
  ];
}

function caveats(runs: readonly RunRecord[], now: RunRecord): readonly string[] {
  const times = runs.map(({ at }) => Date.parse(at));
  const span = Math.max(...times) - Math.min(...times);
  const [first] = runs;
  const hosts = new Set([now, ...runs].map(({ machine }) => machine.host));
  return [
    'It was not measured side by side: what changed on the machine since then counts as a change of the mesh. npx breakwater compare --a --b measures both in turns.',
    ...(span < dayMs && runs.length > 1
      ? [`Its runs lie within ${Math.max(1, Math.round(span / 3_600_000))} h: how days differ is not in it.`]
      : []),
    ...(hosts.size > 1
      ? [`Its runs are of ${hosts.size} machines of one kind, which differ by themselves.`]
      : []),
    ...(first !== undefined && changedVersions(first, now).length > 0
      ? [`Programs differ: ${changedVersions(first, now).join(', ')}.`]
      : []),
    ...(first !== undefined && first.machine.kind !== now.machine.kind
      ? [`This machine is ${describeMachine(now.machine)}.`]
      : []),
  ];
}

function measured(runs: readonly RunRecord[], now: RunRecord): readonly HeldMeasure[] {
  const tested = Object.entries(now.measures).flatMap(([measure, value]) => {
    const kind = measureKind(measure);
    const values = runs.flatMap(({ measures }) => measures[measure] ?? []);
    return kind === undefined || values.length === 0 ? [] : [{ measure, kind, value, values }];
  });
  const stats = tested.map(({ kind, value, values }) => statistics(kind, values, value));
  const worse = holm(
    stats.map(({ pWorse }) => pWorse),
    alarm,
  );
  const better = holm(
    stats.map(({ pBetter }) => pBetter),
    alarm,
  );
  return tested.map(({ measure, kind, value, values }, index) => {
    const { effect, upper, lower, scale, freedom } = stats[index] ?? statistics(kind, values, value);
    const most = Math.log1p(kind.margin);
    const sorted = values.toSorted((a, b) => a - b);
    const verdict: HeldVerdict =
      worse[index] && effect >= most
        ? 'regressed'
        : better[index] && effect <= -most
          ? 'improved'
          : upper < most && lower > -most
            ? 'same'
            : 'inconclusive';
    const level = alarm / tested.length;
    return {
      measure,
      title: measureTitle(measure),
      unit: kind.unit,
      verdict,
      lowest: sorted[0] ?? value,
      middle: medianOf(sorted),
      highest: sorted.at(-1) ?? value,
      runs: values.length,
      now: value,
      effect: Math.expm1(effect),
      margin: kind.margin,
      smallestSeen:
        freedom < 1
          ? undefined
          : Math.expm1(
              Math.max(most, studentQuantile(level, freedom) * scale) +
                studentQuantile(sameLevel, freedom) * scale,
            ),
    };
  });
}

/** How far a run lies from those before it, on the scale of how far they lie from each other. */
function statistics({ worse, offset, margin }: MeasureKind, values: readonly number[], now: number) {
  const log = (value: number) => Math.log(Math.max(value + offset, 1e-6)) * (worse === 'more' ? 1 : -1);
  const before = values.map(log);
  const mean = before.reduce((sum, value) => sum + value, 0) / before.length;
  const freedom = before.length - 1;
  const variance = before.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, freedom);
  const deviation = Math.max(Math.sqrt(variance), Math.log1p(margin) * leastDeviation);
  // The next run differs from the mean, and the mean from what it is the mean of.
  const scale = deviation * Math.sqrt(1 + 1 / before.length);
  const effect = log(now) - mean;
  const reach = freedom < 1 ? Number.POSITIVE_INFINITY : studentQuantile(sameLevel, freedom) * scale;
  return {
    effect,
    scale,
    freedom,
    upper: effect + reach,
    lower: effect - reach,
    pWorse: freedom < 1 ? 1 : studentAbove(effect / scale, freedom),
    pBetter: freedom < 1 ? 1 : studentAbove(-effect / scale, freedom),
  };
}

function medianOf(sorted: readonly number[]): number {
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}
