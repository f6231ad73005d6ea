import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Problem, ProblemsError } from '../kit/problems.ts';
import { readTextFile } from '../kit/text-file.ts';
import { scenarioNamed } from '../scenario/named.ts';
import { isScenario } from './kind-of-file.ts';

/** The scenario files that arguments of a command name. */
export interface ScenarioFiles {
  /** Each once, in the order of the arguments and, of a folder, of the names. */
  readonly files: readonly string[];
  /** YAML files of the folders that are no scenarios. */
  readonly leftOut: readonly string[];
}

/** Whether an argument is a folder; what is not there is none. */
export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/**
 * Files as they are, whatever they hold, and for bare names the scenarios that came along; of a folder the scenarios that are directly in it. Throws one ProblemsError
 * for folders without any, or for a bare name that is no scenario's.
 */
export async function scenarioFiles(named: readonly string[]): Promise<ScenarioFiles> {
  const files = new Map<string, string>();
  const leftOut: string[] = [];
  const problems: Problem[] = [];
  for (const argument of named) {
    const found = (await isFolder(argument))
      ? await inFolder(argument)
      : { files: [scenarioNamed(argument)], leftOut: [] };
    if ('message' in found) problems.push({ file: argument, ...found });
    else {
      for (const file of found.files) if (!files.has(resolve(file))) files.set(resolve(file), file);
      leftOut.push(...found.leftOut);
    }
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return { files: [...files.values()], leftOut: leftOut.filter((file) => !files.has(resolve(file))) };
}

async function inFolder(folder: string): Promise<ScenarioFiles | { message: string; hint?: string }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (names instanceof Error) return { message: `cannot be read (${names.code})` };
  const files: string[] = [];
  const leftOut: string[] = [];
  for (const name of names.filter((each) => /\.ya?ml$/.test(each)).sort()) {
    const file = join(folder, name);
    if (await isFolder(file)) continue;
    const read = await readTextFile(resolve(file));
    // What cannot be read is told as the mistake that it is, and not passed over.
    if ('message' in read || isScenario(read.text)) files.push(file);
    else leftOut.push(file);
  }
  if (files.length > 0) return { files, leftOut };
  return {
    message: 'there is no scenario directly in this folder',
    hint: 'scenarios are files *.yaml or *.yml with a topology, a load and checks',
  };
}
