import { z } from 'zod';
import { duration, percent } from '../kit/units.ts';
import { faultTarget } from '../model/target.ts';

/** What every fault has: a name, a target, and a window inside the load. */
export const faultFields = {
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'a name has lower-case letters, digits and dashes')
    .optional()
    .describe('How checks and reports call this fault; its kind unless given.'),
  on: faultTarget,
  at: duration().describe('When it starts, counted from the start of the load.'),
  for: duration().describe('How long it lasts. Every fault has an end.'),
};

/** The share of requests a fault hits. */
export const shareOfRequests = () =>
  percent().prefault('100%').describe('The share of requests it hits; all unless given.');

/** For kinds with `shareOfRequests`: nobody would notice a share of 0. */
export const hitsNobody = ({ rate }: { readonly rate: number }) =>
  rate === 0 ? [{ path: ['rate'], message: 'it hits 0 % of the requests: that is no fault' }] : [];
