import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ResolveOptions, toolContext } from './context.ts';
import { ensureTool } from './ensure.ts';
import { inspectTools } from './inspect.ts';
import type { ToolProgress } from './progress.ts';
import { temporaryDirectory, tinyTool } from './testing.ts';
import type { Tool } from './tools.ts';

const linux = process.platform === 'linux';
const WITHOUT_PROGRAMS = { PATH: '' };

async function setUp(goMod?: string) {
  const temporary = await temporaryDirectory();
  const tool = await tinyTool(temporary.path, goMod);
  const events: ToolProgress[] = [];
  const cacheDir = join(temporary.path, 'cache');
  const options: ResolveOptions = { cacheDir, tools: [tool], onProgress: (event) => events.push(event) };
  const ensure = (more: ResolveOptions = {}) => ensureTool(tool, toolContext({ ...options, ...more }));
  const kept = () => readdir(join(cacheDir, 'tools'));
  return { ...temporary, tool, cacheDir, events, options, ensure, kept };
}

/** The environment of a build that has everything to compile, which takes long enough to interrupt. */
function coldEnvironment(path: string): NodeJS.ProcessEnv {
  return { ...process.env, GOCACHE: join(path, 'cold') };
}

test('a tool is built once, then comes out of the cache without Go', async () => {
  await using tiny = await setUp();
  const built = await tiny.ensure();
  expect(built.source).toBe('build');
  expect(await tiny.ensure({ env: WITHOUT_PROGRAMS })).toEqual({ ...built, source: 'cache' });
  expect(await readFile(join(built.directory, 'tiny.txt'), 'utf8')).toBe('data\n');
  const complete = JSON.parse(await readFile(join(built.directory, 'complete.json'), 'utf8'));
  expect(complete).toMatchObject({
    tool: 'tiny',
    version: '1.2.3',
    source: 'build',
    madeBy: expect.stringContaining('-trimpath'),
  });
  expect(Object.keys(complete.files)).toEqual(['tinyd', 'tiny.txt']);
  // Nothing but the tool stays.
  expect(await tiny.kept()).toEqual([expect.stringMatching(/^tiny-1\.2\.3-\w+-\w+-[0-9a-f]{10}$/)]);
});

test('changed pins are another tool', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  await appendFile(join(tiny.tool.directory, 'go.mod'), '\n// changed\n');
  const again = await tiny.ensure();
  expect(again.source).toBe('build');
  expect(again.directory).not.toBe(directory);
});

test('a damaged program is noticed and made again', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  await writeFile(join(directory, 'tinyd'), 'not a program');
  expect(await inspectTools(tiny.options)).toMatchObject([{ program: 'tinyd', state: 'damaged' }]);
  expect((await tiny.ensure()).source).toBe('build');
  expect(tiny.events).toContainEqual(
    expect.objectContaining({
      phase: 'notice',
      message: expect.stringMatching(/damaged \(tinyd has 13 bytes/),
    }),
  );
  expect((await tiny.ensure()).source).toBe('cache');
});

test('damage that keeps size and time shows when asked to verify', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  const path = join(directory, 'tiny.txt');
  await writeFile(path, 'Data\n');
  const complete = JSON.parse(await readFile(join(directory, 'complete.json'), 'utf8'));
  await utimes(path, new Date(), new Date(complete.files['tiny.txt'].mtimeMs));
  expect(await inspectTools(tiny.options)).toMatchObject([{ state: 'ready' }]);
  expect(await inspectTools({ ...tiny.options, verify: true })).toMatchObject([
    { state: 'damaged', reason: expect.stringContaining('tiny.txt has the hash') },
  ]);
});

test('a program that was only touched is as good as before', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  await utimes(join(directory, 'tinyd'), new Date(), new Date(0));
  expect((await tiny.ensure({ env: WITHOUT_PROGRAMS })).source).toBe('cache');
});

test('without Go the error says every way out', async () => {
  await using tiny = await setUp();
  await expect(tiny.ensure({ env: WITHOUT_PROGRAMS })).rejects.toMatchObject({
    name: 'OperatorError',
    exitCode: 4,
    message: 'Go is needed to build tiny 1.2.3, and it is not on the PATH',
    hint: expect.stringMatching(/Install Go 1\.25\.0 or newer.*BREAKWATER_TINYD=.*BREAKWATER_TOOLS_MIRROR/),
  });
});

