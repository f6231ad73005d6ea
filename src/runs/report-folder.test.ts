import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeReportFolder } from './report-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-reports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is made with those above it, and is taken as it is when it is there', async () => {
  const path = join(folder, 'a/b/run-1');
  await makeReportFolder(path, join(folder, 'a/b'));
  await makeReportFolder(path, join(folder, 'a/b'));
  expect(existsSync(path)).toBe(true);
});

test('a place where none can be made is said, and what to do', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  // Of /proc the system says that it is not there to be written to.
  const places = [file, ...(existsSync('/proc/self') ? ['/proc/reports'] : [])];
  await expect(makeReportFolder(file, file)).rejects.toMatchObject({
    message: `no folder for the report can be made below ${file} (EEXIST)`,
  });
  for (const place of places) {
    await expect(makeReportFolder(join(place, 'run-1'), place)).rejects.toMatchObject({
      message: expect.stringMatching(/^no folder for the report can be made below \S+ \((ENOTDIR|ENOENT)\)$/),
      hint: expect.stringContaining('--reports'),
    });
  }
});
