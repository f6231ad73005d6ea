import { z } from 'zod';
import { formatCount, formatMs, formatPercent } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import type { MetricsFacts } from './facts.ts';
import { checkFields } from './fields.ts';
import { formatLimits, NEEDED_REQUESTS } from './limits.ts';

const subjects = ['requests', 'errors', 'latency'] as const;

const schema = z.strictObject({
  kind: z.literal('metrics-agree'),
  name: checkFields.name,
  of: z
    .enum(subjects)
    .describe(
      "requests: how many were answered; errors: how many with 4xx and 5xx, and how many the caller's sidecar refused or gave up on; latency: how many took no longer than each bound of the histogram.",
    ),
  atMost: percent().prefault('1%').describe('How far the two may be apart: a share of what was seen.'),
});

/** One comparison: what it is of, how far apart the two are, and of how many. */
interface Difference {
  readonly text: string;
  readonly apart: number;
}

const words = {
  requests: 'count the requests that clients made',
  errors: 'count the errors that clients got',
  latency: 'tell the latency that clients saw',
} as const;

/** Whether the metrics that the mesh offers say what clients saw, over the whole of all loads. */
export const metricsAgree: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: ({ of }) => `the metrics of the mesh ${words[of]}`,
  observe({ of, atMost }, { metrics }) {
    const limit = formatLimits({ atMost }, formatPercent);
    if (metrics === undefined) {
      return {
        value: undefined,
        samples: 0,
        neededSamples: 1,
        holds: false,
        observed: 'nobody read them',
        limit,
      };
    }
    const { samples, differences } = compare[of](metrics);
    const [worst] = differences.toSorted((a, b) => b.apart - a.apart);
    const value = worst === undefined || samples === 0 ? undefined : worst.apart / samples;
    return {
      value,
      samples,
      neededSamples: NEEDED_REQUESTS,
      holds: value !== undefined && value <= atMost,
      observed: value === undefined ? 'nothing to count' : `${formatPercent(value)} apart`,
      limit,
      ...(worst === undefined
        ? {}
        : { detail: differences.length === 1 ? worst.text : `most apart: ${worst.text}` }),
      lacking: { what: 'metrics' },
    };
  },
};

const sum = (all: readonly { readonly seen: number }[]) => all.reduce((total, { seen }) => total + seen, 0);

const counted = ({ name, told, seen }: MetricsFacts['answers'][number], free = 0): Difference => ({
  text: `${name}: metrics ${formatCount(told)}, seen ${formatCount(seen)}`,
  apart: Math.max(0, Math.abs(told - seen) - free),
});

const compare = {
  requests: ({ answers, silent }: MetricsFacts) => {
    const told = answers.reduce((total, each) => total + each.told, 0);
    const seen = sum(answers);
    return { samples: seen, differences: [counted({ name: 'answers', told, seen }, silent)] };
  },
  errors: ({ answers, refused, silent }: MetricsFacts) => {
    const failed = answers.filter(({ name }) => name === '4xx' || name === '5xx');
    return {
      samples: sum(failed),
      differences: [...failed, ...refused].map((each) => counted(each, silent)),
    };
  },
  latency: ({ latency: { told, seen, bounds }, silent }: MetricsFacts) => ({
    samples: seen,
    differences: [
      counted({ name: 'answers with a latency', told, seen }, silent),
      ...bounds.map(
        (each): Difference => ({
          text: `up to ${formatMs(each.atMostMs)}: metrics ${formatCount(each.told)}, seen ${formatCount(each.least)} to ${formatCount(each.most)}`,
          apart: Math.max(0, each.told - each.most - silent, each.least - each.told - silent),
        }),
      ),
    ],
  }),
} as const satisfies Record<
  (typeof subjects)[number],
  (metrics: MetricsFacts) => { readonly samples: number; readonly differences: readonly Difference[] }
>;
