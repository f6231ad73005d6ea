import { formatMs, formatPercent } from '../../kit/format.ts';
import { percentileOf } from '../../kit/percentile.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Percentiles that one side's may lie off the other's, and what else two clocks in one path may differ by. */
const PERCENTILES = 1;
const CLOCKS_MS = 50;
const CLOCKS_SHARE = 0.25;

/**
 * k6's own percentile must lie between the logs' neighbouring ones: in a distribution with a cliff, one more
 * slow request moves a percentile by any amount. k6 counts from sending, so lateness is left out here; and it
 * is the last to get CPU on a busy machine, so what it adds is no fault of the logs until it is much.
 */
export const latenciesAgree: Rule = eachLoad({
  name: 'latencies-agree',
  title: "k6 and the clients' sidecars see the same latencies",
  judge({ totals, requests, durations }) {
    const limit = `within ${PERCENTILES} percentile, ${formatMs(CLOCKS_MS)} or ${formatPercent(CLOCKS_SHARE)}`;
    const told = Object.entries(totals?.latencyMs ?? {});
    if (totals === undefined || told.length === 0 || requests === 0) return { ...NOT_APPLICABLE, limit };
    const sorted = durations();
    // What k6 makes of a request without an answer is its own affair.
    const around = PERCENTILES + (100 * (totals.answers['none'] ?? 0)) / totals.requests;
    const rows = told.map(([name, k6Ms]) => {
      const at = (percentile: number) =>
        percentileOf(sorted, Math.min(100, Math.max(0, percentile))) ?? Number.NaN;
      const percentile = Number(name.slice(1));
      const slackMs = Math.max(CLOCKS_MS, CLOCKS_SHARE * k6Ms);
      const agree = k6Ms >= at(percentile - around) - slackMs && k6Ms <= at(percentile + around) + slackMs;
      return { text: `${name} ${formatMs(k6Ms)} and ${formatMs(at(percentile))}`, agree };
    });
    return judgement(
      rows.some(({ agree }) => !agree),
      rows.map(({ text }) => text).join(', '),
      limit,
      'One of the two clocks is wrong, or the generator was far too busy to see its answers: lower the rate, or run on a quieter machine.',
      'lateness',
    );
  },
});
