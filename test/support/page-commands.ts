import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './breakwater.ts';

/**
 * The arguments of every `npx breakwater` line in the blocks of code of a page, with files of the reader's own
 * ("my-rules.yaml") replaced by the configuration of the scenario that stands before them.
 */
export function commandsIn(page: string): readonly (readonly string[])[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter((line) => line.startsWith('npx breakwater '))
    .map((line) => {
      const args = line.split(' ').slice(2);
      const scenario = args.find((arg) => arg.startsWith('scenarios/')) ?? '';
      return args.map((arg) =>
        arg.startsWith('my-') ? scenario.replace('scenarios/', 'scenarios/mesh/') : arg,
      );
    });
}
