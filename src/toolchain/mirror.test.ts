import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ResolveOptions, toolContext } from './context.ts';
import { ensureTool } from './ensure.ts';
import { parseSums } from './mirror.ts';
import { packMirror } from './pack.ts';
import type { ToolProgress } from './progress.ts';
import { serve, temporaryDirectory, tinyTool } from './testing.ts';

const compiling = { ...process.env, GOCACHE: join(tmpdir(), `breakwater-go-build-${process.getuid?.()}`) };

/** A packed mirror on loopback, and a cache that knows nothing yet. */
async function setUp(options: { cutAfterBytes?: number; status?: number } = {}) {
  const temporary = await temporaryDirectory();
  const tool = await tinyTool(temporary.path);
  const mirror = join(temporary.path, 'mirror');
  const packed = await packMirror(mirror, {
    cacheDir: join(temporary.path, 'first'),
    tools: [tool],
    env: compiling,
  });
  const requests: (string | undefined)[] = [];
  const authorized: (string | undefined)[] = [];
  const server = await serve(async (request, response) => {
    requests.push(request.headers.range);
    authorized.push(request.headers.authorization);
    if (options.status !== undefined) return response.writeHead(options.status).end();
    const content = await readFile(join(mirror, new URL(request.url ?? '', 'http://x').pathname));
    const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (offset >= content.length) return response.writeHead(416).end();
    const rest = content.subarray(offset);
    response.writeHead(offset > 0 ? 206 : 200, { 'content-length': rest.length });
    if (options.cutAfterBytes === undefined || rest.length <= options.cutAfterBytes)
      return response.end(rest);
    return response.write(rest.subarray(0, options.cutAfterBytes), () => response.destroy());
  });
  const events: ToolProgress[] = [];
  const sums = join(mirror, 'tools.sha256');
  const cacheDir = join(temporary.path, 'second');
  const env = { PATH: '', BREAKWATER_TOOLS_MIRROR: server.url, BREAKWATER_TOOLS_SHA256SUMS: sums };
  const ensure = (more: ResolveOptions = {}) =>
    ensureTool(
      tool,
      toolContext({ cacheDir, env, tools: [tool], onProgress: (event) => events.push(event), ...more }),
    );
  const dispose = async () => {
    await server[Symbol.asyncDispose]();
    await temporary[Symbol.asyncDispose]();
  };
  return {
    tool,
    packed,
    mirror,
    cacheDir,
    env,
    sums,
    requests,
    authorized,
    events,
    ensure,
    [Symbol.asyncDispose]: dispose,
  };
}

test('what was packed is installed elsewhere without Go', async () => {
  await using mirror = await setUp();
  const platform = `${process.platform}-${process.arch}`;
  expect(mirror.packed).toEqual([`tiny/1.2.3/${platform}/tinyd.gz`, `tiny/1.2.3/${platform}/tiny.txt.gz`]);
  const { directory, source } = await mirror.ensure();
  expect(source).toBe('download');
  expect(await readFile(join(directory, 'tiny.txt'), 'utf8')).toBe('data\n');
  expect(await readdir(join(mirror.cacheDir, 'tools'))).toEqual([expect.stringMatching(/^tiny-1/)]);
});

test('packing twice is the same, and keeps what is there for others', async () => {
  await using mirror = await setUp();
  const other = `${'0'.repeat(64)}  tiny/1.2.3/other-arch/tinyd.gz\n`;
  const before = await readFile(mirror.sums, 'utf8');
  await writeFile(mirror.sums, before + other);
  await packMirror(mirror.mirror, { cacheDir: join(mirror.cacheDir, '..', 'first'), tools: [mirror.tool] });
  const after = await readFile(mirror.sums, 'utf8');
  expect(after.split('\n').sort()).toEqual((before + other).split('\n').sort());
});

test('a connection that keeps breaking is taken up where it broke', async () => {
  await using mirror = await setUp({ cutAfterBytes: 150_000 });
  expect((await mirror.ensure()).source).toBe('download');
  expect(mirror.requests.filter((range) => range !== undefined).length).toBeGreaterThan(1);
  const bytes = mirror.events.flatMap((event) => (event.phase === 'download' ? [event.bytes] : []));
  expect(Math.max(...bytes)).toBe((await readFile(join(mirror.mirror, mirror.packed[0] ?? ''))).length);
});

