import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ResolveOptions } from '../context.ts';
import { resolveToolchain } from '../index.ts';
import { inspectTools } from '../inspect.ts';
import { serve } from '../testing.ts';
import type { Tool } from '../tools.ts';
import {
  IDENTITY_TOKEN,
  type ImageParts,
  LOGIN,
  privateTls,
  RegistryContent,
  serveProxy,
  serveRegistry,
} from './testing.ts';
import { IMAGE, LAYERS, PROGRAM, type Setting, setUp } from './testing-setting.ts';

/** What is compiled of Go itself is the same for all of them. */
const WARM = join(tmpdir(), `breakwater-go-build-${process.getuid?.()}`);
/** After a fault that is over, the very same cache works. */
async function expectToWork(images: Setting, options: ResolveOptions = {}): Promise<void> {
  const healthy = await serveRegistry(images.content);
  await using _ = healthy;
  const env = { ...images.env, BREAKWATER_TOOLS_REGISTRY: healthy.host };
  const { source, directory } = await images.ensure({ ...options, env });
  expect(source).toBe('image');
  expect(await readFile(join(directory, 'tinyd'), 'utf8')).toBe(PROGRAM);
}

test('files come out of the layers of an image, from the top, and only what is needed is fetched', async () => {
  await using images = await setUp();
  const { directory, source } = await images.ensure();
  expect(source).toBe('image');
  expect(await readFile(join(directory, 'tinyd'), 'utf8')).toBe(PROGRAM);
  expect(await readFile(join(directory, 'tiny.txt'), 'utf8')).toBe('data\n');
  expect((await readdir(directory)).sort()).toEqual(['complete.json', 'tiny.txt', 'tinyd']);
  const complete = JSON.parse(await readFile(join(directory, 'complete.json'), 'utf8'));
  expect(complete).toMatchObject({
    source: 'image',
    madeBy: `${images.registry.host}/${IMAGE}@${images.image.digest}`,
  });
  expect(images.registry.requests.filter((line) => line.includes(images.image.layers[0] ?? ''))).toEqual([]);
  // By its digest, and never by its tag.
  expect(images.registry.requests.join()).not.toContain('manifests/1.2.3');
  expect(await images.kept()).toEqual([expect.stringMatching(/^tiny-1/)]);
  expect((await images.ensure({ env: { PATH: '' } })).source).toBe('cache');
  expect(await inspectTools(images.base)).toMatchObject([{ state: 'ready', source: 'image' }]);
});

test.each<Partial<ImageParts>>([
  { compression: 'zstd' },
  { compression: 'none' },
  { compression: 'gzip', docker: true },
  { compression: 'zstd', docker: true, index: true },
  { index: true },
])('%o', async (parts) => {
  await using images = await setUp(parts);
  expect((await images.ensure()).source).toBe('image');
});

test('a name before those of repositories belongs to the registry', async () => {
  await using images = await setUp();
  await images.content.add(`mirrors/hub/${IMAGE}`, { layers: LAYERS });
  const env = { ...images.env, BREAKWATER_TOOLS_REGISTRY: `http://${images.registry.host}/mirrors/hub/` };
  expect((await images.ensure({ env })).source).toBe('image');
  expect(images.registry.requests[0]).toContain('/v2/mirrors/hub/tiny/tool/manifests/');
});

test('of several registries the first that has it gives it', async () => {
  await using images = await setUp();
  await using empty = await serveRegistry(new RegistryContent());
  const env = {
    ...images.env,
    BREAKWATER_TOOLS_REGISTRY: `127.0.0.1:1, ${empty.host},${images.registry.host}`,
  };
  expect((await images.ensure({ env })).source).toBe('image');
});

test('a token is got where the registry says', async () => {
  await using images = await setUp({}, { access: 'token' });
  expect((await images.ensure()).source).toBe('image');
  expect(images.registry.requests).toContainEqual(
    'GET /token?service=here%2C+there&scope=repository%3Atiny%2Ftool%3Apull',
  );
});

const AUTH = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');

