import { z } from 'zod';
import { reportSchema, type Status } from '../model.ts';

/** Version of comparison.json; raised when a field changes its meaning or goes away. */
export const COMPARISON_SCHEMA = 'breakwater/comparison/v1';

const count = () => z.int().nonnegative();
const run = reportSchema.shape.run;

const spread = z
  .strictObject({ lowest: z.number(), median: z.number(), highest: z.number() })
  .describe('Over the rounds that count: each is one number of all its requests.');

const side = z.strictObject({
  label: z.string().describe('What was asked for: "config:mesh/new.yaml"; "as written" where nothing was.'),
  environment: z.string(),
  mesh: z.string().describe('"istio 1.29.1"; "-" where no round came to its end.'),
  programs: z.record(z.string(), z.string()).describe('Program → version.'),
  made: count().describe('Rounds that were made.'),
  invalid: count().describe('Rounds of those that prove nothing: they were made again.'),
  others: z
    .number()
    .optional()
    .describe(
      'Processors that everything else on the machine kept busy, median of its rounds; absent where nobody knows.',
    ),
});

const metric = z.strictObject({
  measure: z
    .string()
    .describe('"p99"; "time-to-eject: NAME OF THE CHECK" where there are several of a kind.'),
  title: z.string(),
  unit: z.enum(['ms', 'share', 'per-second', 'count', 'ratio', 'cores', 'bytes']),
  worse: z.enum(['more', 'less']).describe('In which direction it gets worse.'),
  offset: z
    .number()
    .describe('Is added to both sides before their ratio is taken, in the unit: for what may be none.'),
  verdict: z.enum(['regressed', 'improved', 'same', 'inconclusive']),
  notWorse: z.boolean().describe('Whether B is proven to be no worse than the margin.'),
  margin: z.number().describe('A share: by how much it may be worse and still count as the same.'),
  pairs: count().describe('Pairs of rounds that have it on both sides.'),
  a: spread.nullable(),
  b: spread.nullable(),
  change: z.number().nullable().describe('B against A, as a share: 0.1 is a tenth more, whichever is worse.'),
  changeLow: z
    .number()
    .nullable()
    .describe('The change lies above this with 95 %; null where nothing is excluded.'),
  changeHigh: z.number().nullable().describe('And below this with 95 %.'),
  pValue: z.number().describe('One-sided, of B being worse, before any correction.'),
  smallestSeen: z
    .number()
    .nullable()
    .describe(
      'The smallest worsening, a share, that these rounds would have called regressed 95 times in 100; null: none.',
    ),
  pairsNeeded: z
    .int()
    .nullable()
    .optional()
    .describe(
      'About how many pairs like these would tell whether it is worse than the margin, if the change is what it seems to be; null where so few pairs say nothing about that.',
    ),
  values: z
    .array(z.strictObject({ pair: z.int(), a: z.number().nullable(), b: z.number().nullable() }))
    .describe('What every pair of rounds showed.'),
});

/** comparison.json: whether B is worse than A, by what, and every round of it. */
export const comparisonSchema = z
  .strictObject({
    schema: z.literal(COMPARISON_SCHEMA),
    ended: z
      .enum(['not-worse', 'regressed', 'inconclusive', 'invalid'])
      .describe(
        'not-worse: no metric is worse than its margin, proven. inconclusive: rounds or time were used up before. invalid: rounds on this machine, or of one side, prove nothing.',
      ),
    exitCode: z.int(),
    summary: z.string(),
    why: z.string().optional().describe('Of one that is invalid.'),
    run: z.strictObject({
      id: run.shape.id,
      startedAt: run.shape.startedAt,
      breakwater: run.shape.breakwater,
      machine: run.shape.machine,
      command: run.shape.command,
      seed: z.int().describe('The order within each pair was drawn from it, and what apps draw.'),
    }),
    scenario: z.strictObject({ name: z.string(), file: z.string(), load: z.string() }),
    sides: z.strictObject({ a: side, b: side }),
    labs: z
      .enum(['one', 'two'])
      .describe('Whether both sides took turns in one lab, or each had its own beside the other.'),
    confidence: z.strictObject({
      alarm: z
        .number()
        .describe('Chance that anything is called regressed where nothing is, over all metrics and looks.'),
      same: z
        .number()
        .describe('Chance of each metric that it is called the same and is worse than its margin.'),
    }),
    pairs: count(),
    mostPairs: count(),
    looks: z
      .array(z.strictObject({ pairs: count(), share: z.number() }))
      .describe(
        'At how many pairs it may come to its answer, and how much of the chance of error each look has.',
      ),
    metrics: z.array(metric),
    notJudged: z.array(z.strictObject({ measure: z.string(), why: z.string() })),
    rounds: z.array(
      z.strictObject({
        name: z.string(),
        pair: z.int(),
        side: z.enum(['a', 'b']),
        verdict: z.enum(['pass', 'fail', 'invalid', 'broken']),
        folder: z.string().optional().describe('Of its own report, from here; none where its lab broke.'),
        tookMs: z.number(),
        why: z.string().optional().describe('Why it proves nothing.'),
      }),
    ),
    wallMs: z.number(),
  })
  .meta({
    title: 'Breakwater comparison',
    description: 'Whether B is worse than A under the same scenario, and how sure that is.',
  });

export type ComparisonReport = z.output<typeof comparisonSchema>;
export type ComparedMetric = ComparisonReport['metrics'][number];

export const comparisonWords = {
  'not-worse': { label: 'NOT WORSE', meaning: 'No metric is worse than its margin.', status: 'pass' },
  regressed: { label: 'REGRESSED', meaning: 'B is worse than A.', status: 'fail' },
  inconclusive: {
    label: 'INCONCLUSIVE',
    meaning: 'These rounds cannot tell whether B is worse.',
    status: 'invalid',
  },
  invalid: { label: 'INVALID', meaning: 'The rounds prove nothing.', status: 'invalid' },
} as const satisfies Record<
  ComparisonReport['ended'],
  { readonly label: string; readonly meaning: string; readonly status: Status }
>;

/** How a metric's verdict is shown. */
export const metricStatus = {
  regressed: 'fail',
  improved: 'pass',
  same: 'pass',
  inconclusive: 'invalid',
} as const satisfies Record<ComparedMetric['verdict'], Status>;
