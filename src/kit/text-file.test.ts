import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTextFile } from './text-file.ts';

const mebibyte = 1024 * 1024;
let directory: string;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-text-'));
  await Promise.all([
    writeFile(at('large.yaml'), 'x'.repeat(mebibyte + 1)),
    writeFile(at('full.yaml'), 'x'.repeat(mebibyte)),
    writeFile(at('latin-1.yaml'), Buffer.from([0x6e, 0xe9, 0xe8])),
    writeFile(at('utf-16.yaml'), Buffer.from('\ufeffname: x', 'utf16le')),
    writeFile(at('nul.yaml'), 'a\0b'),
    writeFile(at('scenario.yaml'), '\ufeffname: é\n'),
    mkdir(at('folder')),
    symlink(at('circle'), at('circle')),
    symlink(at('nowhere'), at('dangling')),
  ]);
  execFileSync('/usr/bin/mkfifo', [at('pipe')]);
});
afterAll(() => rm(directory, { recursive: true }));

describe('a file that cannot be read is told why', () => {
  it.each([
    ['large.yaml', 'the file is too large: 1048577 bytes, at most 1048576 (1 MiB) are read', undefined],
    ['latin-1.yaml', 'the file is not UTF-8 text', 'save it as UTF-8'],
    ['utf-16.yaml', 'the file is not UTF-8 text', 'save it as UTF-8'],
    ['nul.yaml', 'this is not a text file: it has NUL characters in it', undefined],
    ['folder', 'this is a directory, not a file', undefined],
    ['pipe', 'this is not a regular file', undefined],
    ['dangling', 'this is a link that leads to no file', undefined],
    ['circle', 'the path runs in a circle of symbolic links', undefined],
    ['nul.yaml/x', 'there is no such file: a part of the path is not a directory', undefined],
    ['x'.repeat(5_000), 'the path is too long', undefined],
    ['a\0b', 'the path has a NUL character in it', undefined],
    ['pelican', 'there is no such file', undefined],
  ])('%.20s', async (name, message, hint) => {
    const problem = hint === undefined ? { message } : { message, hint };
    expect(await readTextFile(`${directory}/${name}`)).toEqual(problem);
  });

  it('with the name that was probably meant', async () => {
    expect(await readTextFile(at('scenari.yml'))).toEqual({
      message: 'there is no such file',
      hint: `did you mean ${at('scenario.yaml')}?`,
    });
  });

  it.skipIf(process.getuid?.() === 0)('when it may not be read (root may read all)', async () => {
    await writeFile(at('secret.yaml'), '');
    await chmod(at('secret.yaml'), 0);
    expect(await readTextFile(at('secret.yaml'))).toEqual({
      message: 'the file may not be read',
      hint: 'check its permissions',
    });
  });
});

describe('a file', () => {
  it('is read without its byte order mark', async () => {
    expect(await readTextFile(at('scenario.yaml'))).toEqual({ text: 'name: é\n' });
  });

  it('of a mebibyte is not too large', async () => {
    expect(await readTextFile(at('full.yaml'))).toMatchObject({ text: expect.stringMatching(/^x{100}/) });
  });
});
