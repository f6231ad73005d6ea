import { PER_CONNECTION } from '../model/pool-limits.ts';
import type { TuningReport } from '../report/tuning/model.ts';
import type { Question } from './contract.ts';
import type { TrialRecord } from './journal.ts';
import { tightest } from './objective.ts';

type Cost = NonNullable<TuningReport['costs']>[number];

/**
 * What connections cost by how many requests each of them carried, of all trials at the nominal rate with its headroom
 * that prove something; the ones that were kept come last. None where that was not looked for.
 */
export function costsOf(question: Question, records: readonly TrialRecord[]): readonly Cost[] {
  if (!question.limits.includes(PER_CONNECTION)) return [];
  const latency = `p${tightest(question.objective).percentile}`;
  const byValue = new Map<number | undefined, TrialRecord[]>();
  for (const record of records) {
    const { ask, measured } = record;
    if (measured?.cost === undefined || ask.judged !== 'nominal' || ask.shape !== undefined) continue;
    const value = ask.limits === 'none' ? undefined : ask.limits[PER_CONNECTION];
    const searched = ask.purpose === PER_CONNECTION || ask.purpose === 'proof';
    if (ask.limits !== 'none' && !(searched && value !== undefined)) continue;
    byValue.set(value, [...(byValue.get(value) ?? []), record]);
  }
  return [...byValue]
    .sort(([a = Number.POSITIVE_INFINITY], [b = Number.POSITIVE_INFINITY]) => a - b)
    .map(([value, trials]): Cost => {
      const mean = (of: (measured: NonNullable<TrialRecord['measured']>) => number | undefined) =>
        meanOf(trials.flatMap(({ measured }) => (measured && of(measured)) ?? []));
      const ms = mean(({ latencyMs }) => latencyMs[latency]);
      const cpuMs = mean(({ cost }) => cost?.cpuMs);
      return {
        ...(value === undefined ? {} : { requests: value }),
        trials: trials.length,
        held: trials.filter(({ verdict }) => verdict === 'holds').length,
        opened: mean(({ cost }) => cost?.opened) ?? 0,
        ...(ms === undefined ? {} : { latency: { name: latency, ms } }),
        ...(cpuMs === undefined ? {} : { cpuMs }),
      };
    });
}

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length;
