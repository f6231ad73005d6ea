import { formatCount } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';
import { TOLERANCE_TEXT, tolerance } from './tolerance.ts';

/** Every request of the load is in the logs that everything is read from. */
export const requestsAgree: Rule = {
  name: 'requests-agree',
  title: "k6 and the clients' sidecars count the same requests",
  judge({ evidence: { load, quality }, traffic }) {
    const limit = TOLERANCE_TEXT;
    if (load === undefined) return { ...NOT_APPLICABLE, limit };
    const missing = quality.missingFiles.length === 0 ? '' : ` No log of ${quality.missingFiles.join(', ')}.`;
    return judgement(
      Math.abs(load.requests - traffic.length) > tolerance(load.requests),
      `${formatCount(load.requests)} sent, ${formatCount(traffic.length)} in the logs`,
      limit,
      `Requests went past the sidecar, or a log is not whole.${missing}`,
    );
  },
};
