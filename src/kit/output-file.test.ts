import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeOutput } from './output-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-output-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const reading = (path: string) => textOf(spawn('cat', [path]).stdout);
const mode = (path: string) => statSync(path).mode & 0o7777;

test('a file is replaced as a whole, keeps its mode, and nothing stays beside it', async () => {
  const path = join(folder, 'report.md');
  await writeOutput(path, 'first');
  for (const wanted of [0o600, 0o640, 0o444]) {
    chmodSync(path, wanted);
    const before = statSync(path).ino;
    await writeOutput(path, `now ${wanted}`);
    expect(readFileSync(path, 'utf8')).toBe(`now ${wanted}`);
    expect(mode(path)).toBe(wanted);
    expect(statSync(path).ino).not.toBe(before);
  }
  expect(readdirSync(folder)).toEqual(['report.md']);
});

test('links are followed: to a file, over another link, and to one that is not there yet', async () => {
  mkdirSync(join(folder, 'elsewhere'));
  for (const [name, target] of [
    ['to-a-file', 'elsewhere/there'],
    ['to-nothing', 'elsewhere/new'],
    ['to-a-link', 'to-a-file'],
  ] as const) {
    if (name === 'to-a-file') writeFileSync(join(folder, target), 'old', { mode: 0o600 });
    symlinkSync(target, join(folder, name));
    await writeOutput(join(folder, name), name);
    expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, target), 'utf8')).toBe(name);
  }
  expect(mode(join(folder, 'elsewhere/there'))).toBe(0o600);
});

test('other names of a file go on naming it', async () => {
  const path = join(folder, 'one');
  writeFileSync(path, 'old');
  linkSync(path, join(folder, 'other'));
  await writeOutput(path, 'new');
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('new');
});

test.skipIf(process.platform === 'win32')('a pipe stays one, and its reader gets everything', async () => {
  const path = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  for (const content of ['short', 'x'.repeat(1_000_000), '']) {
    const got = reading(path);
    await writeOutput(path, content);
    expect((await got).length).toBe(content.length);
  }
  expect(lstatSync(path).isFIFO()).toBe(true);
});

const device = () => {
  try {
    // The same as /dev/null, in a folder of our own.
    execFileSync('mknod', [join(folder, 'device'), 'c', '1', '3'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'device'), '');
    return true;
  } catch {
    return false;
  }
};

test('a device stays one', async ({ skip }) => {
  if (!device()) skip('none can be made here');
  await writeOutput(join(folder, 'device'), 'gone');
  expect(lstatSync(join(folder, 'device')).isCharacterDevice()).toBe(true);
});

test('what cannot be written is the error of the system, and leaves nothing', async () => {
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder/inside'), { recursive: true });
  for (const [path, code] of [
    ['file/below', 'ENOTDIR'],
    ['missing/below', 'ENOENT'],
    ['folder', 'EISDIR'],
  ] as const) {
    await expect(writeOutput(join(folder, path), 'text')).rejects.toMatchObject({ code });
  }
  expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
  expect(existsSync(join(folder, 'folder/inside'))).toBe(true);
});
