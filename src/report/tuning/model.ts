import { z } from 'zod';
import { reportSchema, type Status } from '../model.ts';

/** Version of tune.json; raised when a field changes its meaning or goes away. */
export const TUNING_SCHEMA = 'breakwater/tuning/v1';

const rate = () => z.number().min(0);
const share = () => z.number().min(0).max(1);

const limit = z.strictObject({
  name: z.string().describe('Path in `connectionPool`: "tcp.maxConnections".'),
  value: z.int().describe("For each client's proxy."),
  whole: z.int().optional().describe('Of all clients together; none of what a single connection carries.'),
  low: z.int().describe('With 95 % the smallest that holds is not below.'),
  high: z.int().describe('With 95 % it is not above.'),
  before: z.int().optional().describe('What was written; none where nothing was.'),
  expected: z.int().optional().describe('What theory said before the trials.'),
  edge: z.string().optional().describe('Which end of the bounds it is.'),
});

const trial = z.strictObject({
  name: z.string().describe('Its folder below `trials/`.'),
  verdict: z
    .enum(['holds', 'fails', 'invalid', 'broken'])
    .describe('invalid: it proves nothing; broken: its lab broke.'),
  purpose: z.string().describe('"without limits", "tcp.maxConnections", "proof", "knee".'),
  judged: z
    .enum(['nominal', 'overload'])
    .describe('nominal: nobody may be refused; overload: the excess quickly.'),
  limits: z.string().describe('"maxConnections 22", "no limits", "as written".'),
  stage: z
    .enum(['before', 'search', 'after', 'scaling'])
    .describe(
      'Whether it was made with what was there before, something between, or what is recommended; scaling: that, with other clients or replicas.',
    ),
  offered: rate(),
  goodput: rate().optional().describe('Answers that ended well; none where it proves nothing, as below.'),
  success: share().optional(),
  refused: share().optional(),
  refusedP90Ms: z.number().optional().describe('Nine of ten refusals took no longer.'),
  latency: z
    .strictObject({ name: z.string(), ms: z.number() })
    .optional()
    .describe('The latency with the tightest limit of the objective.'),
  why: z.array(z.string()).describe('What did not hold, or why it proves nothing.'),
});

/** What a load comes to. */
const outcome = z.strictObject({ holds: z.boolean(), goodput: rate(), refused: share() });

/** tune.json: what a search for pool limits has found, and every trial of it. */
export const tuningSchema = z
  .strictObject({
    schema: z.literal(TUNING_SCHEMA),
    ended: z
      .enum(['found', 'missed', 'undecided', 'invalid'])
      .describe(
        'undecided: the budget was used up before a proof; invalid: trials on this machine prove nothing.',
      ),
    exitCode: z.int().describe('Of the command.'),
    summary: z.string(),
    run: reportSchema.shape.run.pick({
      id: true,
      startedAt: true,
      environment: true,
      mesh: true,
      breakwater: true,
      machine: true,
      command: true,
    }),
    scenario: z.strictObject({ name: z.string(), file: z.string() }),
    client: z.string().describe('Who calls.'),
    service: z.string().describe('Who is called.'),
    objective: z.string().describe('"p99 at most 50 ms, success at least 99.9 %".'),
    nominalRate: rate(),
    overloadRate: rate(),
    headroomRate: rate().describe('The nominal rate with its headroom, at which nominal trials are made.'),
    clients: z.int(),
    limits: z.array(limit),
    costs: z
      .array(
        z.strictObject({
          requests: z
            .int()
            .optional()
            .describe('That each connection carried; none where connections were kept.'),
          trials: z.int(),
          held: z.int().describe('In how many of these the objective held.'),
          opened: rate().describe("Connections that clients' sidecars opened, per second."),
          latency: z.strictObject({ name: z.string(), ms: z.number() }).optional(),
          cpuMs: z
            .number()
            .optional()
            .describe('CPU of all sidecars for each request; none where nobody says.'),
        }),
      )
      .optional()
      .describe('What it costs to open connections, where http.maxRequestsPerConnection was looked for.'),
    knee: z
      .strictObject({ low: rate(), high: rate().optional() })
      .optional()
      .describe(
        'Up to which rate the objective holds with these limits; without `high` it still held at the highest tried.',
      ),
    from: z
      .strictObject({ run: z.string(), taken: z.array(z.string()), anew: z.array(z.string()) })
      .optional()
      .describe('The earlier run that was drawn on, what was taken from it, and what was measured anew.'),
    scaling: z
      .array(
        z.strictObject({
          shape: z
            .string()
            .describe('"one more client", "one replica less", "a zone lost", "rolling restart".'),
          clients: z.int(),
          servers: z.int(),
          judged: z.enum(['nominal', 'overload']),
          offered: rate(),
          model: outcome.extend({
            assuming: z.string().optional().describe('What has to be so for that, and was not seen.'),
          }),
          measured: outcome
            .extend({
              latency: z.strictObject({ name: z.string(), ms: z.number() }).optional(),
              trials: z.int(),
              held: z.int(),
              why: z.array(z.string()).describe('What did not hold.'),
            })
            .optional(),
          agrees: z.boolean().optional().describe('Whether what was measured is what the model says.'),
          untried: z.string().optional().describe('Why it was not tried, or came to nothing.'),
        }),
      )
      .optional()
      .describe(
        'The same limits with other clients or replicas, by the model and by trials (--verify-scaling).',
      ),
    reasoning: z
      .array(z.string())
      .describe('Sentences: what was measured, what was inferred from it, what the limits mean.'),
    trials: z.array(trial),
    patch: z
      .strictObject({ resource: z.string(), file: z.string().optional(), text: z.string() })
      .optional()
      .describe(
        'What is to change in which resource, or the whole of a new one for a service that had none.',
      ),
    wallMs: z.number(),
  })
  .meta({
    title: 'Breakwater search for pool limits',
    description: 'What a search has found, and every trial of it. Rates are per second, shares from 0 to 1.',
  });

export type TuningReport = z.output<typeof tuningSchema>;

export const tuningWords = {
  found: { label: 'FOUND', meaning: 'These limits hold.', status: 'pass' },
  missed: { label: 'MISSED', meaning: 'No limits meet the objective.', status: 'fail' },
  undecided: { label: 'UNDECIDED', meaning: 'The budget was used up before a proof.', status: 'invalid' },
  invalid: { label: 'INVALID', meaning: 'Trials on this machine prove nothing.', status: 'invalid' },
} as const satisfies Record<
  TuningReport['ended'],
  { readonly label: string; readonly meaning: string; readonly status: Status }
>;

/** What a trial's verdict is called, and how it is shown. */
export const trialStatus = {
  holds: 'pass',
  fails: 'fail',
  invalid: 'invalid',
  broken: 'invalid',
} as const satisfies Record<TuningReport['trials'][number]['verdict'], Status>;
