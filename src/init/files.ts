import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { environmentError, usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { writeOutput } from '../kit/output-file.ts';
import { reasonOf } from '../kit/system-error.ts';
import type { NewFile, Wanted } from './contract.ts';
import { scenarioText, starterRule } from './scenario-text.ts';
import { ignoring, workflowText } from './workflow-text.ts';

/** Where scenarios of a project are. */
const SCENARIOS = 'breakwater';
const WORKFLOW = join('.github', 'workflows', 'breakwater.yml');

/** The scenario, and the mesh configuration that it begins with where there is none; paths are seen from the project. */
export function scenarioFiles(
  wanted: Wanted,
  project: string,
  config: readonly string[],
): readonly NewFile[] {
  const folder = resolve(project, SCENARIOS);
  const own = join('mesh', `${wanted.name}.yaml`);
  const configuration =
    config.length === 0 ? [own] : config.map((path) => relative(folder, resolve(path)).split(sep).join('/'));
  const scenario = {
    path: join(SCENARIOS, `${wanted.name}.yaml`),
    text: scenarioText({ ...wanted, configuration: configuration.map((path) => path.split(sep).join('/')) }),
  };
  if (config.length > 0) return [scenario];
  return [scenario, { path: join(SCENARIOS, own), text: starterRule(wanted.to, wanted.namespace) }];
}

/** What became of the files. */
export interface Written {
  readonly written: readonly string[];
  /** What was there already, and does what it is for. */
  readonly kept: readonly string[];
}

/**
 * Writes the files, the workflow and the line of .gitignore. What is there stays: a scenario by that name is an error
 * without `force`, and nothing is written then; a workflow runs all scenarios of the folder and serves the new one too.
 */
export async function writeProject(
  project: string,
  scenarios: readonly NewFile[],
  {
    force,
    workflow,
    action,
  }: { readonly force: boolean; readonly workflow: boolean; readonly action: string },
): Promise<Written> {
  const there: string[] = [];
  for (const { path } of scenarios) if ((await textOf(join(project, path))) !== undefined) there.push(path);
  if (there.length > 0 && !force) {
    throw usageError(
      `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already`,
      'another --name writes beside it; --force overwrites',
    );
  }
  const written: string[] = [];
  const kept: string[] = [];
  const files = [
    ...scenarios,
    ...(workflow ? [{ path: WORKFLOW, text: workflowText(`${SCENARIOS}/`, action) }] : []),
  ];
  for (const { path, text } of files) {
    const before = await textOf(join(project, path));
    if (before !== undefined && (!force || before === text)) kept.push(path);
    else {
      await write(join(project, path), text, before === undefined);
      written.push(path);
    }
  }
  const before = await textOf(join(project, '.gitignore'));
  const ignored = ignoring(before ?? '');
  if (ignored === undefined) kept.push('.gitignore');
  else {
    await write(join(project, '.gitignore'), ignored, before === undefined);
    written.push('.gitignore');
  }
  return { written, kept };
}

/** Content of a file; undefined where there is none. */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw environmentError(`${path} cannot be read: ${reasonOf(error.code ?? error.message)}`);
  });
}

async function write(path: string, text: string, isNew: boolean): Promise<void> {
  try {
    await makeFolder(dirname(path));
    // What came there meanwhile stays.
    await (isNew ? writeFile(path, text, { flag: 'wx' }) : writeOutput(path, text));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw environmentError(`${path} cannot be written: ${reasonOf(code ?? message)}`);
  }
}
