import { z } from 'zod';
import { reportSchema } from '../model.ts';

/** Version of the list of runs; raised when a field changes its meaning or goes away. */
export const RUNS_SCHEMA = 'breakwater/runs/v1';

const { verdict, interrupted, summary } = reportSchema.shape;

/** What a list says of one run. */
const runEntry = z.strictObject({
  folder: z.string().describe("Name of the run's folder; report.json and report.html are in it."),
  suite: z.string().optional().describe('Folder of the suite that it is part of.'),
  startedAt: z.string().describe('ISO 8601.'),
  scenario: z.string(),
  profile: z.string().optional(),
  environment: z.string(),
  mesh: z.string().describe('"istio 1.29.1".'),
  verdict,
  interrupted,
  summary,
  checks: z.int().nonnegative(),
  failedChecks: z.int().nonnegative(),
  requests: z.int().nonnegative(),
  ok: z.int().nonnegative(),
  p95Ms: z.number().optional().describe('Over all requests, from when they were due.'),
  wallMs: z.number(),
});

/** Every run that is under one folder, newest first. */
export const runsSchema = z
  .strictObject({
    schema: z.literal(RUNS_SCHEMA),
    reports: z.string().describe('The folder that they are in.'),
    runs: z.array(runEntry).describe('Newest first.'),
    unreadable: z
      .array(z.strictObject({ folder: z.string(), why: z.string() }))
      .describe('Runs whose report says nothing to this version.'),
  })
  .meta({ title: 'Breakwater runs', description: 'All runs in a folder, and what came of each.' });

export type Runs = z.output<typeof runsSchema>;
export type RunEntry = Runs['runs'][number];

/** The runs of one scenario in one environment with one profile, newest first. */
export interface RunSeries {
  readonly newest: RunEntry;
  readonly runs: readonly RunEntry[];
}

/** Runs whose numbers can be held against each other, in the order of the scenarios' names. */
export function seriesOf({ runs }: Runs): readonly RunSeries[] {
  const key = ({ scenario, environment, profile = '' }: RunEntry) =>
    [scenario, environment, profile].join('\n');
  return [...Map.groupBy(runs, key)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([, group]) => (group[0] === undefined ? [] : [{ newest: group[0], runs: group }]));
}
