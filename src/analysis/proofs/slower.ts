import { formatMs } from '../../kit/format.ts';
import { percentileOf } from '../percentile.ts';
import { eachArrival, targetIndexes } from './arrivals.ts';
import type { Injected, ProofKind, ProofOf } from './contract.ts';
import { asShare, lookForSymptom } from './symptom.ts';
import { isUnanswered } from './unanswered.ts';

/** The targets take longer than they did before. */
export const slower: ProofKind<ProofOf<'slower'>> = {
  expected: ({ share, ms }) => `${asShare(share)} of what reaches the targets ${formatMs(ms)} slower`,
  look({ share, ms }, injected) {
    const fromMs = usualMs(injected) + ms;
    return lookForSymptom(injected, share, {
      // Who gave up waiting would have waited longer.
      shows: (ending, _startMs, durationMs) => durationMs >= fromMs || (share === 0 && isUnanswered(ending)),
    });
  },
};

/** A request that took 50 ms without the fault is not 20 ms slower at 50 ms: the fast ones set the threshold. */
function usualMs({ fault, before, evidence }: Injected): number {
  const durations: number[] = [];
  eachArrival(evidence, targetIndexes(fault, evidence), before, (row) =>
    durations.push(evidence.arrivals.durationMs[row] as number),
  );
  durations.sort((a, b) => a - b);
  return percentileOf(durations, 1) ?? 0;
}
