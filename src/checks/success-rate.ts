import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields, stretchField } from './fields.ts';
import { formatLimits } from './limits.ts';
import { shareOfRequests } from './per-request.ts';
import { inStretches, worstStretch } from './stretches.ts';

const schema = z.strictObject({
  kind: z.literal('success-rate'),
  ...checkFields,
  ...stretchField,
  atLeast: percent().describe(
    'Share of all requests answered below 400. Shed requests count as not successful, as their callers see it.',
  ),
});

/** How many of all requests succeeded, as callers saw it. */
export const successRate: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) => `success rate${inStretches(check)} ${formatLimits(check, formatPercent)}`,
  observe(check, facts, window) {
    const lacking = { what: 'no failures' } as const;
    if (check.over !== undefined)
      return { ...worstStretch(check, facts, window, check.over, ['ok']), lacking };
    const samples = facts.count(window);
    const ok = facts.count(window, { outcome: 'ok' });
    return {
      ...shareOfRequests(check, ok, samples),
      lacking,
      ...(samples === ok
        ? {}
        : { detail: `${plural(samples - ok, 'request')} of ${plural(samples, 'request')} did not succeed` }),
    };
  },
};
