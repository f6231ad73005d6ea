import { z } from 'zod';

/** Version of a record; raised when a field changes its meaning or goes away. */
export const RECORD_SCHEMA = 'breakwater/record/v1';
export const BASELINE_SCHEMA = 'breakwater/baseline/v1';

/** What is kept of a run to hold later ones against: its measures, and all that tells whether they compare. */
export const recordSchema = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  run: z.string().describe('Id of the run.'),
  at: z.iso.datetime().describe('When it began.'),
  verdict: z.enum(['pass', 'fail']).describe('What is invalid is not kept.'),
  scenario: z.strictObject({
    name: z.string(),
    profile: z.string().optional(),
    fingerprint: z
      .string()
      .describe('Of topology, load, faults and checks: what differs in it is another experiment.'),
  }),
  environment: z.string(),
  measures: z.record(z.string(), z.number().finite()).describe('As in report.json: one number a run.'),
  spread: z
    .record(z.string(), z.strictObject({ low: z.number(), high: z.number(), windows: z.int() }))
    .describe(
      'Lowest and highest of the windows of the steady state: how restless the run was within itself.',
    ),
  machine: z.strictObject({
    kind: z.string().describe('The same for machines of one kind: processors, memory, system.'),
    host: z.string().describe('The same for one machine; no name.'),
    cpus: z.int(),
    processor: z.string(),
    memoryBytes: z.number(),
    platform: z.string(),
  }),
  versions: z.record(z.string(), z.string()).describe('Breakwater, the mesh and its programs.'),
  seed: z.int().optional(),
  commit: z.string().optional().describe('What the project was at, where that is known.'),
});
export type RunRecord = z.output<typeof recordSchema>;

/** A file of records that belong together: of one experiment on machines of one kind with the same programs. */
export const baselineSchema = z.strictObject({
  schema: z.literal(BASELINE_SCHEMA),
  runs: z.array(recordSchema).min(1),
});
export type Baseline = z.output<typeof baselineSchema>;
