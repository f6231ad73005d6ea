import type { ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { serve } from '../testing.ts';
import { type ImageParts, LOGIN, serveRegistry } from './testing.ts';
import { LAYERS, PROGRAM, setUp } from './testing-setting.ts';

/** What registries and the images in them were reported to do, each made small. */

const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;

// https://github.com/moby/moby/issues/50065, https://github.com/open-policy-agent/opa/issues/6580
test('a storage that a registry leads to is not shown what was for the registry', async () => {
  const shown: (string | undefined)[] = [];
  await using images = await setUp(
    {},
    {
      access: 'token',
      intercept(request, response) {
        if (!request.url?.includes('/blobs/') || !request.headers.authorization) return false;
        response.writeHead(307, { location: `${storage.url}${request.url}?signed=1` }).end();
        return true;
      },
    },
  );
  await using storage = await serve((request, response) => {
    shown.push(request.headers.authorization);
    // As S3 does with two ways to log in.
    if (request.headers.authorization) return response.writeHead(400).end();
    const digest = /sha256:\w+/.exec(request.url ?? '')?.[0] ?? '';
    return response.end(images.content.blobs.get(digest));
  });
  expect((await images.ensure()).source).toBe('image');
  expect(shown.length).toBeGreaterThan(1);
  expect(new Set(shown)).toEqual(new Set([undefined]));
});

// https://github.com/containers/image/issues/618, https://github.com/docker/buildx/issues/3630
test.each([
  ['manifests', '1'],
  ['blobs', '1'],
  ['blobs', 'date'],
])('of %s a registry that wants to be left alone is asked again when it says (%s)', async (kind, after) => {
  let refusals = 0;
  const asked: number[] = [];
  await using images = await setUp(
    {},
    {
      intercept(request, response) {
        if (!request.url?.includes(`/${kind}/`)) return false;
        asked.push(performance.now());
        if (refusals > 0) return false;
        refusals += 1;
        const when = after === 'date' ? new Date(Date.now() + 2_000).toUTCString() : after;
        response.writeHead(429, { 'retry-after': when }).end();
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
  const [first = 0, second = 0] = asked;
  expect(second - first).toBeGreaterThan(900);
});

test.each(['manifests', 'blobs'])(
  'one of %s that wants more patience than anybody has says until when',
  async (kind) => {
    await using images = await setUp(
      {},
      {
        intercept(request, response) {
          if (!request.url?.includes(`/${kind}/`)) return false;
          response.writeHead(429, { 'retry-after': '3600' }).end();
          return true;
        },
      },
    );
    const startedAt = performance.now();
    await expect(images.ensure()).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('again in 60 min 0 s'),
    });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(images.registry.requests.filter((line) => line.includes(`/${kind}/`)).length).toBeLessThan(4);
  },
);

// https://github.com/oras-project/oras/issues/436, https://github.com/krustlet/krustlet/pull/665
test('a registry that asks for a login without saying how gets the one that there is for it', async () => {
  await using images = await setUp(
    {},
    {
      intercept({ headers }, response) {
        withoutDigest(response);
        if (headers.authorization === BASIC) return false;
        response.writeHead(401).end();
        return true;
      },
    },
  );
  await expect(images.ensure()).rejects.toThrow(/it does not say how to log in \(HTTP 401\)/);
  const auth = BASIC.slice('Basic '.length);
  await images.login({ auths: { [images.registry.host]: { auth } } });
  expect((await images.ensure()).source).toBe('image');
});

/** Some leave out the header that has the digest. */
function withoutDigest(response: ServerResponse): void {
  const write = response.writeHead.bind(response);
  response.writeHead = ((status: number, headers: Record<string, string> = {}) => {
    const { 'docker-content-digest': _, ...rest } = headers;
    return write(status, rest);
  }) as typeof response.writeHead;
}

// https://github.com/google/go-containerregistry/pull/1075, https://github.com/prowler-cloud/prowler/pull/12691
test('of several ways to log in the one with a token is taken, wherever it stands', async () => {
  await using images = await setUp(
    {},
    {
      access: 'token',
      intercept({ headers, url }, response) {
        if (headers.authorization || url?.startsWith('/token')) return false;
        const token = `Bearer realm="http://${headers.host}/token", service="a, Basic b"`;
        response.writeHead(401, { 'www-authenticate': `Basic realm="here", Negotiate, ${token}` }).end();
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
  expect(images.registry.requests[1]).toContain('service=a%2C+Basic+b');
});

test('one that takes no token that it gives is asked twice, and not for ever', async () => {
  await using images = await setUp(
    {},
    {
      intercept({ headers, url }, response) {
        if (url?.startsWith('/token')) response.end(JSON.stringify({ access_token: 'useless' }));
        else {
          const realm = `Bearer realm="http://${headers.host}/token"`;
          response.writeHead(401, { 'www-authenticate': realm }).end();
        }
        return true;
      },
    },
  );
  await expect(images.ensure()).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/may not be read: .*\(HTTP 401\)/),
  });
  expect(images.registry.requests.length).toBeLessThan(6);
});

// https://github.com/NVIDIA/enroot/issues/278, https://github.com/moby/moby/pull/20308
test('a token that is over in the middle of a download is got anew', async () => {
  const given: string[] = [];
  await using images = await setUp(
    { compression: 'none' },
    {
      cutAfterBytes: 150_000,
      intercept({ headers, url = '' }, response) {
        if (url.startsWith('/token')) {
          given.push(`token ${given.length}`);
          response.end(JSON.stringify({ token: given.at(-1) }));
          return true;
        }
        const isFresh = headers.authorization === `Bearer ${given.at(-1)}`;
        const isOver = headers.range !== undefined && given.length === 1;
        if (isFresh && !isOver) return false;
        const realm = `Bearer realm="http://${headers.host}/token"`;
        response.writeHead(401, { 'www-authenticate': realm }).end();
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
  expect(given.length).toBe(2);
});

// https://github.com/GoogleContainerTools/kaniko/issues/282, https://github.com/cvmfs/cvmfs/pull/4286
test.each<[string, ImageParts['layers']]>([
  ['a hard link in its layer', [{ 'opt/tinyd': PROGRAM, 'usr/local/bin/tinyd': 'hard:opt/tinyd' }]],
  ['a hard link to a lower layer', [{ 'opt/tinyd': PROGRAM }, { 'usr/local/bin/tinyd': 'hard:opt/tinyd' }]],
  ['a link beside it', [{ 'usr/local/bin/tiny-1': PROGRAM }, { 'usr/local/bin/tinyd': 'link:tiny-1' }]],
  ['a link from the root', [{ 'opt/tinyd': PROGRAM }, { 'usr/local/bin/tinyd': 'link:/opt/tinyd' }]],
  ['a link of links', [{ a: PROGRAM, b: 'link:a' }, { 'usr/local/bin/tinyd': 'link:../../../b' }]],
  ['a folder that is a link', [{ 'opt/bin/tinyd': PROGRAM }, { 'usr/local/bin': 'link:/opt/bin' }]],
  [
    'a link that leads out of the image',
    [{ 'etc/x': PROGRAM }, { 'usr/local/bin/tinyd': 'link:../../../../../etc/x' }],
  ],
])('a program that is %s', async (_, layers) => {
  await using images = await setUp({ layers: [{ 'etc/tiny.txt': 'data\n' }, ...layers] });
  expect((await images.ensure()).source).toBe('image');
});

test('links that lead in a circle come to an end', async () => {
  await using images = await setUp({
    layers: [...LAYERS, { 'usr/local/bin/tinyd': 'link:other', 'usr/local/bin/other': 'link:tinyd' }],
  });
  await expect(images.ensure()).rejects.toThrow(/has no \/usr\/local\/bin\/(?:tinyd|other)/);
});

// https://github.com/opencontainers/umoci/issues/546, https://github.com/google/go-containerregistry/pull/2372
test.each([
  ['before', { 'usr/local/.wh.bin': '', 'usr/local/bin/tinyd': PROGRAM }],
  ['after', { 'usr/local/bin/tinyd': PROGRAM, 'usr/local/bin/.wh..wh..opq': '' }],
  ['of another name', { 'usr/local/bin/tinyd': PROGRAM, 'usr/local/bin/.wh.tinyd2': '' }],
])('what a layer takes away is taken from those below it, and not from itself: %s', async (_, top) => {
  await using images = await setUp({ layers: [...LAYERS, top] });
  expect((await images.ensure()).source).toBe('image');
});

// https://github.com/composefs/composefs-rs/issues/383
test('a layer in several zstd frames, with notes between them', async () => {
  await using images = await setUp({ compression: 'frames' });
  expect((await images.ensure()).source).toBe('image');
});

// https://github.com/duckdb/duckdb/pull/14857
test('a registry that gives everything where the rest was asked for', async () => {
  let cut = false;
  await using images = await setUp(
    { compression: 'none' },
    {
      intercept(request, response) {
        if (!request.url?.includes('/blobs/')) return false;
        delete request.headers.range;
        const blob = images.content.blobs.get(/sha256:\w+$/.exec(request.url)?.[0] ?? '');
        if (cut || blob === undefined || blob.length < 200_000) return false;
        cut = true;
        response.writeHead(200, { 'content-length': blob.length });
        response.write(blob.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 200));
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
  expect(cut).toBe(true);
});

// https://github.com/anchore/stereoscope/pull/695
test('a registry that knows no parts without an end', async () => {
  await using images = await setUp(
    { compression: 'none' },
    {
      cutAfterBytes: 150_000,
      intercept(request, response) {
        if (!/-$/.test(request.headers.range ?? '')) return false;
        response.writeHead(416).end();
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
});

test('one that knows no parts at all gives it from the beginning', async () => {
  let refused = 0;
  await using images = await setUp(
    { compression: 'none' },
    {
      intercept(request, response) {
        if (!request.url?.includes('/blobs/')) return false;
        const blob = images.content.blobs.get(/sha256:\w+$/.exec(request.url)?.[0] ?? '');
        if (request.headers.range !== undefined) {
          refused += 1;
          response.writeHead(416).end();
          return true;
        }
        if (refused > 0 || blob === undefined || blob.length < 200_000) return false;
        response.writeHead(200, { 'content-length': blob.length });
        response.write(blob.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 200));
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
  expect(refused).toBe(1);
});

// https://github.com/project-zot/zot/issues/4033
test('a place of tokens that is a path on the registry', async () => {
  await using images = await setUp(
    {},
    {
      access: 'token',
      intercept({ headers, url }, response) {
        if (headers.authorization || url?.startsWith('/token')) return false;
        response.writeHead(401, { 'www-authenticate': 'bearer realm=/token, service=here' }).end();
        return true;
      },
    },
  );
  expect((await images.ensure()).source).toBe('image');
});

// https://github.com/openai/tart/issues/1255
test('a part that nobody has asked for is no part of a file', async () => {
  await using images = await setUp(
    { compression: 'none' },
    {
      cutAfterBytes: 150_000,
      intercept(request, response) {
        if (request.headers.range === undefined) return false;
        response.writeHead(206, { 'content-range': 'bytes 7-100/101' }).end('nonsense');
        return true;
      },
    },
  );
  await expect(images.ensure()).rejects.toThrow(
    /it gives bytes from 7 where those from 150000 were asked for/,
  );
});

const hasIpv6 = Object.values(networkInterfaces()).some((own) =>
  own?.some(({ address }) => address === '::1'),
);

// https://github.com/distribution/distribution/issues/3665, https://github.com/containers/image/issues/1004
test.runIf(hasIpv6)('a registry at an IPv6 address', async () => {
  await using images = await setUp({}, { address: '::1', access: 'login' });
  await images.login({ auths: { [images.registry.host]: { auth: BASIC.slice('Basic '.length) } } });
  expect(images.registry.host).toMatch(/^\[::1\]:\d+$/);
  expect((await images.ensure()).source).toBe('image');
});

// https://github.com/curl/curl/issues/9773, https://github.com/grpc/grpc-node/issues/2878
test.each([
  ['127.0.0.0/8', true],
  ['10.0.0.0/8,registry.test, 127.0.0.2/32', true],
  ['10.0.0.0/8', false],
])('NO_PROXY=%s of a registry that has an address and no name', async (noProxy, isDirect) => {
  await using images = await setUp();
  // An address of this machine that is not left out of proxies anyway.
  await using registry = await serveRegistry(images.content, { address: '127.0.0.2' });
  const env = {
    ...images.env,
    BREAKWATER_TOOLS_REGISTRY: registry.host,
    HTTP_PROXY: 'http://127.0.0.1:1',
    NO_PROXY: noProxy,
  };
  if (isDirect) expect((await images.ensure({ env })).source).toBe('image');
  else await expect(images.ensure({ env })).rejects.toThrow('cannot be reached');
});
