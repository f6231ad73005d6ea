import type { ProofKind, ProofOf } from './contract.ts';
import { asShare, lookForSymptom } from './symptom.ts';

/** The targets answer with a status. */
export const status: ProofKind<ProofOf<'status'>> = {
  expected: ({ share, statuses }) =>
    `${asShare(share)} of what reaches the targets answered with ${statuses.join(' or ')}`,
  look: ({ share, statuses }, injected) =>
    lookForSymptom(injected, share, { shows: (ending) => statuses.includes(ending.status) }),
};
