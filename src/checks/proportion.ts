import { z } from 'zod';
import { formatMs, formatPercent, plural } from '../kit/format.ts';
import { duration, percent } from '../kit/units.ts';
import { wilson } from '../kit/wilson.ts';
import { refusalText, refusers, TOO_MANY_REQUESTS } from '../model/ending.ts';
import { describeTarget, type InstanceTarget, instanceFields, replicaOfWorkload } from '../model/target.ts';
import type { CheckKind, Lacking } from './contract.ts';
import { checkFields } from './fields.ts';
import { NEEDED_REQUESTS } from './limits.ts';

const isGiven = (each: unknown) => each !== undefined;

/** Whom a target names; undefined where it names nobody. */
function instances(who: InstanceTarget): InstanceTarget | undefined {
  return Object.values(who).some(isGiven) ? who : undefined;
}

const of = z
  .strictObject({
    ...instanceFields,
    status: z.int().min(100).max(599).optional().describe('Requests that were answered with this status.'),
    traced: z
      .literal(true)
      .optional()
      .describe('Requests that sidecars reported spans of: what the mesh samples; it needs `mesh.tracing`.'),
    slowerThan: duration()
      .optional()
      .describe('Requests that took at least this long, from when they were due.'),
    refusedBy: z
      .enum(refusers)
      .optional()
      .describe(
        "Requests that were refused there: by the client's or the server's sidecar, or by the app, which answered 400 or more.",
      ),
  })
  .refine(
    ({ status, slowerThan, refusedBy, traced, ...who }) =>
      [status, slowerThan, refusedBy, traced, instances(who)].filter(isGiven).length === 1,
    {
      message: 'give either status, slowerThan, refusedBy, traced or who answered: service, workload or zone',
    },
  )
  .refine(...replicaOfWorkload);

const schema = z.strictObject({
  kind: z.literal('proportion'),
  ...checkFields,
  of: of.describe(
    'Which requests are counted: how they were answered, or of those that some host answered, by whom.',
  ),
  expected: percent().describe(
    'The share that they should have: it must lie inside the 99.99 % interval of what was observed, so that chance makes one run in ten thousand fail.',
  ),
});

type Check = z.output<typeof schema>;

/** Who answered what is counted; undefined where it is something else that is. */
export const answeredBy = ({
  of: { status: _, slowerThan: __, refusedBy: ___, traced: ____, ...who },
}: Check) => instances(who);

function what(check: Check): string {
  const { status, slowerThan = 0, refusedBy } = check.of;
  const who = answeredBy(check);
  if (who !== undefined) return `answered by ${describeTarget(who)}`;
  if (refusedBy !== undefined) return refusalText(refusedBy);
  if (check.of.traced) return 'traced';
  return status === undefined ? `slower than ${formatMs(slowerThan)}` : `answered ${status}`;
}

/** Who answers how is for routes to say, how many are refused for limits of their rate. */
function lackingOf(check: Check): Lacking {
  if (answeredBy(check) !== undefined) return { what: 'spread' };
  const { status, refusedBy, traced } = check.of;
  if (traced) return { what: 'tracing' };
  return status === TOO_MANY_REQUESTS || (refusedBy !== undefined && refusedBy !== 'app')
    ? { what: 'rate-limit' }
    : { what: 'route', setting: 'fault' };
}

/** Whether a share that chance decides is what it should be: delays and aborts at a percentage, a split by weight. */
export const proportion: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) => `${formatPercent(check.expected)} of requests ${what(check)}`,
  observe(check, facts, window) {
    const who = answeredBy(check);
    const { status, slowerThan, refusedBy, traced } = check.of;
    const { all: samples, by: hits } = traced
      ? { all: facts.count(window), by: facts.traces(window, 'all').sampled }
      : who === undefined
        ? {
            all: facts.count(window),
            by: facts.count(window, {
              ...(status === undefined ? {} : { status }),
              ...(slowerThan === undefined ? {} : { slowerThanMs: slowerThan }),
              ...(refusedBy === undefined ? {} : { refusedBy }),
            }),
          }
        : facts.answered(window, facts.instancesOf(who));
    const { low, high } = wilson(hits, samples, '99.99 %');
    const limit = `${formatPercent(check.expected)} inside the interval`;
    return {
      value: samples === 0 ? undefined : hits / samples,
      samples,
      neededSamples: NEEDED_REQUESTS,
      holds: samples > 0 && low <= check.expected && check.expected <= high,
      observed:
        samples === 0
          ? 'no requests'
          : `${formatPercent(hits / samples)} (${formatPercent(low)} to ${formatPercent(high)})`,
      limit,
      detail: `${plural(hits, 'request')} of ${plural(samples, who === undefined ? 'request' : 'answered request')} ${what(check)}`,
      lacking: lackingOf(check),
    };
  },
};
