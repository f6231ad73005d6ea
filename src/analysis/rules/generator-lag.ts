import { checkKind } from '../../checks/index.ts';
import { formatCount, formatMs, formatPercent, plural } from '../../kit/format.ts';
import type { TrialPlan } from '../../plan/contract.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';
import { tolerance } from './tolerance.ts';

/** p99 of starting late, beyond the timer noise of the machine. */
const LAG_MS = 1;
/** A request passes two sleeping threads before it is stamped: k6's timer and the sidecar's worker. */
const WAKEUPS = 2;
/** Or this share of the finest limit on a time, and never more than the steps that times are told in. */
const LAG_SHARE = 0.1;
const MOST_MS = 100;

/**
 * Lateness is part of every latency, which counts from the due time: it can make a check fail and never
 * pass. So it may be what this machine does to anyone, or too little for the finest limit to show.
 */
export const generatorLag: Rule = eachLoad({
  name: 'generator-lag',
  title: 'Requests started when they were due',
  judge({ totals, clock, requests, withoutDue }, { trial, evidence }) {
    const noiseMs = evidence.timer?.p99Ms ?? 0;
    const machineMs = LAG_MS + WAKEUPS * noiseMs;
    const immaterialMs = Math.min(LAG_SHARE * finestTimeMs(trial), MOST_MS);
    const limitMs = Math.max(machineMs, immaterialMs);
    const why =
      machineMs >= immaterialMs
        ? `${formatMs(LAG_MS)} and ${WAKEUPS} wakeups at the machine's own ${formatMs(noiseMs)}`
        : `${formatPercent(LAG_SHARE)} of the finest time a check looks at, or ${formatMs(MOST_MS)}`;
    const limit = `p99 at most ${formatMs(limitMs)} (${why})`;
    if (totals === undefined || !totals.carriesDue)
      return { ...NOT_APPLICABLE, observed: 'requests do not say when they were due', limit };
    if (totals.loop === 'closed') return { ...NOT_APPLICABLE, limit: 'only in an open loop' };
    const { lagP99Ms, lagMaxMs, samples } = clock;
    if (lagP99Ms === undefined || withoutDue > tolerance(requests)) {
      const observed = `${plural(withoutDue, 'request')} without a due time, ${formatCount(samples)} with one`;
      return judgement(
        true,
        observed,
        limit,
        'The load should stamp every request; something took the header away.',
      );
    }
    return judgement(
      lagP99Ms > limitMs,
      `p99 ${formatMs(lagP99Ms)}, at most ${formatMs(lagMaxMs ?? 0)}`,
      limit,
      'The generator or its sidecar could not keep up: lower the rate, or run on a machine with more or quieter CPUs.',
      'lateness',
    );
  },
});

/** The smallest time that a check of the plan limits. */
function finestTimeMs({ checks }: TrialPlan): number {
  const times = checks.flatMap(({ check }) =>
    checkKind(check).unit === 'ms' && 'atMost' in check ? (check.atMost ?? []) : [],
  );
  return Math.min(...times);
}
