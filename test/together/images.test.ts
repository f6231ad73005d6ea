import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveRegistry } from '../../src/toolchain/images/testing.ts';
import { outcome, root, Workspace } from '../support/breakwater.ts';
import { officialImages, pinsOf } from '../support/official-images.ts';

test('from an empty cache to a verdict, with images and without Go, Python and Docker', async () => {
  using workspace = new Workspace();
  const content = await officialImages('zstd');
  await using registry = await serveRegistry(content, { access: 'token' });
  const pins = join(workspace.path, 'images.txt');
  writeFileSync(pins, pinsOf(content));
  const nothing = join(workspace.path, 'no-programs');
  mkdirSync(nothing);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BREAKWATER_'));
  const env = {
    ...Object.fromEntries(inherited),
    PATH: nothing,
    NO_COLOR: '1',
    CI: '1',
    BREAKWATER_RUNS: workspace.runs,
    BREAKWATER_CACHE: join(workspace.path, 'cache'),
    BREAKWATER_TOOLS_REGISTRY: registry.host,
    BREAKWATER_TOOLS_IMAGES: pins,
  };
  const args = ['run', 'scenarios/mtls.yaml', '--profile', 'short', '--reports', workspace.reports];
  const run = () =>
    workspace.finish(
      spawn(process.execPath, ['bin/breakwater.js', ...args], {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  let finished = await run();
  // Something else took the processors; the programs are there by now.
  if (finished.report?.verdict === 'invalid') finished = await run();
  expect(finished.report?.verdict, `${finished.stderr}\n${outcome(finished)}`).toBe('pass');
  expect(finished.report?.run.programs['envoy']).toMatch(/^1\.37\.\d+ of istio\/proxyv2:1\.29\.1$/);
  // Nothing but the programs stays.
  expect(
    readdirSync(join(workspace.path, 'cache/tools'))
      .map((name) => name.split('-')[0])
      .sort(),
  ).toEqual(['envoy', 'istio', 'istioctl', 'k6']);
});
