import { formatCount } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';
import { TOLERANCE_TEXT, tolerance } from './tolerance.ts';

/** Every request of the load is in the logs that everything is read from. */
export const requestsAgree: Rule = eachLoad({
  name: 'requests-agree',
  title: "k6 and the clients' sidecars count the same requests",
  judge({ totals, requests }, { evidence: { quality } }) {
    const limit = TOLERANCE_TEXT;
    if (totals === undefined) return { ...NOT_APPLICABLE, limit };
    const missing = quality.missingFiles.length === 0 ? '' : ` No log of ${quality.missingFiles.join(', ')}.`;
    return judgement(
      Math.abs(totals.requests - requests) > tolerance(totals.requests),
      `${formatCount(totals.requests)} sent, ${formatCount(requests)} in the logs`,
      limit,
      `Requests went past the sidecar, or a log is not whole.${missing}`,
    );
  },
});
