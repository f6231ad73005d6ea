import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './breakwater.ts';

/**
 * The commands in the blocks of code of a page of docs/, as arguments of breakwater. Files of the reader's own
 * ("my-rules.yaml") are replaced by the configuration of the scenario that stands before them.
 */
export function commandsOn(page: string): readonly (readonly string[])[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  const commands = [...text.matchAll(/^npx breakwater ([^#\n]+)/gm)].map(([, args = '']) =>
    args.trim().split(/ +/),
  );
  if (commands.length === 0) throw new Error(`${page} has no commands`);
  return commands.map((args) => {
    const scenario = args.find((arg) => arg.startsWith('scenarios/')) ?? '';
    return args.map((arg) =>
      arg.startsWith('my-') ? scenario.replace('scenarios/', 'scenarios/mesh/') : arg,
    );
  });
}
