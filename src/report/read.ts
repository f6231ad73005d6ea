import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { usageError } from '../kit/errors.ts';
import { REPORT_SCHEMA, type Report, reportSchema } from './model.ts';

export const RUN_FIRST = 'Run a scenario first: npx breakwater run SCENARIO';

/** The folder of a run: by path, by id under `reports`, or the newest there. */
export async function findReport(reports: string, run?: string): Promise<string> {
  if (run === undefined) return newest(reports);
  const candidates = [run, path.join(reports, run)].map((candidate) =>
    path.basename(candidate) === 'report.json' ? path.dirname(candidate) : candidate,
  );
  for (const candidate of candidates) {
    if ((await modified(candidate)) !== undefined) return candidate;
  }
  throw usageError(
    `no report.json in ${candidates.join(' or ')}`,
    `Name the folder of a finished run, or its id under ${reports}/. ${RUN_FIRST}`,
  );
}

/** report.json of a run's folder, checked against its schema. */
export async function readReport(directory: string): Promise<Report> {
  return readVersioned(path.join(directory, 'report.json'), REPORT_SCHEMA, reportSchema);
}

/** A file that says which version of which schema it has, checked against it. */
export async function readVersioned<Content>(
  file: string,
  expected: string,
  schema: z.ZodType<Content>,
): Promise<Content> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usageError(`cannot read ${file} (${cause.code})`, RUN_FIRST);
  });
  const data = parse(text, file);
  const version = typeof data === 'object' && data !== null && 'schema' in data ? data.schema : undefined;
  if (version !== expected) {
    throw usageError(
      `${file} is of version ${JSON.stringify(version) ?? 'unknown'}, this Breakwater reads ${expected}`,
      'Use the version of Breakwater that wrote it, or run the scenario again.',
    );
  }
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw usageError(
    `${file} is not a report:\n${z.prettifyError(result.error)}`,
    'It was changed or cut off after the run; run the scenario again.',
  );
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw usageError(
      `${file} is not JSON: ${(cause as Error).message}`,
      'It was changed or cut off after the run; run the scenario again.',
    );
  }
}

/** The run whose report was written last; the committed example counts only where there is nothing else. */
async function newest(reports: string): Promise<string> {
  const names = await readdir(reports).catch(() => []);
  const runs = await Promise.all(
    names.map(async (name) => {
      const directory = path.join(reports, name);
      return { name, directory, at: await modified(directory) };
    }),
  );
  const [first] = runs
    .filter((run) => run.at !== undefined)
    .sort((a, b) => Number(a.name === 'example') - Number(b.name === 'example') || (b.at ?? 0) - (a.at ?? 0));
  if (first) return first.directory;
  throw usageError(`no run with a report.json under ${reports}/`, RUN_FIRST);
}

async function modified(directory: string): Promise<number | undefined> {
  const found = await stat(path.join(directory, 'report.json')).catch(() => undefined);
  return found?.isFile() ? found.mtimeMs : undefined;
}
