import { plural } from '../../kit/format.ts';
import { targetIndexes } from './arrivals.ts';
import type { ProofKind, ProofOf } from './contract.ts';

/** Some of them may be cut off, and come back, at the very ends of the fault. */
const SHARE = 0.9;

/** Requests that the targets' own logs have, and that never were whole. */
export const unfinished: ProofKind<ProofOf<'unfinished'>> = {
  expected: ({ requests }) =>
    `at least ${Math.ceil(requests * SHARE)} requests at each target that never were whole`,
  look({ requests }, { fault, span, evidence }) {
    const counts = [...targetIndexes(fault, evidence)].map(
      (target) =>
        evidence.unfinished.filter(
          ({ instance, startMs, durationMs }) =>
            instance === target && startMs + durationMs >= span.fromMs && startMs < span.toMs,
        ).length,
    );
    const least = Math.min(...counts);
    const samples = counts.reduce((sum, count) => sum + count, 0);
    return {
      status: least >= requests * SHARE ? 'proven' : 'unproven',
      observed: `${plural(samples, 'request')} that never ${samples === 1 ? 'was' : 'were'} whole`,
      samples,
    };
  },
};
