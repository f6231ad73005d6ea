import { z } from 'zod';
import { duration } from '../kit/units.ts';

/** What every check has beside its own limit. */
export const checkFields = {
  name: z.string().optional().describe('How reports call it; made from its kind and limit unless given.'),
  load: z
    .string()
    .optional()
    .describe(
      'Which of several loads it is about: its requests, and the sidecars of its client; all of them unless given.',
    ),
  during: z
    .enum(['steady', 'fault', 'recovery', 'change', 'run'])
    .describe(
      'steady: before the first fault or change; fault: while it is on; recovery: after it ended; change: from when every sidecar held it to the next one; run: from the end of the warmup to the end of the load.',
    ),
  fault: z.string().optional().describe('Which fault the window belongs to; needed when there are several.'),
  change: z
    .string()
    .optional()
    .describe('Which change the window belongs to; needed when there are several.'),
  after: duration().prefault('0s').describe('How much of the start of the window to leave out.'),
};

/** Of a share of requests: what all of a window together would hide. */
export const stretchField = {
  over: duration()
    .optional()
    .describe(
      'Judges every stretch of this length within the window by itself, and the worst of them counts; a stretch with fewer than 30 requests says nothing.',
    ),
};

/** Times are counted from a fault's injection or end, so these checks have no window of their own. */
export const timedCheckFields = {
  name: checkFields.name,
  load: checkFields.load,
  fault: checkFields.fault,
};

/** A limit on a number that may be bounded from either side. */
export const bounds = <T extends z.ZodType>(value: () => T) => ({
  atLeast: value().optional(),
  atMost: value().optional(),
});

/** For schemas with `bounds`: one without a limit checks nothing. */
export const hasBound = (check: { atLeast?: unknown; atMost?: unknown }) =>
  check.atLeast !== undefined || check.atMost !== undefined;
export const noBound = { message: 'a check needs a limit: give atLeast, atMost or both' };
