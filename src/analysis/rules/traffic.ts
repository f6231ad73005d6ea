import { plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';

/** One request more or less is 1 % of it. */
const REQUESTS = 100;
/** Below this a window says nothing at all; each check has a limit of its own above it. */
export const REQUESTS_IN_WINDOW = 10;

/** There are enough requests to say anything, in the run and in every window that a check looks at. */
export const traffic: Rule = {
  name: 'traffic',
  title: 'There was enough traffic',
  ofRequests: true,
  judge({ traffic, facts, checks }) {
    const thin = checks
      .filter(({ restsOn }) => restsOn === 'requests')
      .map(({ window, result }) => ({ window, name: result.name, count: facts.count(window) }))
      .find(({ count }) => count < REQUESTS_IN_WINDOW);
    const limit = `${REQUESTS} requests, ${REQUESTS_IN_WINDOW} in every window that a check looks at`;
    if (traffic.length < REQUESTS || thin === undefined) {
      return judgement(
        traffic.length < REQUESTS,
        plural(traffic.length, 'request'),
        limit,
        "Make the load longer or its rate higher. If it should have been enough, the load did not reach the client's sidecar: see logs/.",
      );
    }
    return judgement(
      true,
      `${plural(thin.count, 'request')} in the ${thin.window.name} window of "${thin.name}"`,
      limit,
      'Lengthen that window (the fault, the warmup or the load) or raise the rate.',
      thin.window.fault === undefined ? 'everything' : [thin.window.fault],
    );
  },
};
