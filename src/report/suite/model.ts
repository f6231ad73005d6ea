import { z } from 'zod';
import { briefReportSchema } from '../model.ts';

/** Version of suite.json; raised when a field changes its meaning or goes away. */
export const SUITE_SCHEMA = 'breakwater/suite/v1';

const about = {
  name: z.string(),
  description: z.string(),
  file: z.string().describe('The scenario, as it was named.'),
  profile: z.string().optional().describe('The profile that it ran with.'),
};

const scenario = z.discriminatedUnion('ended', [
  z.strictObject({
    ...about,
    ended: z.literal('reported'),
    wallMs: z.number(),
    folder: z
      .string()
      .describe("Name of the run's folder, which stands beside the suite's; report.json is in it."),
    report: briefReportSchema.describe('What the report of the run says, without what takes room.'),
  }),
  z.strictObject({
    ...about,
    ended: z.literal('error').describe('The run did not come to its end.'),
    wallMs: z.number(),
    folder: z
      .string()
      .optional()
      .describe("Name of the run's folder, where a report of it says what there was until then."),
    error: z.strictObject({
      message: z.string(),
      hint: z.string().optional(),
      exitCode: z.int().describe('2 for a mistake that was found late, 4 for the environment.'),
    }),
  }),
  z.strictObject({
    ...about,
    ended: z.literal('not-run'),
    why: z.string(),
  }),
]);

/** suite.json: every scenario of a suite and what came of it. */
export const suiteSchema = z
  .strictObject({
    schema: z.literal(SUITE_SCHEMA),
    verdict: z
      .enum(['pass', 'fail', 'invalid', 'error'])
      .describe(
        'fail where one failed; else error where one did not come to its end; pass where all passed.',
      ),
    exitCode: z.int().describe('Of the command.'),
    interrupted: z.boolean(),
    summary: z.string(),
    run: z.strictObject({
      id: z.string(),
      startedAt: z.string().describe('ISO 8601.'),
      environment: z.string(),
      breakwater: z.string(),
      machine: z.strictObject({ cpus: z.int(), memoryBytes: z.number(), platform: z.string() }),
      command: z.string().describe('How to run it again.'),
      seed: z.int().describe('What random choices of every scenario were drawn from.'),
    }),
    wallMs: z.number(),
    scenarios: z.array(scenario).describe('In the order of the command line and, of a folder, of the names.'),
  })
  .meta({ title: 'Breakwater suite', description: 'What the runs of several scenarios concluded.' });

export type Suite = z.output<typeof suiteSchema>;
export type SuiteScenario = Suite['scenarios'][number];
