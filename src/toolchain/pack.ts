import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { environmentError, usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { isDiskFault, unusableFile } from '../kit/system-error.ts';
import { type ResolveOptions, toolContext } from './context.ts';
import { ensureTool, forgetCompiler, keptTool } from './ensure.ts';
import { mirroredFiles, mirrorPath, parseSums, SUMS_FILE } from './mirror.ts';
import { sha256OfFile } from './store.ts';

/**
 * Writes this machine's tools as a mirror: compressed files and the list of their hashes. What the
 * folder holds for other platforms stays. Returns the packed paths, relative to `directory`.
 */
export async function packMirror(directory: string, options: ResolveOptions = {}): Promise<string[]> {
  const context = toolContext(options);
  // Before anything takes minutes.
  await makeMirrorFolder(directory);
  const packed = new Map<string, string>();
  for (const tool of context.tools) {
    // Most mirrors do without, and nobody waits for its build.
    if (tool.onlyFor !== undefined && (await keptTool(tool, context)) === undefined) continue;
    const stored = await ensureTool(tool, context);
    for (const name of mirroredFiles(tool)) {
      const path = mirrorPath(tool, name);
      const target = join(directory, path);
      await makeFolder(dirname(target));
      const partial = `${target}.partial`;
      await pipeline(
        createReadStream(join(stored.directory, name)),
        createGzip(),
        createWriteStream(partial),
        {
          signal: context.signal,
        },
      );
      await rename(partial, target);
      packed.set(path, await sha256OfFile(target));
    }
  }
  await forgetCompiler(context);
  const sumsPath = join(directory, SUMS_FILE);
  const before = parseSums(await readFile(sumsPath, 'utf8').catch(() => ''), sumsPath);
  const lines = [...new Map([...before, ...packed])].map(([path, sha256]) => `${sha256}  ${path}\n`);
  await writeFile(sumsPath, lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(''));
  return [...packed.keys()];
}

async function makeMirrorFolder(directory: string): Promise<void> {
  await makeFolder(directory).catch((error: NodeJS.ErrnoException) => {
    const reason = unusableFile(error)?.reason ?? error.message;
    throw (isDiskFault(error.code) ? environmentError : usageError)(
      `no mirror can be written into ${directory}: ${reason}`,
      'name a folder that you may write to',
    );
  });
}