test.each(['login', 'token-login'] as const)('%s: as Docker keeps it', async (access) => {
  await using images = await setUp({}, { access });
  const { host } = images.registry;
  const refused = await images.ensure().catch((error) => error);
  expect(refused).toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/tiny\/tool may not be read: .*\(HTTP 401\)/),
    hint: expect.stringContaining(`docker login ${host}`),
  });
  await images.login({ auths: { [host]: { auth: AUTH } } });
  expect((await images.ensure()).source).toBe('image');
  expect(JSON.stringify(images.events)).not.toContain('hunter2');
});

test('a login that a helper keeps', async () => {
  await using images = await setUp({}, { access: 'login' });
  const { host } = images.registry;
  const bin = join(images.path, 'bin');
  await mkdir(bin);
  const answer = JSON.stringify({ ServerURL: host, Username: LOGIN.username, Secret: LOGIN.password });
  const helper = join(bin, 'docker-credential-vault');
  await writeFile(
    helper,
    `#!/bin/sh\nread -r name\n[ "$name" = ${host} ] || { echo "credentials not found"; exit 1; }\necho '${answer}'\n`,
  );
  await chmod(helper, 0o755);
  await images.login({ credHelpers: { [host]: 'vault' } });
  const without = await images.ensure().catch((error) => error);
  expect(without.message).toContain('docker-credential-vault could not be started');
  const env = { ...images.env, PATH: bin };
  expect((await images.ensure({ env })).source).toBe('image');
  await images.login({ credsStore: 'vault' });
  await writeFile(join(images.cacheDir, 'tools', (await images.kept())[0] ?? '', 'complete.json'), '');
  expect((await images.ensure({ env })).source).toBe('image');
});

test('a token that stands for a login', async () => {
  await using images = await setUp({}, { access: 'token-login' });
  await images.login({ auths: { [images.registry.host]: { auth: '', identitytoken: IDENTITY_TOKEN } } });
  expect((await images.ensure()).source).toBe('image');
  expect(images.registry.requests).toContainEqual('POST /token');
});

test('a slow registry shows how fast it is', async () => {
  await using images = await setUp({}, { bytesPerTick: 1_000 });
  expect((await images.ensure()).source).toBe('image');
  const rates = images.events.flatMap((event) =>
    event.phase === 'download' ? [event.bytesPerSecond ?? 0] : [],
  );
  expect(Math.max(...rates)).toBeGreaterThan(0);
});

test('one that breaks off in the middle is taken up where it broke', async () => {
  await using images = await setUp({ compression: 'none' }, { cutAfterBytes: 150_000 });
  expect((await images.ensure()).source).toBe('image');
  expect(images.registry.requests.filter((line) => line.includes(' bytes=')).length).toBeGreaterThan(1);
});

test('one that gives nothing any more is one error, and the next run goes on from there', {
  timeout: 60_000,
}, async () => {
  await using images = await setUp(
    { compression: 'none' },
    {
      cutAfterBytes: 150_000,
      intercept(request, response) {
        if (!request.headers.range) return false;
        response.destroy();
        return true;
      },
    },
  );
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('could not be downloaded'),
    hint: expect.stringContaining('goes on from there'),
  });
  const healthy = await serveRegistry(images.content);
  await using _ = healthy;
  const env = { ...images.env, BREAKWATER_TOOLS_REGISTRY: healthy.host };
  expect((await images.ensure({ env })).source).toBe('image');
  expect(healthy.requests).toContainEqual(expect.stringMatching(/ bytes=150000-\d+$/));
});

test('wrong bytes are thrown away, and never run', async () => {
  await using images = await setUp();
  const [, , digest = ''] = images.image.layers;
  const right = images.content.blobs.get(digest) ?? Buffer.of();
  const wrong = Buffer.from(right);
  wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] ?? 0) ^ 1;
  images.content.blobs.set(digest, wrong);
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/does not have the pinned hash\n {2}expected \w+\n {2}actual {3}\w+/),
    hint: expect.stringContaining('thrown away'),
  });
  images.content.blobs.set(digest, right);
  await expectToWork(images);
});

