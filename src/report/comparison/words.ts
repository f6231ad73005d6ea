import { formatBytes, formatCount, formatMs, formatPercent } from '../words.ts';
import type { ComparedMetric, ComparisonReport } from './model.ts';

/** "24.1 ms", "99.2 /s", "0.12 %": with the digits that a comparison can mean. */
export function formatMeasure(value: number, unit: ComparedMetric['unit']): string {
  switch (unit) {
    case 'ms':
      return formatMs(Number(value.toPrecision(3)));
    case 'share':
      return formatPercent(Number(value.toPrecision(3)));
    case 'per-second':
      return `${Number(value.toPrecision(4))}/s`;
    case 'count':
      return value >= 1_000 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(3)));
    case 'ratio':
      return value.toFixed(3);
    case 'cores':
      return value.toPrecision(3);
    case 'bytes':
      return formatBytes(value);
  }
}

/** 0.1 → "+10 %", -0.034 → "-3.4 %". */
export function formatChange(share: number): string {
  const percent = 100 * share;
  const text = Math.abs(percent).toFixed(Math.abs(percent) >= 10 ? 0 : 1);
  return `${Number(text) === 0 ? '' : percent < 0 ? '-' : '+'}${text} %`;
}

/**
 * The change of a metric. Where both sides have something added to them, because they may be none, a share of that
 * means little: it is told in the metric's own unit.
 */
function formatMetricChange(metric: ComparedMetric, change: number | null): string {
  if (change === null) return '?';
  const { offset, unit, a } = metric;
  if (offset === 0 || a === null) return formatChange(change);
  const by = change * (a.median + offset);
  const text =
    unit === 'share' ? `${Math.abs(100 * by).toFixed(2)} points` : formatMeasure(Math.abs(by), unit);
  return `${/^[0.]+(?: |$)/.test(text) ? '' : by < 0 ? '-' : '+'}${text}`;
}

/** "+1.2 % (-3.1 % to +5.4 %)". */
export function formatInterval(metric: ComparedMetric): string {
  const { change, changeLow, changeHigh } = metric;
  if (change === null) return '-';
  const bound = (value: number | null) => formatMetricChange(metric, value);
  return `${bound(change)} (${bound(changeLow)} to ${bound(changeHigh)})`;
}

/** The margin in the direction that is worse, as the change is told. */
export const formatMargin = (metric: ComparedMetric) =>
  formatMetricChange(metric, worsened(metric, metric.margin));

/** "+12 %"; "nothing" where the rounds would have seen none. */
export const formatSmallest = (metric: ComparedMetric) =>
  metric.smallestSeen === null
    ? 'nothing'
    : formatMetricChange(metric, worsened(metric, metric.smallestSeen));

/** A worsening as a change of the number itself. */
const worsened = ({ worse }: ComparedMetric, effect: number) =>
  worse === 'more' ? effect : 1 / (1 + effect) - 1;

export const formatSpread = ({ unit }: ComparedMetric, spread: ComparedMetric['a']): string =>
  spread === null ? '-' : formatMeasure(spread.median, unit);

export const metricHead = ['Metric', 'A', 'B', 'Change (90 %)', 'Margin', 'Could have seen', 'Verdict'];

/** "inconclusive" says what it could still be. */
export function formatVerdict({ verdict, notWorse }: ComparedMetric): string {
  if (verdict === 'same') return 'same within the margin';
  return verdict === 'inconclusive' && notWorse ? 'not worse' : verdict;
}

/** The cells of one metric. */
export const metricCells = (metric: ComparedMetric): string[] => [
  metric.title,
  formatSpread(metric, metric.a),
  formatSpread(metric, metric.b),
  formatInterval(metric),
  formatMargin(metric),
  formatSmallest(metric),
  formatVerdict(metric),
];

/** How sure it is, in a sentence. */
export function sureness({ confidence, metrics, looks, pairs, mostPairs }: ComparisonReport): string {
  const percent = (share: number) => `${Number((100 * share).toFixed(2))} %`;
  if (metrics.length === 0) return 'No metric was judged.';
  return `With at most ${percent(confidence.alarm)} anything is called regressed where nothing is, over all ${metrics.length} metrics (Holm) and ${looks.length} planned looks; of each metric, with at most ${percent(confidence.same)} it is called the same and is worse than its margin. ${pairs} of at most ${mostPairs} pairs of rounds were made, in an order by lot.`;
}

/** What a reader should know beside the metrics: rounds that were made again, and what is not judged. */
export function remarks({ ended, sides, metrics, notJudged, rounds }: ComparisonReport): string[] {
  const again = (['a', 'b'] as const).flatMap((side) => {
    const { made, invalid } = sides[side];
    return invalid === 0
      ? []
      : [`${invalid} of ${made} rounds of ${side.toUpperCase()} proved nothing and were made again.`];
  });
  const failing = (['a', 'b'] as const).flatMap((side) => {
    const own = rounds.filter((round) => round.side === side);
    const failed = own.filter(({ verdict }) => verdict === 'fail').length;
    return failed === 0 ? [] : [`${failed} of ${own.length} of ${side.toUpperCase()}`];
  });
  const uneven = moreOftenInvalid(sides);
  const whys = [...new Set(notJudged.map(({ why }) => why))];
  const left = whys.map((why) => {
    const measures = notJudged.filter((each) => each.why === why).map(({ measure }) => measure);
    return `Not judged: ${measures.join(', ')} (${why}).`;
  });
  const early = ended === 'regressed' && metrics.some(({ verdict }) => verdict === 'inconclusive');
  return [
    ...(early
      ? ['It ended when it was clear that B is worse; what is inconclusive was not waited for.']
      : []),
    ...(failing.length === 0
      ? []
      : [
          `Checks of the scenario fail in rounds: ${failing.join(', ')}. Not to be worse than the other is not to hold; the reports of those rounds say what fails.`,
        ]),
    ...beside(sides),
    ...again,
    ...(uneven === undefined
      ? []
      : [
          `Rounds of ${uneven} prove nothing more often than those of the other side: those that are left may be its better ones.`,
        ]),
    ...left,
  ];
}

/** What else ran on the machine: what goes with it is none of either side's doing. */
function beside({ a, b }: ComparisonReport['sides']): string[] {
  if (a.others === undefined || b.others === undefined) return [];
  return [
    `What else ran on the machine kept ${a.others.toFixed(1)} processors busy in rounds of A and ${b.others.toFixed(1)} in those of B (medians); what of a change goes with that, pair by pair, is left out of it.`,
  ];
}

/** The side of which so many more rounds are invalid that chance would do it less than once in a hundred times. */
function moreOftenInvalid({ a, b }: ComparisonReport['sides']): 'A' | 'B' | undefined {
  const made = a.made + b.made;
  const share = (a.invalid + b.invalid) / made;
  if (a.made === 0 || b.made === 0 || share === 0 || share === 1) return undefined;
  const spread = Math.sqrt(share * (1 - share) * (1 / a.made + 1 / b.made));
  const apart = (a.invalid / a.made - b.invalid / b.made) / spread;
  return Math.abs(apart) < 2.576 ? undefined : apart > 0 ? 'A' : 'B';
}
