import { formatMs } from '../../kit/format.ts';
import { percentileOf } from '../../kit/percentile.ts';
import { eachArrival, targetIndexes } from './arrivals.ts';
import type { Injected, ProofKind, ProofOf } from './contract.ts';
import { asShare, lookForSymptom } from './symptom.ts';
import { isUnanswered } from './unanswered.ts';

/** The targets take longer than they did before. */
export const slower: ProofKind<ProofOf<'slower'>> = {
  expected: ({ share, ms }) => `${asShare(share)} of what reaches the targets ${formatMs(ms)} slower`,
  look({ share, ms }, injected) {
    const usual = durationsBefore(injected);
    // A request that took 50 ms without the fault is not 20 ms slower at 50 ms: the fast ones set the threshold.
    const fromMs = (percentileOf(usual, 1) ?? 0) + ms;
    const slowestMs = percentileOf(usual, 99) ?? Number.POSITIVE_INFINITY;
    return lookForSymptom(injected, share, {
      // Who gave up, or was cut off by a time limit of the mesh, would have waited longer; before the fault nobody did.
      shows: (ending, _startMs, durationMs) =>
        durationMs >= fromMs || (isUnanswered(ending) && (share === 0 || durationMs > slowestMs)),
    });
  },
};

/** What reached the targets before the fault: milliseconds in order. */
function durationsBefore({ fault, before, evidence }: Injected): number[] {
  const durations: number[] = [];
  eachArrival(evidence, targetIndexes(fault, evidence), before, (row) =>
    durations.push(evidence.arrivals.durationMs[row] as number),
  );
  return durations.sort((a, b) => a - b);
}