test('a manifest that is not what its digest says is refused', async () => {
  await using images = await setUp();
  const manifest = images.content.manifests.get(images.image.digest);
  if (manifest === undefined) expect.fail();
  const body = Buffer.from(`${manifest.body} `);
  images.content.manifests.set(images.image.digest, { ...manifest, body });
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/is not what its digest says\n {2}expected sha256:/),
  });
  images.content.manifests.set(images.image.digest, manifest);
  await expectToWork(images);
});

test('an unknown media type is named', async () => {
  await using images = await setUp({ layerType: 'application/vnd.oci.image.layer.v1.tar+brotli' });
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('does not know: application/vnd.oci.image.layer.v1.tar+brotli'),
    hint: expect.stringContaining('BREAKWATER_TOOLS_SOURCES=wheel,build'),
  });
});

test('a layer that is no archive is told as that', async () => {
  await using images = await setUp({ layerType: 'application/vnd.oci.image.layer.v1.tar+zstd' });
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('cannot be unpacked'),
  });
});

test.each([
  [{ 'usr/local/bin/.wh.tinyd': '' }, 'has no /usr/local/bin/tinyd'],
  [{ 'usr/.wh..wh..opq': '' }, 'has no /usr/local/bin/tinyd'],
  [{ 'usr/local/bin/tinyd': 'link:/bin/tinyd' }, 'has no /bin/tinyd'],
])('what the uppermost layer says counts: %o', async (top, message) => {
  await using images = await setUp({ layers: [...LAYERS, top] });
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining(message),
  });
});

test('an image for other machines says for which', async () => {
  await using images = await setUp({ architecture: 'riscv64', index: true });
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/is not for linux\/\w+ \(but for linux\/\w+, linux\/riscv64\)/),
  });
});

test('data with another hash than it has elsewhere is refused', async () => {
  await using images = await setUp({ layers: [...LAYERS, { 'etc/tiny.txt': 'other data\n' }] });
  await expect(images.ensure()).rejects.toThrow(/tiny\.txt does not have the pinned hash/);
});

test('where no registry answers the tool is built, and that is one line', async () => {
  await using images = await setUp();
  const { BREAKWATER_TOOLS_REGISTRY: _, ...env } = { ...process.env, ...images.env };
  // Docker Hub by way of a proxy that is not there: nothing of this test leaves the machine.
  const proxied = { ...env, PATH: process.env['PATH'], HTTPS_PROXY: 'http://127.0.0.1:1', GOCACHE: WARM };
  const { source } = await images.ensure({ env: proxied });
  expect(source).toBe('build');
  const notices = images.events.filter((event) => event.phase === 'notice');
  expect(notices).toMatchObject([
    { message: expect.stringMatching(/^docker\.io cannot be reached: .*; building it instead$/) },
  ]);
});

test('when nothing works the error has all of it', async () => {
  await using images = await setUp();
  const { BREAKWATER_TOOLS_REGISTRY: _, ...env } = images.env;
  await expect(images.ensure({ env: { ...env, HTTPS_PROXY: '127.0.0.1:1' } })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(
      /^Go is needed to build tiny 1\.2\.3.*\nbefore that:\n {2}docker\.io cannot be reached: .*\n {4}Check the network/,
    ),
  });
});

test('a registry that somebody has named is not done without', async () => {
  await using images = await setUp();
  const env = { ...process.env, ...images.env, BREAKWATER_TOOLS_REGISTRY: '127.0.0.1:1' };
  await expect(images.ensure({ env })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('127.0.0.1:1 cannot be reached'),
    hint: expect.stringContaining('BREAKWATER_TOOLS_REGISTRY'),
  });
});

test('a program that does not run here is made in another way', async () => {
  await using images = await setUp({ layers: [...LAYERS, { 'usr/local/bin/tinyd': '#!/no/such/loader\n' }] });
  const { BREAKWATER_TOOLS_REGISTRY: _, ...env } = images.env;
  const failed = await images
    .ensure({ env: { ...env, BREAKWATER_TOOLS_REGISTRY: images.registry.host } })
    .catch((error) => error);
  expect(failed.message).toContain('none for this machine');
});

