import { z } from 'zod';
import { usualLife } from '../model/topology.ts';
import { stopAndStart } from './actions.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

/** What a replica has to be down for, beside the time in which it goes: less proves nothing. */
const leastDownMs = 1_000;

const schema = z
  .strictObject({ kind: z.literal('restart'), ...faultFields })
  .describe(
    'SIGTERM to the app and its sidecar, as when a rollout replaces a pod: callers are told that it goes, both end in their own time (`app.drain` and `sidecar.drain` of the service), and both are started again at the end, in the order that `sidecar.holdsApp` says; then callers are told that it is back.',
  );

/** SIGTERM to the app and its sidecar, as when a rollout replaces a pod; started again at the end. */
export const restart: FaultKind<typeof schema> = {
  schema,
  halts: 'ended',
  isGradual: true,
  describe: () => 'is stopped in an orderly way with its sidecar, and started again',
  mistakes: (fault, instances) => {
    const drains = instances.map(({ sidecar = usualLife, app }) =>
      Math.max(sidecar.drainMs, app?.drainMs ?? 0),
    );
    const longest = Math.max(0, ...drains);
    return fault.for >= longest + leastDownMs
      ? []
      : [
          {
            path: ['for'],
            message: `it goes on for ${longest / 1_000} s when it is told to stop (sidecar.drain, app.drain): it would hardly be down, or not at all`,
            hint: `use ${(longest + leastDownMs) / 1_000}s or longer`,
          },
        ];
  },
  actions: (_fault, _id, instances) => stopAndStart(instances),
  proof: () => ({ kind: 'silent' }),
};
