import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { usageError } from '../../kit/errors.ts';
import { REPORT_SCHEMA, reportSchema } from '../model.ts';
import { RUN_FIRST } from '../read.ts';
import { RUNS_SCHEMA, type RunEntry, type Runs } from './model.ts';

/** Files that are read at once: more are no faster, and take memory. */
const AT_ONCE = 16;

const { verdict, interrupted, summary } = reportSchema.shape;

/** What a list needs of report.json, so that the rest of a thousand of them need not be looked at. */
const reported = z.object({
  verdict,
  interrupted,
  summary,
  run: z.object({ startedAt: z.string(), environment: z.string(), mesh: z.string() }),
  scenario: z.object({ name: z.string(), profile: z.string().optional() }),
  timing: z.object({ wallMs: z.number() }),
  traffic: z.object({
    requests: z.int().nonnegative(),
    ok: z.int().nonnegative(),
    latencyMs: z.record(z.string(), z.number()),
  }),
  checks: z.array(z.object({ status: z.enum(['pass', 'fail', 'invalid']) })),
});

const suited = z.object({ scenarios: z.array(z.object({ folder: z.string().optional() })) });

type Found =
  | { readonly is: 'run'; readonly entry: RunEntry }
  | { readonly is: 'unreadable'; readonly folder: string; readonly why: string }
  | { readonly is: 'suite'; readonly folder: string; readonly of: readonly string[] };

/** All runs under a folder; the committed example counts only where there is nothing else. */
export async function readRuns(reports: string): Promise<Runs> {
  const names = await readdir(reports).catch((cause: NodeJS.ErrnoException) => {
    throw usageError(`cannot read ${reports} (${cause.code})`, RUN_FIRST);
  });
  const found: Found[] = [];
  const waiting = names.values();
  const worker = async () => {
    for (const name of waiting) {
      const one = await look(reports, name);
      if (one !== undefined) found.push(one);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  const suites = new Map(
    found.flatMap((each) =>
      each.is === 'suite' ? each.of.map((run): [string, string] => [run, each.folder]) : [],
    ),
  );
  const all = found.flatMap((each) => (each.is === 'run' ? [each.entry] : []));
  const own = all.filter(({ folder }) => folder !== 'example');
  const runs = (own.length > 0 ? own : all)
    .map((entry) => {
      const suite = suites.get(entry.folder);
      return suite === undefined ? entry : { ...entry, suite };
    })
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt) || b.folder.localeCompare(a.folder));
  const unreadable = found
    .flatMap((each) => (each.is === 'unreadable' ? [{ folder: each.folder, why: each.why }] : []))
    .toSorted((a, b) => a.folder.localeCompare(b.folder));
  if (runs.length === 0 && unreadable.length === 0) {
    throw usageError(`no run with a report.json under ${reports}/`, RUN_FIRST);
  }
  return { schema: RUNS_SCHEMA, reports, runs, unreadable };
}

/** What a folder is; undefined when it is neither a run that has a report nor a suite. */
async function look(reports: string, folder: string): Promise<Found | undefined> {
  const text = await contentOf(path.join(reports, folder, 'report.json'));
  if (text === undefined) return lookForSuite(reports, folder);
  const data = parsed(text);
  const version = (data as { readonly schema?: unknown } | null | undefined)?.schema;
  if (version !== REPORT_SCHEMA) {
    const why = data === undefined ? 'it is not JSON' : `it is of version ${JSON.stringify(version)}`;
    return { is: 'unreadable', folder, why };
  }
  const { success, data: report } = reported.safeParse(data);
  if (!success) return { is: 'unreadable', folder, why: 'fields are missing or were changed' };
  const { run, scenario, traffic, checks, timing } = report;
  return {
    is: 'run',
    entry: {
      folder,
      startedAt: run.startedAt,
      scenario: scenario.name,
      ...(scenario.profile === undefined ? {} : { profile: scenario.profile }),
      environment: run.environment,
      mesh: run.mesh,
      verdict: report.verdict,
      interrupted: report.interrupted,
      summary: report.summary,
      checks: checks.length,
      failedChecks: checks.filter(({ status }) => status === 'fail').length,
      requests: traffic.requests,
      ok: traffic.ok,
      ...(traffic.latencyMs['p95'] === undefined ? {} : { p95Ms: traffic.latencyMs['p95'] }),
      wallMs: timing.wallMs,
    },
  };
}

async function lookForSuite(reports: string, folder: string): Promise<Found | undefined> {
  const text = await contentOf(path.join(reports, folder, 'suite.json'));
  const { data } = suited.safeParse(text === undefined ? undefined : parsed(text));
  if (data === undefined) return undefined;
  return { is: 'suite', folder, of: data.scenarios.flatMap(({ folder: run }) => run ?? []) };
}

const contentOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(() => undefined);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