test('a tag without a pin is what it was at first, and said so', async () => {
  await using images = await setUp();
  await writeFile(images.imagePins, '');
  await images.ensure();
  expect(images.events).toContainEqual(
    expect.objectContaining({
      phase: 'notice',
      message: expect.stringContaining(
        `no digest is pinned for ${IMAGE}; from now on it is ${images.image.digest}`,
      ),
    }),
  );
  const seen = join(images.cacheDir, 'tools/images.txt');
  expect(await readFile(seen, 'utf8')).toContain(`${images.registry.host}/${IMAGE}@${images.image.digest}\n`);
  // Somebody moves the tag.
  await images.content.add(IMAGE, { layers: [...LAYERS, { 'usr/local/bin/tinyd': 'another' }] });
  const [folder = ''] = (await images.kept()).filter((name) => name.startsWith('tiny-'));
  await writeFile(join(images.cacheDir, 'tools', folder, 'complete.json'), '');
  const { directory } = await images.ensure();
  expect(await readFile(join(directory, 'tinyd'), 'utf8')).toBe(PROGRAM);
});

test('a list of the operator’s own is all that counts', async () => {
  await using images = await setUp();
  const list = join(images.path, 'own.txt');
  const env = { ...images.env, BREAKWATER_TOOLS_IMAGES: list };
  await expect(images.ensure({ env })).rejects.toMatchObject({ exitCode: 2 });
  await writeFile(list, 'nonsense\n');
  await expect(images.ensure({ env })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(':1: no image with tag and digest'),
  });
  await writeFile(list, '# nothing\n');
  await expect(images.ensure({ env })).rejects.toThrow(`does not name ${IMAGE}`);
  await writeFile(list, `${IMAGE}@sha256:${'0'.repeat(64)}\n`);
  await expect(images.ensure({ env })).rejects.toThrow(/has no tiny\/tool sha256:0+ \(HTTP 404\)/);
  await writeFile(list, `${IMAGE}@${images.image.digest}\n`);
  expect((await images.ensure({ env })).source).toBe('image');
});

test('a tag without a pin is not taken from somebody who speaks without TLS', async () => {
  await using images = await setUp();
  await writeFile(images.imagePins, '');
  const env = { ...images.env, BREAKWATER_TOOLS_REGISTRY: 'http://registry.test' };
  await expect(images.ensure({ env })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('speaks without TLS'),
    hint: expect.stringContaining('BREAKWATER_TOOLS_IMAGES'),
  });
});

test('tools out of one image fetch what they share once, at the same time, and nothing of it stays', async () => {
  await using images = await setUp();
  const { source, images: ofTiny } = images.tool;
  if (source.kind !== 'go-module') expect.fail();
  const tools = (['envoy', 'k6'] as const).map(
    (name): Tool => ({
      ...images.tool,
      name,
      source: { ...source, data: {} },
      images: ofTiny.map((image) => ({ ...image, files: { [name]: 'usr/local/bin/tinyd' } })),
      programs: [{ name, variable: 'BREAKWATER_TINYD', versionArgs: [] }],
    }),
  );
  const { envoy, k6 } = await resolveToolchain(['k6', 'envoy'], { ...images.base, tools });
  expect([envoy.source, k6.source]).toEqual(['image', 'image']);
  const blobs = images.registry.requests.filter((line) =>
    images.image.layers.some((one) => line.includes(one)),
  );
  expect(new Set(blobs).size).toBe(blobs.length);
  expect((await images.kept()).sort()).toEqual([
    expect.stringMatching(/^envoy-1/),
    expect.stringMatching(/^k6-1/),
  ]);
});

