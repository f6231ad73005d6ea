import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ResolveOptions, toolContext } from './context.ts';
import { ensureTool } from './ensure.ts';
import { findGo } from './go-environment.ts';
import { resolveProgram } from './index.ts';
import { inspectTools } from './inspect.ts';
import type { ToolProgress } from './progress.ts';
import { temporaryDirectory, tinyTool } from './testing.ts';
import type { Program, Tool } from './tools.ts';

const linux = process.platform === 'linux';
const WITHOUT_PROGRAMS = { PATH: '' };
/** What is compiled of Go itself is the same for all of them. */
const WARM = join(tmpdir(), `breakwater-go-build-${process.getuid?.()}`);

async function setUp(goMod?: string) {
  const temporary = await temporaryDirectory();
  const tool = await tinyTool(temporary.path, goMod);
  const events: ToolProgress[] = [];
  const cacheDir = join(temporary.path, 'cache');
  const env = { ...process.env, GOCACHE: WARM };
  const options: ResolveOptions = { cacheDir, env, tools: [tool], onProgress: (event) => events.push(event) };
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

test('damage that keeps size and time shows to whoever looks', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  const complete = JSON.parse(await readFile(join(directory, 'complete.json'), 'utf8'));
  for (const name of ['tiny.txt', 'tinyd']) {
    const path = join(directory, name);
    const content = await readFile(path);
    const flipped = Buffer.from(content);
    flipped[2] = (flipped[2] ?? 0) ^ 1;
    for (const [what, reason] of [
      [flipped, expect.stringContaining(`${name} has the hash`)],
      [content, undefined],
    ] as const) {
      await writeFile(path, what);
      await utimes(path, new Date(), new Date(complete.files[name].mtimeMs));
      const [found] = await inspectTools(tiny.options);
      expect(found?.state).toBe(reason === undefined ? 'ready' : 'damaged');
      expect(found?.reason).toEqual(reason);
    }
  }
});

test('a program that may not be executed any more is told, and may be again', async () => {
  await using tiny = await setUp();
  const { directory } = await tiny.ensure();
  await chmod(join(directory, 'tinyd'), 0o644);
  expect(await inspectTools(tiny.options)).toMatchObject([
    { state: 'damaged', reason: 'tinyd may not be executed any more' },
  ]);
  expect((await tiny.ensure({ env: WITHOUT_PROGRAMS })).source).toBe('cache');
  expect(await inspectTools(tiny.options)).toMatchObject([{ state: 'ready' }]);
});

test('a compiler keeps what it needs again in our cache, unless the operator says where', async () => {
  await using tiny = await setUp();
  const { PATH } = process.env;
  const places = async (env: NodeJS.ProcessEnv) => {
    const found = await findGo(tiny.tool, toolContext({ ...tiny.options, env: { PATH, ...env } }));
    return ['GOCACHE', 'GOMODCACHE', 'GOPATH'].map((name) => found.env[name]);
  };
  const own = ['build', 'modules', 'path'].map((name) => join(tiny.cacheDir, 'go', name));
  expect(await places({ HOME: tiny.path })).toEqual(own);
  expect(await places({})).toEqual(own);
  expect(await places({ GOCACHE: '/a', GOMODCACHE: '/b', GOPATH: '/c' })).toEqual(['/a', '/b', '/c']);
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

test('nothing of a compiler is left once it is done, in our cache or in a home', {
  timeout: 120_000,
}, async () => {
  await using tiny = await setUp();
  const home = join(tiny.path, 'home');
  await mkdir(home);
  const env = { PATH: process.env['PATH'], HOME: home };
  const { source } = await resolveProgram('tinyd' as Program, { ...tiny.options, env });
  expect(source).toBe('build');
  expect(await readdir(tiny.cacheDir)).toEqual(['tools']);
  // On macOS nothing but the home itself says where Go counts what it does.
  const left = await readdir(home, { recursive: true });
  expect(linux ? left : left.filter((name) => !/telemetry|^Library/.test(name))).toEqual([]);
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
