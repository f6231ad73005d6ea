import type { ProcessSeries } from '../../evidence/samples.ts';
import { formatMs, formatPercent, plural } from '../../kit/format.ts';
import { isGenerator } from '../../model/evidence.ts';
import { cores } from '../facts/statistics.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Share of its CPUs that the generator may use; above it, what it measures is itself. */
const SHARE_OF_CPUS = 0.8;
/** Over how long: a garbage collection is no saturation. */
const SPAN_MS = 5_000;

/** The generator is not what limits the load. */
export const generatorCpu: Rule = {
  name: 'generator-cpu',
  title: 'The generator had CPU to spare',
  judge({ evidence, facts }) {
    const limit = `at most ${formatPercent(SHARE_OF_CPUS)} of its CPUs over ${formatMs(SPAN_MS)}`;
    const [load] = evidence.loads;
    if (load === undefined) return { ...NOT_APPLICABLE, limit };
    const generators = [...evidence.processes].filter(([name]) => isGenerator(name));
    if (generators.length === 0) {
      const advice =
        'What it used is unknown: the machine was too busy to look, or it ended at once. Run it again.';
      return judgement(true, 'no samples of k6', limit, advice);
    }
    // Several generators share the machine's CPUs; the busiest moments of all of them count as one.
    const busiest = generators.map(([, series]) => mostCores(series, facts.durationMs));
    const known = busiest.filter((most) => most !== undefined);
    if (known.length < busiest.length) {
      return { ...NOT_APPLICABLE, observed: 'samples too far apart for a load as short', limit };
    }
    const most = known.reduce((sum, each) => sum + each, 0);
    return judgement(
      most / load.cpus > SHARE_OF_CPUS,
      `${formatPercent(Math.round((most / load.cpus) * 1_000) / 1_000)} of ${plural(load.cpus, 'CPU')}`,
      limit,
      'The generator measures itself: lower the rate, or run it where it has more CPUs.',
      'lateness',
    );
  },
};

/** Most cores that a process used over the span; undefined when no two samples are as far apart. */
function mostCores(series: ProcessSeries, durationMs: number): number | undefined {
  let most: number | undefined;
  let first = series.t.findIndex((t) => t >= 0);
  for (let last = first; first >= 0 && last < series.t.length; last += 1) {
    if ((series.t[last] ?? 0) > durationMs) break;
    while ((series.t[last] ?? 0) - (series.t[first + 1] ?? Number.POSITIVE_INFINITY) >= SPAN_MS) first += 1;
    // The whole load counts when it is shorter than the span.
    const elapsed = (series.t[last] ?? 0) - (series.t[first] ?? 0);
    if (elapsed < Math.min(SPAN_MS, durationMs * 0.8)) continue;
    most = Math.max(most ?? 0, cores(series, first, last) ?? 0);
  }
  return most;
}
