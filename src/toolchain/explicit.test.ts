import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolContext } from './context.ts';
import { explicitProgram } from './explicit.ts';
import { inspectTools } from './inspect.ts';
import { temporaryDirectory, tinyTool } from './testing.ts';

async function setUp(version: string) {
  const temporary = await temporaryDirectory();
  const tool = await tinyTool(temporary.path);
  const program = tool.programs[0] ?? expect.fail();
  const path = join(temporary.path, 'own');
  await writeFile(path, `#!/bin/sh\necho tiny v${version}\n`);
  await chmod(path, 0o755);
  const env = { PATH: process.env['PATH'], BREAKWATER_TINYD: path };
  const options = { cacheDir: join(temporary.path, 'cache'), env, tools: [tool] };
  return { ...temporary, tool, program, ownPath: path, options };
}

test('a program of the operator is taken as it is', async () => {
  await using own = await setUp('1.2.3');
  expect(await explicitProgram(own.tool, own.program, toolContext(own.options))).toEqual({
    path: own.ownPath,
    version: '1.2.3',
  });
  expect(await inspectTools(own.options)).toMatchObject([
    { state: 'ready', source: 'explicit', path: own.ownPath },
  ]);
});

test('another version is refused, with what it says of itself', async () => {
  await using own = await setUp('1.2.30');
  const refused = explicitProgram(own.tool, own.program, toolContext(own.options));
  await expect(refused).rejects.toMatchObject({
    name: 'OperatorError',
    exitCode: 4,
    message: expect.stringMatching(/is not tinyd 1\.2\.3; .*says:\n {2}tiny v1\.2\.30/),
    hint: expect.stringContaining('BREAKWATER_TINYD'),
  });
  expect(await inspectTools(own.options)).toMatchObject([
    { state: 'unusable', reason: expect.stringContaining('is not') },
  ]);
});

test('a program that prints for ever is refused, with the variable that names it', async () => {
  await using own = await setUp('1.2.3');
  const options = { ...own.options, env: { ...own.options.env, BREAKWATER_TINYD: '/usr/bin/yes' } };
  const refused = explicitProgram(own.tool, own.program, toolContext(options));
  await expect(refused).rejects.toMatchObject({
    exitCode: 4,
    message: '`/usr/bin/yes version` printed more than 1 Mi characters',
    hint: expect.stringContaining('BREAKWATER_TINYD'),
  });
});

test('a file that cannot be run is refused', async () => {
  await using own = await setUp('1.2.3');
  await chmod(own.ownPath, 0o644);
  const refused = explicitProgram(own.tool, own.program, toolContext(own.options));
  await expect(refused).rejects.toThrow('is not an executable file');
});

test('Istio’s own build of the program is the right one too, and says what it is', async () => {
  await using own = await setUp('1.2.4-dev');
  const images = [
    {
      repository: 'tiny/tool',
      tag: '1',
      files: { tinyd: 'usr/bin/tinyd' },
      versions: { tinyd: /(?<=v)1\.2\.\d[\w.-]*/ },
    },
  ];
  const tool = { ...own.tool, images };
  const options = { ...own.options, tools: [tool] };
  expect(await explicitProgram(tool, own.program, toolContext(options))).toEqual({
    path: own.ownPath,
    version: '1.2.4-dev',
  });
  expect(await inspectTools(options)).toMatchObject([{ state: 'ready', version: '1.2.4-dev' }]);
});
