import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RegistryContent, serveRegistry } from '../../src/toolchain/images/testing.ts';
import { envoyBootstrapTemplate, resolveToolchain } from '../../src/toolchain/index.ts';
import { outcome, root, Workspace } from '../support/breakwater.ts';

test('from an empty cache to a verdict, with images and without Go, Python and Docker', async () => {
  using workspace = new Workspace();
  const content = await officialImages();
  await using registry = await serveRegistry(content, { access: 'token' });
  const pins = join(workspace.path, 'images.txt');
  writeFileSync(pins, [...content.tags].map(([name, digest]) => `${name}@${digest}\n`).join(''));
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
  const finished = await workspace.finish(
    spawn(process.execPath, ['bin/breakwater.js', ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  expect(finished.report?.verdict, `${finished.stderr}\n${outcome(finished)}`).toBe('pass');
  expect(finished.report?.run.programs['envoy']).toMatch(/^1\.37\.\d+ of istio\/proxyv2:1\.29\.1$/);
  // Nothing but the programs stays.
  expect(
    readdirSync(join(workspace.path, 'cache/tools'))
      .map((name) => name.split('-')[0])
      .sort(),
  ).toEqual(['envoy', 'istio', 'k6']);
});

/** The programs of this machine in images with the layout of the official ones: a system, then a file or two a layer. */
async function officialImages(): Promise<RegistryContent> {
  const programs = await resolveToolchain(['envoy', 'k6', 'istiod', 'pilot-agent']);
  const content = new RegistryContent();
  const system = { 'etc/os-release': 'a system', 'usr/bin/bash': 'a shell' };
  const file = ({ path }: { readonly path: string }) => readFile(path);
  const add = (name: string, layers: readonly Record<string, Buffer | string>[], docker: boolean) =>
    content.add(name, { layers: [system, ...layers], compression: 'zstd', index: true, docker });
  await add(
    'istio/proxyv2:1.29.1',
    [
      { 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json': await readFile(await envoyBootstrapTemplate()) },
      { 'usr/local/bin/envoy': await file(programs.envoy) },
      { 'usr/local/bin/pilot-agent': await file(programs['pilot-agent']) },
    ],
    false,
  );
  await add('istio/pilot:1.29.1', [{ 'usr/local/bin/pilot-discovery': await file(programs.istiod) }], false);
  // A run gets along without it.
  await add(
    'istio/istioctl:1.29.1',
    [{ 'usr/local/bin/istioctl': '#!/bin/sh\necho client version: 1.29.1\n' }],
    true,
  );
  await add('grafana/k6:1.8.1', [{ 'usr/bin/k6': await file(programs.k6) }], true);
  return content;
}
