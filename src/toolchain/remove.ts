import { readdir } from 'node:fs/promises';
import { makeFolder } from '../kit/folder.ts';
import { type ResolveOptions, type ToolContext, toolContext, toolsDirectory } from './context.ts';
import { downloadsDirectory } from './download.ts';
import { goDirectory } from './go-environment.ts';
import { keptTools, sizeOf } from './kept.ts';
import { BUILD_LOCK, tryLock, withToolLock } from './lock.ts';
import { usualTools } from './mesh-tools.ts';
import { removeStaging, removeTree } from './store.ts';
import type { Program } from './tools.ts';

/** A folder that is gone. */
export interface Removed {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Removes every cached version of the tools that hold these programs, or every one but those of this Breakwater; and
 * with all of them what was left of downloads and compilers.
 */
export async function removeTools(
  programs: readonly Program[],
  options: ResolveOptions & { readonly onlyOld?: boolean } = {},
): Promise<readonly Removed[]> {
  const usual = toolContext(options);
  // Those of every mesh.
  const context = { ...usual, tools: options.tools ?? usualTools(usual.env) };
  const parent = toolsDirectory(context);
  await makeFolder(parent);
  const removed: Removed[] = [];
  const tools = context.tools.filter((tool) =>
    tool.programs.some((program) => programs.some((name) => name === program.name)),
  );
  for (const tool of tools) {
    await withToolLock(tool, context, async () => {
      await removeStaging(tool, context);
      for (const { path, bytes, current } of await keptTools({ ...context, tools: [tool] })) {
        if (options.onlyOld && current) continue;
        await removeTree(path);
        removed.push({ path, bytes });
      }
    });
  }
  if (tools.length === context.tools.length) removed.push(...(await removeRests(context)));
  return removed;
}

/** How much was left of downloads and compilers. */
export async function sizeOfRests(context: Pick<ToolContext, 'cacheDir'>): Promise<number> {
  const sizes = await Promise.all([downloadsDirectory(context), goDirectory(context)].map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What was left of downloads and of builds that came to no end; a build that is on keeps its own. */
async function removeRests(context: ToolContext): Promise<readonly Removed[]> {
  const release = await tryLock(BUILD_LOCK, context);
  const removed: Removed[] = [];
  try {
    const paths = [downloadsDirectory(context), ...(release === undefined ? [] : [goDirectory(context)])];
    for (const path of paths) {
      if ((await readdir(path).catch(() => [])).length === 0) continue;
      removed.push({ path, bytes: await sizeOf(path) });
      await removeTree(path);
    }
  } finally {
    await release?.();
  }
  return removed;
}
