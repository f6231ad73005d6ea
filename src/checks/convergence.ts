import { z } from 'zod';
import { formatMs, plural } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import type { ChangeRecord, RunFacts } from './facts.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('convergence'),
  name: checkFields.name,
  change: checkFields.change,
  fault: z
    .string()
    .optional()
    .describe(
      'An outage of the control plane, by its name, that is on when the change is made: time counts from its end then, and no sidecar may have held the change before.',
    ),
  atMost: duration().describe('From when the change was made until every sidecar held it.'),
});

/** How long a change of the mesh configuration took to be in effect everywhere. */
export const convergence: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'statistics',
  window: 'change',
  describe: (check) =>
    `in effect at every sidecar within ${formatMs(check.atMost)}${check.fault === undefined ? '' : ` of the end of ${check.fault}`}`,
  observe(check, facts, window) {
    const change = facts.changes.find(({ name }) => name === window.change);
    const arrivals = Object.entries(change?.arrivals ?? {}).toSorted(([, a], [, b]) => b - a);
    const [last] = arrivals;
    const tooSoon = check.fault === undefined ? undefined : heldBefore(check.fault, change, facts);
    const value =
      change?.arrivedAtMs === undefined ? undefined : timeOf(change, last?.[1], check.fault, facts);
    const details = [
      ...(last === undefined ? [] : [`${last[0]} was the last of ${plural(arrivals.length, 'sidecar')}`]),
      ...(tooSoon === undefined ? [] : [`${tooSoon} held it before the end of ${check.fault}`]),
      ...(check.fault === undefined && change?.heldUp ? [heldUpText(change.heldUp)] : []),
    ];
    return {
      value,
      samples: arrivals.length,
      neededSamples: 1,
      holds: value !== undefined && tooSoon === undefined && isWithin(value, check),
      observed: value === undefined ? 'never' : formatMs(value),
      limit: formatLimits(check, formatMs),
      ...(details.length === 0 ? {} : { detail: details.join('; ') }),
    };
  },
};

/** Milliseconds until the slowest sidecar held a change, from when it was made or from the end of a fault. */
function timeOf(
  { changingAtMs = Number.NaN }: ChangeRecord,
  slowestMs: number | undefined,
  fault: string | undefined,
  { faults }: RunFacts,
): number | undefined {
  if (slowestMs === undefined || fault === undefined) return slowestMs;
  const endMs = faults.find(({ name }) => name === fault)?.revertedAtMs;
  return endMs === undefined ? undefined : Math.max(0, changingAtMs + slowestMs - endMs);
}

/** The first sidecar that held a change before anybody began to end a fault. */
function heldBefore(
  fault: string,
  change: ChangeRecord | undefined,
  { faults }: RunFacts,
): string | undefined {
  const endsAtMs = faults.find(({ name }) => name === fault)?.revertingAtMs;
  if (change?.changingAtMs === undefined || endsAtMs === undefined) return undefined;
  const [first] = Object.entries(change.arrivals).toSorted(([, a], [, b]) => a - b);
  return first !== undefined && change.changingAtMs + first[1] < endsAtMs ? first[0] : undefined;
}

function heldUpText({ fault, untilMs }: NonNullable<ChangeRecord['heldUp']>): string {
  return untilMs === undefined
    ? `${fault} was never over`
    : `no sidecar could hear of it before the end of ${fault} at ${formatMs(untilMs)}`;
}
