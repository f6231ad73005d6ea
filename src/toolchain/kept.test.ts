import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PLATFORM, toolContext } from './context.ts';
import { forgetOldVersions, keptTools, markUsed } from './kept.ts';
import { BUILD_LOCK, tryLock } from './lock.ts';
import { removeTools, sizeOfRests } from './remove.ts';
import { toolDirectory } from './store.ts';
import { temporaryDirectory, tinyTool } from './testing.ts';
import type { Tool } from './tools.ts';

const DAY_MS = 24 * 3_600_000;

/** A cache with the version that is in use, one that was used yesterday, and one that was used long ago. */
async function setUp() {
  const temporary = await temporaryDirectory();
  const tiny = await tinyTool(temporary.path);
  const tool: Tool = { ...tiny, programs: tiny.programs.map((program) => ({ ...program, name: 'k6' })) };
  const options = { cacheDir: join(temporary.path, 'cache'), tools: [tool] };
  const context = toolContext(options);
  const tools = join(options.cacheDir, 'tools');
  const current = await toolDirectory(tool, context);
  const yesterday = join(tools, `tiny-1.2.2-${PLATFORM}-0123456789`);
  const longAgo = join(tools, `tiny-1.2.1-${PLATFORM}-0123456789`);
  const elsewhere = join(tools, 'tiny-1.2.1-other-arch-0123456789');
  for (const [folder, days] of [
    [current, 90],
    [yesterday, 1],
    [longAgo, 90],
    [elsewhere, 90],
  ] as const) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'k6'), 'x'.repeat(1_000));
    await writeFile(join(folder, 'complete.json'), '{}');
    const used = new Date(Date.now() - days * DAY_MS);
    await utimes(join(folder, 'complete.json'), used, used);
  }
  return { ...temporary, tool, options, context, tools, current, yesterday, longAgo, elsewhere };
}

test('every version is known, with its size and whether it is in use', async () => {
  await using cache = await setUp();
  const kept = await keptTools(cache.context);
  expect(kept.map(({ path }) => path).sort()).toEqual([cache.longAgo, cache.yesterday, cache.current].sort());
  expect(kept.map(({ bytes }) => bytes)).toEqual([1_002, 1_002, 1_002]);
  expect(kept.filter(({ current }) => current).map(({ path }) => path)).toEqual([cache.current]);
});

test('what another version has replaced goes when nobody has used it for a month', async () => {
  await using cache = await setUp();
  await forgetOldVersions(cache.tool, cache.context);
  const left = [cache.current, cache.yesterday, cache.elsewhere].map((path) =>
    path.slice(cache.tools.length + 1),
  );
  expect((await readdir(cache.tools)).sort()).toEqual(left.sort());
});

test('to use a version keeps it', async () => {
  await using cache = await setUp();
  await markUsed(cache.longAgo);
  await forgetOldVersions(cache.tool, cache.context);
  expect(await readdir(cache.tools)).toHaveLength(4);
});

test('what is removed is told with its size: old versions alone, or all, with the rests of downloads', async () => {
  await using cache = await setUp();
  const old = await removeTools(['k6'], { ...cache.options, onlyOld: true });
  expect(old.map(({ path }) => path).sort()).toEqual([cache.longAgo, cache.yesterday].sort());
  const downloads = join(cache.tools, 'downloads');
  await mkdir(downloads);
  await writeFile(join(downloads, 'half'), 'x'.repeat(10));
  expect(await sizeOfRests(cache.context)).toBe(10);
  // A build that is on keeps what it has compiled.
  const compiled = join(cache.options.cacheDir, 'go');
  await mkdir(compiled);
  await writeFile(join(compiled, 'object'), 'x'.repeat(5));
  const release = await tryLock(BUILD_LOCK, cache.context);
  expect(await removeTools(['k6'], cache.options)).toEqual([
    { path: cache.current, bytes: 1_002 },
    { path: downloads, bytes: 10 },
  ]);
  await release?.();
  expect(await removeTools(['k6'], { ...cache.options, onlyOld: true })).toEqual([
    { path: compiled, bytes: 5 },
  ]);
});