test('what an earlier run left is not downloaded again', async () => {
  await using mirror = await setUp();
  const path = mirror.packed[0] ?? '';
  const sha256 = parseSums(await readFile(mirror.sums, 'utf8'), mirror.sums).get(path) ?? '';
  const downloads = join(mirror.cacheDir, 'tools', 'downloads');
  await mkdir(downloads, { recursive: true });
  await writeFile(join(downloads, sha256), (await readFile(join(mirror.mirror, path))).subarray(0, 1000));
  await mirror.ensure();
  expect(mirror.requests[0]).toBe('bytes=1000-');
});

test('another hash is an error with both hashes, and the file goes away', async () => {
  await using mirror = await setUp();
  const path = join(mirror.mirror, mirror.packed[0] ?? '');
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.from('x')]));
  await expect(mirror.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/pinned hash\n {2}expected [0-9a-f]{64}\n {2}actual {3}[0-9a-f]{64}/),
  });
  expect(await readdir(join(mirror.cacheDir, 'tools', 'downloads'))).toEqual([]);
  expect(await readdir(join(mirror.cacheDir, 'tools'))).toEqual(['downloads']);
});

test('a refusal is not tried again', async () => {
  await using mirror = await setUp({ status: 404 });
  await expect(mirror.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('HTTP 404'),
  });
  expect(mirror.requests).toHaveLength(1);
});

test('a tool that the hashes do not name comes from its source', async () => {
  await using mirror = await setUp();
  await writeFile(mirror.sums, '');
  const { source } = await mirror.ensure({
    env: { ...compiling, ...mirror.env, PATH: process.env['PATH'] },
  });
  expect(source).toBe('build');
  expect(mirror.events[0]).toMatchObject({
    phase: 'notice',
    message: expect.stringContaining('not using the mirror'),
  });
});

test('a mirror without hashes is a usage error', async () => {
  await using mirror = await setUp();
  const { BREAKWATER_TOOLS_SHA256SUMS: _, ...env } = mirror.env;
  await expect(mirror.ensure({ env })).rejects.toMatchObject({
    exitCode: 2,
    hint: expect.stringContaining('tools.sha256'),
  });
  await writeFile(mirror.sums, 'nonsense\n');
  await expect(mirror.ensure()).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(':1: not a line'),
  });
});

test('a password of the mirror is sent to it, and told nowhere', async () => {
  await using mirror = await setUp();
  const url = `${mirror.env.BREAKWATER_TOOLS_MIRROR.replace('://', '://me:hunter2@')}?key=hunter2`;
  const { directory } = await mirror.ensure({ env: { ...mirror.env, BREAKWATER_TOOLS_MIRROR: url } });
  expect(mirror.authorized[0]).toBe(`Basic ${Buffer.from('me:hunter2').toString('base64')}`);
  expect(await readFile(join(directory, 'complete.json'), 'utf8')).not.toContain('hunter2');
  expect(JSON.stringify(mirror.events)).not.toContain('hunter2');
});

test.each(['', '?key=hunter2', '/x/?hunter2'])('nor in an error (%s)', async (more) => {
  await using mirror = await setUp({ status: 404 });
  const url = `${mirror.env.BREAKWATER_TOOLS_MIRROR.replace('://', '://hunter2@')}${more}`;
  const error = await mirror
    .ensure({ env: { ...mirror.env, BREAKWATER_TOOLS_MIRROR: url } })
    .catch((caught) => caught);
  expect(error).toMatchObject({ exitCode: 4, message: expect.stringContaining('HTTP 404') });
  expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
});

test.each(['files.example.com/mirror', 'ftp://me:hunter2@files.example.com', 'http://', '/srv/mirror'])(
  '%s is no address of a mirror',
  async (url) => {
    await using mirror = await setUp();
    const env = { ...mirror.env, BREAKWATER_TOOLS_MIRROR: url };
    const error = await mirror.ensure({ env }).catch((caught) => caught);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('BREAKWATER_TOOLS_MIRROR') });
    expect(error.message).not.toContain('hunter2');
  },
);
