import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolContext } from './context.ts';
import { withToolLock } from './lock.ts';
import { temporaryDirectory, tinyTool } from './testing.ts';

async function setUp() {
  const temporary = await temporaryDirectory();
  const tool = await tinyTool(temporary.path);
  const context = toolContext({ cacheDir: join(temporary.path, 'cache'), tools: [tool] });
  return { ...temporary, tool, context, lock: join(temporary.path, 'cache/tools/tiny.lock') };
}

test('an error of the work is told, and the lock is free again', async () => {
  await using locks = await setUp();
  const failing = withToolLock(locks.tool, locks.context, async () => {
    throw new Error('the work');
  });
  await expect(failing).rejects.toThrow('the work');
  expect(await readdir(join(locks.lock, '..'))).toEqual([]);
});

test('work that fails because somebody else has taken the lock starts over once that one is done', async () => {
  await using locks = await setUp();
  let tries = 0;
  const done = await withToolLock(locks.tool, locks.context, async () => {
    tries += 1;
    if (tries > 1) return 'done';
    // As another process does that takes this one for dead.
    await rmdir(locks.lock);
    await mkdir(locks.lock);
    setTimeout(() => void rmdir(locks.lock), 300);
    throw new Error('what I was working on is gone');
  });
  expect(done).toBe('done');
  expect(tries).toBe(2);
});
