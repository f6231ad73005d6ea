import { formatPercent, plural } from '../kit/format.ts';
import type { Observation } from './contract.ts';
import { formatLimits, isWithin, type Limits, NEEDED_REQUESTS } from './limits.ts';

/** What share of the requests were such, from 0 to 1. */
export function shareOfRequests(limits: Limits, such: number, requests: number): Observation {
  return ofRequests(limits, such, requests, formatPercent);
}

/** How many of something there were for each request on average, `noun` being one of them. */
export function perRequest(
  limits: Limits,
  { made, requests, noun }: { readonly made: number; readonly requests: number; readonly noun: string },
  text: (value: number) => string,
): Observation {
  const observation = ofRequests(limits, made, requests, text);
  if (requests === 0) return observation;
  return { ...observation, detail: `${plural(made, noun)} for ${plural(requests, 'request')}` };
}

function ofRequests(
  limits: Limits,
  count: number,
  requests: number,
  text: (value: number) => string,
): Observation {
  const value = requests === 0 ? undefined : count / requests;
  return {
    value,
    samples: requests,
    neededSamples: NEEDED_REQUESTS,
    holds: value !== undefined && isWithin(value, limits),
    observed: value === undefined ? 'no requests' : text(value),
    limit: formatLimits(limits, text),
  };
}
