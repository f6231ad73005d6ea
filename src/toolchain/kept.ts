import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM, type ToolContext, toolsDirectory } from './context.ts';
import { removeTree, toolDirectory } from './store.ts';
import type { Tool } from './tools.ts';

/** A version that nobody has used for so long is not kept beside a newer one. */
const UNUSED_MS = 30 * 24 * 3_600_000;

/** A folder of the cache with one version of a tool. */
export interface KeptTool {
  readonly tool: Tool;
  readonly path: string;
  readonly bytes: number;
  /** Whether this Breakwater uses it. */
  readonly current: boolean;
  /** In milliseconds since 1970. */
  readonly usedAtMs: number;
}

/** Every version of every tool that the cache has for this platform. */
export async function keptTools(
  context: Pick<ToolContext, 'cacheDir' | 'tools' | 'known'>,
): Promise<readonly KeptTool[]> {
  const parent = toolsDirectory(context);
  const names = await readdir(parent).catch(() => []);
  const kept: KeptTool[] = [];
  for (const tool of context.tools) {
    const own = [tool, ...context.known].filter(({ name }) => name === tool.name);
    const current = await Promise.all(own.map((one) => toolDirectory(one, context)));
    const isVersion = new RegExp(`^${tool.name}-\\d.*-${PLATFORM}-`);
    for (const name of names.filter((entry) => isVersion.test(entry))) {
      const path = join(parent, name);
      const usedAtMs = await usedAt(path);
      kept.push({ tool, path, bytes: await sizeOf(path), current: current.includes(path), usedAtMs });
    }
  }
  return kept;
}

/** Keeps when a tool was used last, where the cache may be written to. */
export async function markUsed(directory: string): Promise<void> {
  const now = new Date();
  await utimes(join(directory, 'complete.json'), now, now).catch(() => {});
}

/** Removes the versions of a tool that another one has replaced long ago. Only for the holder of its lock. */
export async function forgetOldVersions(tool: Tool, context: ToolContext): Promise<void> {
  const old = (await keptTools({ ...context, tools: [tool] })).filter(
    ({ current, usedAtMs }) => !current && Date.now() - usedAtMs > UNUSED_MS,
  );
  for (const { path } of old) await removeTree(path);
}

async function usedAt(directory: string): Promise<number> {
  return (await stat(join(directory, 'complete.json')).catch(() => undefined))?.mtimeMs ?? 0;
}

/** Bytes of the files in a folder and below; 0 when there is none. */
export async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  // Files come and go meanwhile.
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
