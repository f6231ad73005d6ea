import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './breakwater.ts';

/** The commands in the blocks of a page of docs/, as arguments of breakwater. */
export function commandsOn(page: string): readonly (readonly string[])[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  const commands = [...text.matchAll(/^npx breakwater (.+)$/gm)].map(([, args = '']) => args.split(' '));
  if (commands.length === 0) throw new Error(`${page} has no commands`);
  return commands;
}
