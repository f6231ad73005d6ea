import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';

/** The configuration under test is what the sidecars run with. */
export const configurationAccepted: Rule = {
  name: 'configuration-accepted',
  title: 'Every sidecar took its configuration',
  judge({ evidence }) {
    const { rejections } = evidence.context;
    return judgement(
      rejections.length > 0,
      rejections.length === 0
        ? 'none rejected'
        : rejections.map(({ instance, reason }) => `${instance}: ${reason}`).join('; '),
      'none rejected',
      'A sidecar ran without the configuration under test: put right what it names.',
    );
  },
};
