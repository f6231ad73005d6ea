import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../kit/folder.ts';
import { type ResolveOptions, toolContext, toolsDirectory } from './context.ts';
import { withToolLock } from './lock.ts';
import { removeStaging, removeTree } from './store.ts';
import type { Program } from './tools.ts';

/** Removes every cached version of the tools that hold these programs; returns the removed folders. */
export async function removeTools(
  programs: readonly Program[],
  options: ResolveOptions = {},
): Promise<string[]> {
  const context = toolContext(options);
  const parent = toolsDirectory(context);
  await makeFolder(parent);
  const removed: string[] = [];
  for (const tool of context.tools) {
    if (!tool.programs.some((program) => programs.some((name) => name === program.name))) continue;
    await withToolLock(tool, context, async () => {
      await removeStaging(tool, context);
      const versions = new RegExp(`^${tool.name}-\\d`);
      for (const name of (await readdir(parent)).filter((entry) => versions.test(entry))) {
        await removeTree(join(parent, name));
        removed.push(join(parent, name));
      }
    });
  }
  return removed;
}
