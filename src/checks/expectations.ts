import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin } from './limits.ts';

const { load: _, ...fields } = checkFields;

const schema = z.strictObject({
  kind: z.literal('expectations'),
  ...fields,
  probe: z.string().optional().describe('Of which probe; of all unless given.'),
  atLeast: percent().prefault('100%').describe('Share of the answers that must be as expected.'),
});

/** Whether probes met what is expected of them; every one must have been answered in the window at least once. */
export const expectations: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) =>
    `${check.probe === undefined ? 'probes meet their' : `${check.probe} meets its`} expectations${check.atLeast === 1 ? '' : ` ${formatLimits(check, formatPercent)}`}`,
  observe(check, facts, window) {
    const probes = facts.probes(window, check.probe);
    const known = probes.reduce((sum, probe) => sum + probe.known, 0);
    const met = probes.reduce((sum, probe) => sum + probe.met, 0);
    const silent = probes.filter((probe) => probe.known === 0);
    const unmet = probes.filter((probe) => probe.met < probe.known);
    const value = known === 0 ? undefined : met / known;
    const [first] = unmet;
    const details = [
      ...(first === undefined
        ? []
        : [`${first.text}: expected ${first.expected}, came ${first.came}${others(unmet.length - 1)}`]),
      ...(silent[0] === undefined
        ? []
        : [`nothing is known of ${silent[0].text} in this window${others(silent.length - 1)}`]),
    ];
    return {
      value,
      // What failed on good evidence fails, whatever else is not known.
      samples: unmet.length > 0 ? probes.length : probes.length - silent.length,
      neededSamples: Math.max(1, probes.length),
      holds: value !== undefined && isWithin(value, check),
      observed:
        value === undefined
          ? 'no answers'
          : `${formatPercent(value)} of ${plural(known, 'answer')} to ${plural(probes.length, 'probe')}`,
      limit: formatLimits(check, formatPercent),
      ...(details.length === 0 ? {} : { detail: details.join('; ') }),
      lacking: { what: 'expectations', probe: check.probe },
    };
  },
};

const others = (count: number) => (count === 0 ? '' : `, and ${plural(count, 'more probe')}`);
