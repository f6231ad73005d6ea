import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { PLATFORM, type ResolveOptions, toolContext } from './context.ts';
import { ensureTool } from './ensure.ts';
import type { ToolProgress } from './progress.ts';
import { surveyRelease } from './release.ts';
import { serve, temporaryDirectory, tinyTool } from './testing.ts';
import type { Tool } from './tools.ts';

const ARCHIVE = 'tinyd-1.2.3-any.tar.gz';
const PROGRAM = '#!/bin/sh\necho tiny v1.2.3\n';

/** A release as GitHub has one: an archive, its hash beside it, and what gives them elsewhere. */
async function setUp({
  intercept = () => false,
  files = { tinyd: PROGRAM, notes: Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))) },
}: {
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  files?: Readonly<Record<string, string | Buffer>>;
} = {}) {
  const temporary = await temporaryDirectory();
  const built = await tinyTool(temporary.path);
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mode: 0o755 }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const archive = gzipSync(Buffer.concat(chunks));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const content = new Map<string, Buffer>([
    [`/me/tiny/releases/download/1.2.3/${ARCHIVE}`, archive],
    [`/me/tiny/releases/download/1.2.3/${ARCHIVE}.sha256`, Buffer.from(`${sha256}  ${ARCHIVE}\n`)],
  ]);
  const requests: string[] = [];
  const server = await serve((request, response) => {
    const { url = '', headers } = request;
    requests.push([url.split('/').at(-1), headers.range].filter(Boolean).join(' '));
    if (intercept(request, response)) return;
    const found = content.get(url);
    if (found === undefined) return void response.writeHead(404).end();
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    if (from === undefined)
      return void response.writeHead(200, { 'content-length': found.length }).end(found);
    const part = found.subarray(Number(from), to ? Number(to) + 1 : undefined);
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${found.length}`,
    });
    response.end(part);
  });
  const tool: Tool = {
    ...built,
    source: { ...built.source, data: {} } as Tool['source'],
    release: {
      folder: 'me/tiny/releases/download/1.2.3/',
      archives: { [PLATFORM]: ARCHIVE },
      files: { tinyd: 'tinyd' },
    },
  };
  const cacheDir = join(temporary.path, 'cache');
  const imagePins = join(temporary.path, 'images.txt');
  await writeFile(imagePins, '');
  const env: NodeJS.ProcessEnv = { PATH: '', HOME: temporary.path, BREAKWATER_TOOLS_RELEASES: server.url };
  const events: ToolProgress[] = [];
  const base: ResolveOptions = {
    cacheDir,
    env,
    imagePins,
    tools: [tool],
    onProgress: (event) => events.push(event),
  };
  const context = (more: ResolveOptions = {}) => toolContext({ ...base, ...more });
  return {
    ...temporary,
    tool,
    archive,
    sha256,
    content,
    requests,
    imagePins,
    env,
    events,
    context,
    ensure: (more: ResolveOptions = {}) => ensureTool(tool, context(more)),
    tools: () => readdir(join(cacheDir, 'tools')),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

test('a program comes out of the archive of its release, and the hash beside it holds from then on', async () => {
  await using release = await setUp();
  const { directory, source } = await release.ensure();
  expect(source).toBe('release');
  expect(await readFile(join(directory, 'tinyd'), 'utf8')).toBe(PROGRAM);
  expect(release.requests).toContain(`${ARCHIVE}.sha256`);
  expect(release.events).toContainEqual(
    expect.objectContaining({
      message: expect.stringContaining(`from now on it is sha256:${release.sha256}`),
    }),
  );
  expect((await release.tools()).sort()).toEqual(['images.txt', expect.stringMatching(/^tiny-1/)]);
  // Somebody changes the archive, and what is said of it.
  const other = gzipSync('another');
  release.content.set(`/me/tiny/releases/download/1.2.3/${ARCHIVE}`, other);
  release.content.set(
    `/me/tiny/releases/download/1.2.3/${ARCHIVE}.sha256`,
    Buffer.from(createHash('sha256').update(other).digest('hex')),
  );
  await writeFile(join(directory, 'complete.json'), '');
  await expect(release.ensure()).rejects.toThrow(/does not have the pinned hash/);
});

test('how large it is is known before it is fetched', async () => {
  await using release = await setUp();
  expect(await surveyRelease(release.tool, release.context())).toEqual({
    from: expect.stringContaining(ARCHIVE),
    bytes: release.archive.length,
  });
  expect(release.requests).toEqual([`${ARCHIVE} bytes=0-0`]);
});

test('one that breaks off is taken up where it broke', async () => {
  let cuts = 0;
  await using release = await setUp({
    intercept({ url, headers }, response) {
      if (!url?.endsWith('.tar.gz') || headers.range !== undefined) return false;
      cuts += 1;
      const archive = release.content.get(url) ?? Buffer.of();
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 200));
      return true;
    },
  });
  expect((await release.ensure()).source).toBe('release');
  expect(cuts).toBe(1);
  expect(release.requests).toContain(`${ARCHIVE} bytes=20000-${release.archive.length - 1}`);
});

test('wrong bytes are thrown away, and never run', async () => {
  await using release = await setUp();
  const path = `/me/tiny/releases/download/1.2.3/${ARCHIVE}`;
  const wrong = Buffer.from(release.archive);
  wrong[30_000] = (wrong[30_000] ?? 0) ^ 1;
  release.content.set(path, wrong);
  await expect(release.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/does not have the pinned hash\n {2}expected \w+\n {2}actual {3}\w+/),
    hint: expect.stringContaining('thrown away'),
  });
  release.content.set(path, release.archive);
  expect((await release.ensure()).source).toBe('release');
});

test('a pinned hash counts, and nobody is asked for another one', async () => {
  await using release = await setUp();
  await writeFile(release.imagePins, `${ARCHIVE}@sha256:${release.sha256}\n`);
  expect((await release.ensure()).source).toBe('release');
  expect(release.requests).not.toContain(`${ARCHIVE}.sha256`);
  const own = join(release.path, 'own.txt');
  await writeFile(own, '# nothing\n');
  const env = { ...release.env, BREAKWATER_TOOLS_IMAGES: own };
  const elsewhere = { env, cacheDir: join(release.path, 'elsewhere') };
  await expect(release.ensure(elsewhere)).rejects.toThrow(`BREAKWATER_TOOLS_IMAGES does not name ${ARCHIVE}`);
});

test('an archive without the program is told as that', async () => {
  await using release = await setUp({ files: { other: PROGRAM } });
  await expect(release.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('has no tinyd'),
  });
});

test('a program of another version is refused', async () => {
  await using release = await setUp({ files: { tinyd: PROGRAM.replace('1.2.3', '1.2.4') } });
  await expect(release.ensure()).rejects.toThrow(/is not tinyd 1\.2\.3; .* says:\n\s+tiny v1\.2\.4/s);
});

test('what nobody gives is built instead, unless somebody has said who gives it', async () => {
  await using release = await setUp();
  release.content.clear();
  await expect(release.ensure()).rejects.toThrow(/is not given \(HTTP 404\)/);
  const { BREAKWATER_TOOLS_RELEASES: _, ...env } = release.env;
  // By way of a proxy that is not there: nothing of this test leaves the machine.
  const proxied = { ...env, HTTPS_PROXY: 'http://127.0.0.1:1' };
  await expect(release.ensure({ env: proxied })).rejects.toThrow(
    /^Go is needed to build tiny.*\nbefore that:\n {2}github\.com cannot be reached/s,
  );
});

test('without a pin nothing is taken from somebody who speaks without TLS', async () => {
  await using release = await setUp();
  await using proxy = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 5 }).end('bytes');
  });
  const env = { ...release.env, BREAKWATER_TOOLS_RELEASES: 'http://files.test', HTTP_PROXY: proxy.url };
  await expect(release.ensure({ env })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('files.test speaks without TLS'),
  });
});

test.each([
  [
    'breaks off',
    (response: ServerResponse) =>
      void response.writeHead(200, { 'content-length': 64 }).write('0', () => response.destroy()),
  ],
  ['is no hash', (response: ServerResponse) => void response.end('<html>not here</html>')],
  ['has no end', (response: ServerResponse) => void response.write('0'.repeat(100_000))],
  ['is not there', (response: ServerResponse) => void response.writeHead(404).end()],
])('a hash that %s is one error', async (_, answer) => {
  await using release = await setUp({
    intercept({ url }, response) {
      if (!url?.endsWith('.sha256')) return false;
      answer(response);
      return true;
    },
  });
  await expect(release.ensure()).rejects.toMatchObject({
    name: 'OperatorError',
    exitCode: 4,
    message: expect.stringMatching(/nothing says what .* must hash to|cannot be reached/),
  });
});

test('a place that is none is told, without its password', async () => {
  await using release = await setUp();
  const env = { ...release.env, BREAKWATER_TOOLS_RELEASES: 'ftp://me:hunter2@files.test' };
  const error = await release.ensure({ env }).catch((caught) => caught);
  expect(error).toMatchObject({ exitCode: 2 });
  expect(error.message).not.toContain('hunter2');
});
