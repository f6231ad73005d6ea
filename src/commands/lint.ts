import { resolve } from 'node:path';
import { Command } from 'commander';
import pc from 'picocolors';
import { planExperiment } from '../experiment/planned.ts';
import { ExitCode } from '../kit/errors.ts';
import { plural } from '../kit/format.ts';
import { formatProblem, type Problem, ProblemsError } from '../kit/problems.ts';
import { readTextFile } from '../kit/text-file.ts';
import { meshOf } from '../meshes/index.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';
import { profileNames } from '../scenario/load.ts';

export function lintCommand(): Command {
  return new Command('lint')
    .description('Check scenario files, with each of their profiles, and mesh configuration; runs nothing.')
    .argument('<file...>', 'scenarios, or YAML files of mesh configuration')
    .option('--json', 'print the problems as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing found, 2 problems.

Examples:
  $ npx breakwater lint scenarios/*.yaml
  $ npx breakwater lint my-destination-rule.yaml --json`,
    )
    .action(async (files: string[], options: { json?: boolean }) => {
      const problems: Problem[] = [];
      const configuration: MeshFile[] = [];
      for (const file of files) {
        const found = await lintFile(file);
        if ('content' in found) configuration.push(found);
        else problems.push(...found);
      }
      problems.push(...(await meshOf('istio')).lintConfiguration(configuration));
      if (problems.length > 0) process.exitCode = ExitCode.usage;
      process.stdout.write(
        options.json ? `${JSON.stringify({ problems }, null, 2)}\n` : summary(files, problems),
      );
    });
}

function summary(files: readonly string[], problems: readonly Problem[]): string {
  if (problems.length === 0) return `${pc.green('ok')} ${plural(files.length, 'file')}\n`;
  const lines = problems.map(formatProblem);
  return `${lines.join('\n')}\n\n${pc.red(plural(problems.length, 'problem'))}\n`;
}

/** Everything that is wrong with a scenario, as it is and with each profile; the file itself when it is mesh configuration. */
async function lintFile(file: string): Promise<readonly Problem[] | MeshFile> {
  const read = await readTextFile(resolve(file));
  if ('message' in read) return [{ file, ...read }];
  // A syntax error hides what kind of file it is; either way it is reported the same.
  if (
    /^[\s{"]*(apiVersion|kind)"?\s*:/m.test(read.text) &&
    !/^[\s{"]*(topology|checks|load)"?\s*:/m.test(read.text)
  ) {
    return { file, path: resolve(file), content: read.text };
  }
  const found = new Map<string, Problem>();
  for (const profile of [undefined, ...(await profileNames(file))]) {
    for (const problem of await problemsOf(file, profile)) found.set(formatProblem(problem), problem);
  }
  return [...found.values()];
}

async function problemsOf(file: string, profile: string | undefined): Promise<readonly Problem[]> {
  try {
    const changes = { set: [], config: [], ...(profile === undefined ? {} : { profile }) };
    await planExperiment(file, changes);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
}
