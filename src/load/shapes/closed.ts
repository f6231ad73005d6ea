import { z } from 'zod';
import { plural } from '../../kit/format.ts';
import { generated } from '../generated.ts';
import type { ShapeKind } from './contract.ts';
import { requestOf, routeOf } from './lines.ts';

const field = z
  .strictObject({ users: z.int().min(1).max(10_000) })
  .describe(
    'Closed loop: each user waits for its answer before it asks again. Hides queueing; the report says so.',
  );

interface Closed {
  readonly users: number;
}

/** Closed loop: each user waits for its answer before it asks again. */
export const closed: ShapeKind<typeof field, Closed> = {
  field,
  loop: 'closed',
  carriesDue: false,
  mistakes: (_, { users }) =>
    users === undefined
      ? []
      : [
          {
            path: ['users'],
            at: 'value',
            message: 'users does nothing with closed',
            hint: 'give closed.users',
          },
        ],
  users: ({ users }) => users,
  shape: ({ users }) => ({ users }),
  describe: ({ shape, durationMs }) => `closed loop of ${shape.users} users for ${durationMs / 1_000} s`,
  planLines: (load) => [
    `${plural(load.shape.users, 'user')} in a closed loop ${routeOf(load)}`,
    requestOf(load),
  ],
  heightAt: () => 1,
  ...generated<Closed>(({ shape, durationMs }) => ({
    executor: { executor: 'constant-vus', vus: shape.users, duration: `${durationMs}ms` },
    pieces: [],
  })),
};
