import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { print, printJson } from '../kit/output.ts';
import { writeOutput } from '../kit/output-file.ts';
import { ProblemsError } from '../kit/problems.ts';
import { readTextFile } from '../kit/text-file.ts';
import { visible } from '../kit/visible.ts';
import { type Translated, translateToConsul, translateToIstio } from '../meshes/translate/index.ts';
import { pathArgument } from './path-argument.ts';

interface TranslateOptions {
  readonly to: 'consul' | 'istio';
  readonly caller: string[];
  readonly out?: string;
  readonly json?: boolean;
}

export function translateCommand(): Command {
  return new Command('translate')
    .description('Write configuration of one mesh as that of the other, and list what would be lost.')
    .argument('<file...>', 'DestinationRules and VirtualServices, or configuration entries of Consul')
    .addOption(
      new Option('--to <mesh>', 'the mesh that it is for').choices(['consul', 'istio']).makeOptionMandatory(),
    )
    .addOption(
      new Option('--caller <service>', 'who calls, as Consul has limits with the caller; repeatable')
        .argParser((name: string, previous: string[]) => {
          if (!/^[a-z\d][a-z\d-]*$/i.test(name))
            throw new InvalidArgumentError('It has to be the name of a service.');
          return [...previous, name];
        })
        .default([], 'none'),
    )
    .addOption(
      new Option('--out <folder>', 'write a file for each, in place of showing them').argParser(pathArgument),
    )
    .option('--json', 'print files and losses as JSON')
    .addHelpText(
      'after',
      `
Settings of callers, subsets, routes, time limits and retries are translated; everything else is listed with its line.

Examples:
  $ npx breakwater translate my-rules.yaml --to consul --caller frontend
  $ npx breakwater translate service-defaults.hcl router.hcl --to istio --out translated`,
    )
    .action(async (files: string[], { to, caller, out, json = false }: TranslateOptions) => {
      if (to === 'consul' && caller.length === 0) {
        throw usageError(
          'translate --to consul needs to know who calls',
          'in Consul limits and outlier detection belong to the caller: --caller frontend',
        );
      }
      const read = await Promise.all(files.map(meshFile));
      const translated =
        to === 'consul' ? await translateToConsul(read, caller) : await translateToIstio(read);
      if (out !== undefined) await writeAll(out, translated);
      if (json) printJson(translated);
      else print(shown(translated, to, out));
    });
}

async function meshFile(file: string) {
  const read = await readTextFile(resolve(file));
  if ('message' in read) throw new ProblemsError([{ file, ...read }]);
  return { file, path: resolve(file), content: read.text };
}

async function writeAll(folder: string, { files }: Translated): Promise<void> {
  await makeFolder(folder);
  for (const [name, text] of Object.entries(files)) await writeOutput(join(folder, name), text);
}

function shown({ files, losses, untranslated }: Translated, to: string, out: string | undefined): string {
  const texts = Object.entries(files).map(([name, text]) =>
    out === undefined ? `${pc.bold(`# ${name}`)}\n${text}` : `${join(out, name)}\n`,
  );
  const lost = [
    ...losses.map(
      ({ file, line, path, why }) => `${file}:${line}: ${[path, why].filter(Boolean).join(': ')}`,
    ),
    ...untranslated.map(({ service, why }) => `${service}: ${why}`),
  ];
  const end =
    lost.length === 0
      ? pc.green('Nothing is lost.')
      : `${pc.yellow(`Lost on the way to ${to}:`)}\n${lost.map((line) => `  ${visible(line)}`).join('\n')}`;
  return `${[...texts, end].join('\n')}\n`;
}
