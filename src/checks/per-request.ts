import { plural } from '../kit/format.ts';
import type { Observation } from './contract.ts';
import { formatLimits, isWithin, type Limits, NEEDED_REQUESTS } from './limits.ts';

/** How many of something there were for each request on average, `noun` being one of them. */
export function perRequest(
  limits: Limits,
  { made, requests, noun }: { readonly made: number; readonly requests: number; readonly noun: string },
  text: (value: number) => string,
): Observation {
  const value = requests === 0 ? undefined : made / requests;
  return {
    value,
    samples: requests,
    neededSamples: NEEDED_REQUESTS,
    holds: value !== undefined && isWithin(value, limits),
    observed: value === undefined ? 'no requests' : text(value),
    limit: formatLimits(limits, text),
    ...(value === undefined ? {} : { detail: `${plural(made, noun)} for ${plural(requests, 'request')}` }),
  };
}
