import { z } from 'zod';
import { formatMs, plural } from '../../kit/format.ts';
import { duration } from '../../kit/units.ts';
import { generated } from '../generated.ts';
import type { ShapeKind } from './contract.ts';
import { requestOf, routeOf } from './lines.ts';

const field = z
  .strictObject({
    users: z.int().min(1).max(10_000).describe('How many.'),
    every: duration()
      .optional()
      .describe(
        'How often each of them asks, all at the same moments: their connections are in use at once, and idle at once. Whoever has no answer yet lets the moment pass. Without it each asks again when its answer is there.',
      ),
  })
  .describe(
    'Closed loop: each user waits for its answer before it asks again. Hides queueing; the report says so.',
  );

export interface Closed {
  readonly users: number;
  /** Between the moments at which all of them ask; undefined: each at once after its answer. */
  readonly everyMs?: number;
}

const beat = ({ everyMs }: Closed) =>
  everyMs === undefined ? '' : `, all at once every ${formatMs(everyMs)},`;

/** Closed loop: each user waits for its answer before it asks again. */
export const closed: ShapeKind<typeof field, Closed> = {
  field,
  loop: 'closed',
  carriesDue: false,
  mistakes: ({ every }, { users, duration: lengthMs }) => [
    ...(users === undefined
      ? []
      : [
          {
            path: ['users'],
            at: 'value' as const,
            message: 'users does nothing with closed',
            hint: 'give closed.users',
          },
        ]),
    ...(every === undefined || every >= 1
      ? []
      : [
          {
            path: ['closed', 'every'],
            at: 'value' as const,
            message: 'expected a duration above 0',
            hint: 'leave it out for users that ask at once after an answer',
          },
        ]),
    ...(every === undefined || lengthMs === undefined || every < lengthMs
      ? []
      : [
          {
            path: ['closed', 'every'],
            at: 'value' as const,
            message: 'in a load that is no longer nobody asks twice',
            hint: `less than ${formatMs(lengthMs)}`,
          },
        ]),
  ],
  users: ({ users }) => users,
  shape: ({ users, every }) => ({ users, ...(every === undefined ? {} : { everyMs: every }) }),
  describe: ({ shape, durationMs }) =>
    `closed loop of ${shape.users} users${beat(shape)} for ${durationMs / 1_000} s`,
  planLines: (load) => [
    `${plural(load.shape.users, 'user')} in a closed loop${beat(load.shape)} ${routeOf(load)}`,
    requestOf(load),
  ],
  heightAt: () => 1,
  ...generated<Closed>(({ shape, durationMs }) => ({
    executor: { executor: 'constant-vus', vus: shape.users, duration: `${durationMs}ms` },
    pieces: [],
    ...(shape.everyMs === undefined ? {} : { everyMs: shape.everyMs }),
  })),
};
