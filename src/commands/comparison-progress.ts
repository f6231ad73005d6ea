import pc from 'picocolors';
import type { ComparisonWatcher } from '../comparison/compare.ts';
import type { Standing } from '../comparison/judge.ts';
import type { Question } from '../comparison/question.ts';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { formatMs, plural } from '../kit/format.ts';
import type { Progress } from '../kit/terminal.ts';
import { measureTitle } from '../model/measures.ts';
import { formatChange } from '../report/comparison/words.ts';
import type { Live } from './live.ts';

/** Tells how it stands after each pair, and which round is `under` way. */
export function watchComparison(
  { mostPairs, budgetMs }: Question,
  progress: Progress,
  live: Live,
): ComparisonWatcher & Pick<ExperimentWatcher, 'step' | 'load' | 'fault'> & { readonly under: () => string } {
  let under = '';
  return {
    under: () => (under === '' ? '' : `${under}: `),
    beginning(pair, side) {
      under = `pair ${pair}, ${side.toUpperCase()}`;
      progress.status(under);
    },
    step: (text) => (under === '' ? progress.step(text) : progress.status(`${under}: ${text}`)),
    fault: (text) => progress.status(`${under}: ${text}`),
    load: (atMs, totalMs) =>
      progress.status(`${under}: load ${Math.round(atMs / 1_000)}/${Math.round(totalMs / 1_000)} s`),
    round({ pair, side, verdict, why }) {
      if (why === undefined) return;
      progress.note(`${String(pair).padStart(4)} ${side.toUpperCase()} ${pc.yellow(verdict)} · ${why}`);
    },
    pair(number, { standings }, spentMs, nextLook) {
      const left = Math.max(0, Math.round((budgetMs - spentMs) / 1_000) * 1_000);
      const look = nextLook === undefined ? 'over' : `next look at ${nextLook}`;
      progress.note(
        `${String(number).padStart(4)} of ${mostPairs} · ${standings.map(standingOf).join(' · ')} · ${look} · at most ${formatMs(left)} left`,
      );
      live.standing({
        title: 'B beside A so far',
        aside: `${plural(number, 'pair')} of at most ${mostPairs}, ${look}, at most ${formatMs(left)} left`,
        head: ['Metric', 'B is', 'Margin', 'Proven so far'],
        rows: standings.map((standing) => [
          measureTitle(standing.measure),
          changeOf(standing),
          formatChange(standing.margin).replace('+', ''),
          provenOf(standing) || 'nothing',
        ]),
      });
    },
  };
}

/** "p50 latency 1.2 % worse same": the change is told as worse or better. */
function standingOf(standing: Standing): string {
  const paint = { regressed: pc.red, improved: pc.green, same: pc.green, inconclusive: pc.dim };
  return paint[standing.verdict](
    [measureTitle(standing.measure), changeOf(standing), provenOf(standing)].filter(Boolean).join(' '),
  );
}

function changeOf({ pairs, effect }: Standing): string {
  if (pairs === 0) return '-';
  const change =
    effect > 0 ? `${formatChange(effect)} worse` : effect < 0 ? `${formatChange(-effect)} better` : 'alike';
  return change.replace('+', '');
}

const provenOf = ({ verdict, notWorse }: Standing) =>
  verdict === 'inconclusive' ? (notWorse ? 'not worse' : '') : verdict;
