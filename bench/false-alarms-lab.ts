import type { ComparisonReport } from '../src/report/comparison/model.ts';
import { outputOf } from './support.ts';

/** Rounds as short as can be, and one more look than none: it is how often they are wrong that is asked, not what they find. */
const short = ['--set', 'load.duration=2s', '--set', 'load.warmup=500ms', '--rounds', '14'];

/** Real comparisons of a configuration with itself: whatever is called worse is a false alarm. */
export async function compareOnLab(comparisons: number): Promise<void> {
  const counts = new Map<string, number>();
  for (let index = 0; index < comparisons; index += 1) {
    const text = await outputOf(
      ...['compare', 'bench/compare.yaml'],
      ...['--set', 'load.rate=60/s', '--b', 'set:load.rate=60/s', ...short],
      ...['--reports', 'reports/false-alarms', '--json'],
    );
    const { ended, summary, pairs, wallMs, metrics }: ComparisonReport = JSON.parse(text);
    counts.set(ended, (counts.get(ended) ?? 0) + 1);
    console.log(
      `${String(index + 1).padStart(3)} ${ended.padEnd(12)} ${pairs} pairs, ${Math.round(wallMs / 1_000)} s; ${metrics.map(({ measure, verdict, smallestSeen }) => `${measure} ${verdict}${smallestSeen === null ? '' : ` (from ${Math.round(100 * smallestSeen)} %)`}`).join(', ')}`,
    );
    if (ended === 'regressed') console.log(`    ${summary}`);
  }
  console.log([...counts].map(([ended, count]) => `${count} ${ended}`).join(', '));
  if ((counts.get('regressed') ?? 0) > 0) process.exitCode = 1;
}
