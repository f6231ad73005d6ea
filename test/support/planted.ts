import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { type Finished, outcome, root } from './breakwater.ts';

/** A mistake in a scenario that is valid and not what was meant, planted by arguments of `run`. */
export interface Planted<Scenario extends string> {
  readonly name: string;
  readonly scenario: Scenario;
  /** Kind of a check that must be among the failed ones. */
  readonly fails: string;
  /** Plants it, with what it takes written into the folder. */
  readonly args: (folder: string) => readonly string[];
  /** What the report has to name, and the end of where it is written. */
  readonly names: RegExp;
  readonly source: RegExp;
}

/** Writes a file of a scenario's configuration with the mistake in it; its path. */
export function plantedFile(folder: string, name: string, change: (text: string) => string): string {
  const sound = readFileSync(join(root, 'scenarios/mesh', name), 'utf8');
  const planted = change(sound);
  if (planted === sound) throw new Error(`nothing was planted in ${name}`);
  const path = join(folder, 'planted.yaml');
  writeFileSync(path, planted);
  return path;
}

/** Expects that a run has failed at the check that a mistake is for, and that the report names its line as the reason. */
export function expectFailedAt(
  finished: Finished,
  { fails, names, source: where }: Pick<Planted<string>, 'fails' | 'names' | 'source'>,
): void {
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
  expect(failed.map(({ kind }) => kind)).toContain(fails);
  const said = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
  const naming = said.filter(({ setting }) => names.test(setting));
  expect(naming.length, `${outcome(finished)}\n${JSON.stringify(said, null, 2)}`).toBeGreaterThan(0);
  for (const { source } of naming) expect(source).toMatch(where);
}
