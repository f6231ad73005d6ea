import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { usageError } from '../kit/errors.ts';
import { writeOutput } from '../kit/output-file.ts';
import { reasonOf } from '../kit/system-error.ts';
import { printFields } from '../report/json.ts';
import { BASELINE_SCHEMA, type Baseline, baselineSchema, type RunRecord } from './model.ts';

/** Older runs say less about how a machine is today. */
const mostRuns = 40;

/** Reads a baseline; undefined where there is no such file. Throws a usage error for one that is none. */
export async function readBaseline(file: string): Promise<Baseline | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw usageError(`${file} cannot be read: ${reasonOf(code || message)}`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw usageError(`${file} is no baseline: it is no JSON`, 'run --save-baseline writes them');
  }
  const parsed = baselineSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw usageError(
    `${file} is no baseline:\n${z.prettifyError(parsed.error)}`,
    'run --save-baseline writes them',
  );
}

/** What keeps a run from being one of a baseline's; undefined where it belongs to it. */
export function differenceFrom({ runs: [first] }: Baseline, record: RunRecord): string | undefined {
  if (first === undefined) return undefined;
  if (first.scenario.fingerprint !== record.scenario.fingerprint) {
    return first.scenario.name === record.scenario.name
      ? `its topology, load, faults or checks of ${record.scenario.name} are others`
      : `it is of the scenario ${first.scenario.name}`;
  }
  if (first.environment !== record.environment) return `it is of runs on ${first.environment}`;
  if (first.machine.kind !== record.machine.kind) {
    return `it is of another kind of machine: ${describeMachine(first.machine)}, and this is ${describeMachine(record.machine)}`;
  }
  const changed = changedVersions(first, record);
  return changed.length === 0 ? undefined : `it is of other programs: ${changed.join(', ')}`;
}

/** "istio 1.28.3, now 1.29.1". */
export const changedVersions = (before: RunRecord, now: RunRecord): readonly string[] =>
  [...new Set([...Object.keys(before.versions), ...Object.keys(now.versions)])]
    .filter((name) => before.versions[name] !== now.versions[name])
    .map((name) => `${name} ${before.versions[name] ?? 'none'}, now ${now.versions[name] ?? 'none'}`);

export const describeMachine = ({ cpus, processor, memoryBytes }: RunRecord['machine']) =>
  `${cpus} × ${processor}, ${Math.round(memoryBytes / 2 ** 30)} GiB`;

/**
 * Adds a run to a baseline, which is made where there is none. Throws a usage error where it is of another experiment,
 * machine or program: then nothing is written.
 */
export async function addToBaseline(file: string, record: RunRecord): Promise<Baseline> {
  const before = await readBaseline(file);
  const difference = before === undefined ? undefined : differenceFrom(before, record);
  if (difference !== undefined) {
    throw usageError(`${file} is another baseline: ${difference}`, 'name another file, or remove that one');
  }
  const others = (before?.runs ?? []).filter(({ run }) => run !== record.run);
  const runs = [...others, record].sort((a, b) => a.at.localeCompare(b.at)).slice(-mostRuns);
  const baseline: Baseline = { schema: BASELINE_SCHEMA, runs };
  await writeOutput(file, printFields(baseline));
  return baseline;
}