test('a registry behind a proxy, with an authority of one’s own', async () => {
  const tls = await privateTls();
  await using images = await setUp({}, { access: 'token', tls });
  await using proxy = await serveProxy(images.registry.host);
  const ca = join(images.path, 'ca.pem');
  await writeFile(ca, tls.ca);
  const env = { ...images.env, BREAKWATER_TOOLS_REGISTRY: 'registry.test', HTTPS_PROXY: proxy.url };
  const refused = await images.ensure({ env }).catch((error) => error);
  expect(refused).toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('registry.test cannot be reached'),
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  const certificateFolders = [join(images.path, 'certs.d')];
  await mkdir(join(images.path, 'certs.d/registry.test'), { recursive: true });
  await writeFile(join(images.path, 'certs.d/registry.test/ca.crt'), tls.ca);
  const ways: readonly ResolveOptions[] = [
    { env: { ...env, SSL_CERT_FILE: ca } },
    { env: { ...env, NODE_EXTRA_CA_CERTS: ca } },
    { env, certificateFolders },
  ];
  for (const [index, way] of ways.entries()) {
    const cacheDir = join(images.path, `cache-${index}`);
    expect((await images.ensure({ ...way, cacheDir })).source).toBe('image');
  }
  expect(new Set(proxy.connects)).toEqual(new Set(['registry.test:443']));
  // It is of this registry alone.
  const other = { ...env, BREAKWATER_TOOLS_REGISTRY: 'other.test' };
  await expect(
    images.ensure({ env: other, certificateFolders, cacheDir: join(images.path, 'other') }),
  ).rejects.toThrow('other.test cannot be reached');
});

test.each(['registry.test', '.test', 'elsewhere.test,registry.test:80', '*'])(
  'NO_PROXY=%s keeps a registry from the proxy',
  async (noProxy) => {
    await using images = await setUp();
    const asked: string[] = [];
    await using proxy = await serve(({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(502).end();
    });
    const env = {
      ...images.env,
      BREAKWATER_TOOLS_REGISTRY: 'http://registry.test',
      HTTP_PROXY: proxy.url,
      NO_PROXY: noProxy,
    };
    // Nobody knows the name, and nobody else is asked for it.
    await expect(images.ensure({ env })).rejects.toThrow(
      /registry\.test cannot be reached: .*registry\.test/,
    );
    expect(asked).toEqual([]);
    await expect(images.ensure({ env: { ...env, NO_PROXY: '' } })).rejects.toThrow(/\(HTTP 502\)/);
    expect(asked[0]).toContain('http://registry.test/v2/tiny/tool/manifests/');
  },
);

test('a login for Docker Hub is not shown to a mirror of it', async () => {
  await using images = await setUp({}, { access: 'login' });
  await images.login({ auths: { 'https://index.docker.io/v1/': { auth: AUTH } } });
  await expect(images.ensure()).rejects.toThrow(/it wants a login, and there is none for it/);
  expect(JSON.stringify(images.events)).not.toContain('hunter2');
});

test('a proxy that is none is told, without its password', async () => {
  await using images = await setUp();
  const env = { ...images.env, https_proxy: 'socks5://me:hunter2@proxy.test:1080' };
  const error = await images.ensure({ env }).catch((caught) => caught);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('HTTPS_PROXY is no http') });
  expect(error.message).not.toContain('hunter2');
});

test.each(['ftp://registry.test', 'http://', 'registry.test/x?token=hunter2'])(
  '%s is no registry',
  async (name) => {
    await using images = await setUp();
    const error = await images
      .ensure({ env: { ...images.env, BREAKWATER_TOOLS_REGISTRY: name } })
      .catch((caught) => caught);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining('names no registry') });
    expect(error.message).not.toContain('hunter2');
  },
);

test('sources that are not allowed are not asked', async () => {
  await using images = await setUp();
  const env = { ...images.env, BREAKWATER_TOOLS_SOURCES: 'build' };
  await expect(images.ensure({ env })).rejects.toThrow('Go is needed');
  expect(images.registry.requests).toEqual([]);
  const wrong = { ...images.env, BREAKWATER_TOOLS_SOURCES: 'images' };
  await expect(images.ensure({ env: wrong })).rejects.toMatchObject({
    exitCode: 2,
    hint: 'it is a list of mirror, image, wheel, release, build',
  });
  const none = { ...images.env, BREAKWATER_TOOLS_SOURCES: 'wheel' };
  await expect(images.ensure({ env: none })).rejects.toThrow(
    /has none of the sources that are allowed: wheel/,
  );
});