test('an older Go is an error, not a download', async () => {
  await using tiny = await setUp('go 99.1\n');
  await expect(tiny.ensure()).rejects.toThrow(/is go1\.\S+; tiny 1\.2\.3 needs Go 99\.1 or newer/);
});

test('an unreachable module proxy is named as the cause', async () => {
  await using tiny = await setUp('go 1.25.0\n\nrequire breakwater.test/dep v1.0.0\n');
  const hash = `h1:${Buffer.alloc(32).toString('base64')}`;
  await writeFile(
    join(tiny.tool.directory, 'go.sum'),
    `breakwater.test/dep v1.0.0 ${hash}\nbreakwater.test/dep v1.0.0/go.mod ${hash}\n`,
  );
  await writeFile(join(tiny.tool.directory, 'use.go'), 'package main\n\nimport _ "breakwater.test/dep"\n');
  const env = { ...process.env, GOPROXY: 'http://127.0.0.1:1', GOFLAGS: '' };
  await expect(tiny.ensure({ env })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('connection refused'),
    hint: expect.stringContaining('GOPROXY'),
  });
});

test('Go keeps its caches in ours where there is no home', { timeout: 120_000 }, async () => {
  await using tiny = await setUp();
  expect((await tiny.ensure({ env: { PATH: process.env['PATH'] } })).source).toBe('build');
  expect(await readdir(join(tiny.cacheDir, 'go'))).toContain('build');
});

test.runIf(linux)('an abort ends the build and leaves nothing', { timeout: 60_000 }, async () => {
  await using tiny = await setUp();
  const controller = new AbortController();
  const aborted = tiny.ensure({
    env: coldEnvironment(tiny.path),
    signal: controller.signal,
    onProgress: (event) => event.phase === 'build' && event.compiled > 0 && controller.abort(),
  });
  await expect(aborted).rejects.toThrow('aborted');
  await expect.poll(() => processesAbout(tiny.path)).toEqual([]);
  expect(await tiny.kept()).toEqual([]);
});

test.runIf(linux)('two runs at once build once', { timeout: 120_000 }, async () => {
  await using tiny = await setUp();
  const runs = [1, 2].map(() => ensureElsewhere(tiny.tool, tiny.cacheDir, coldEnvironment(tiny.path)));
  const outcomes = await Promise.all(runs.map((run) => run.outcome));
  expect(outcomes.map((outcome) => outcome.split('\n').at(-2)).sort()).toEqual([
    'made: build',
    'made: cache',
  ]);
  expect(outcomes.join('')).toContain('waiting');
});

test.runIf(linux)('after kill -9 the next run cleans up and builds', { timeout: 120_000 }, async () => {
  await using tiny = await setUp();
  const killed = ensureElsewhere(tiny.tool, tiny.cacheDir, coldEnvironment(tiny.path));
  await killed.saw('build');
  killed.child.kill('SIGKILL');
  await expect.poll(() => processesAbout(tiny.path)).toEqual([]);
  expect(await tiny.kept()).toContainEqual(expect.stringMatching(/^\.making-tiny-/));

  expect((await tiny.ensure()).source).toBe('build');
  expect(tiny.events[0]).toMatchObject({ phase: 'waiting' });
  expect(tiny.events.filter((event) => event.phase === 'waiting').at(-1)?.elapsedMs).toBeLessThan(10_000);
  expect(await tiny.kept()).toEqual([expect.stringMatching(/^tiny-1/)]);
});

/** A Breakwater process of its own that prints a line for every event, and at last what it got. */
function ensureElsewhere(tool: Tool, cacheDir: string, env: NodeJS.ProcessEnv) {
  const script = `
    import { toolContext } from ${JSON.stringify(join(import.meta.dirname, 'context.ts'))};
    import { ensureTool } from ${JSON.stringify(join(import.meta.dirname, 'ensure.ts'))};
    const onProgress = (event) => console.log(event.phase);
    const context = toolContext({ cacheDir: ${JSON.stringify(cacheDir)}, onProgress });
    console.log('made: ' + (await ensureTool(${JSON.stringify(tool)}, context)).source);`;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const outcome = new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  const saw = (line: string) => expect.poll(() => output, { timeout: 30_000 }).toContain(line);
  return { child, outcome, saw };
}

/** Processes whose environment names the path: what a build started. */
function processesAbout(path: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(path);
    } catch {
      return false;
    }
  });
}
