import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from './folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is made with those above it, by several at once, and is taken as it is', async () => {
  const path = join(folder, 'a/b/c');
  await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700), makeFolder(join(folder, 'a/d'))]);
  await makeFolder(path, 0o755);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('where none can be made the system says why, and it does not take for ever', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'x/y'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  if (existsSync('/proc/self')) {
    await expect(makeFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/x' });
  }
});
