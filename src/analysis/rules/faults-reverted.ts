import { faultTroubles } from '../traffic/fault-records.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** No fault goes on after its end: what comes then would be no recovery. */
export const faultsReverted: Rule = {
  name: 'faults-reverted',
  title: 'Every fault was taken back',
  judge({ trial, evidence }) {
    if (trial.faults.length === 0) return { ...NOT_APPLICABLE, limit: 'only with faults' };
    const troubles = trial.faults.flatMap((fault) => faultTroubles(fault, evidence.journal));
    return judgement(
      troubles.length > 0,
      troubles.length === 0 ? 'all of them' : troubles.join('; '),
      'all of them',
      'Run `npx breakwater cleanup`; then see logs/ for why the fault could not be made or taken back.',
    );
  },
};
