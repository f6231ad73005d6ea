import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolContext } from '../../src/toolchain/context.ts';
import { RegistryContent, serveRegistry } from '../../src/toolchain/images/testing.ts';
import { mirroredFiles, mirrorPath } from '../../src/toolchain/mirror.ts';
import { serve } from '../../src/toolchain/testing.ts';
import { root, Workspace } from '../support/breakwater.ts';

test('without programs, and without what makes them, the machine is not ready, and each has its fix', async () => {
  using workspace = new Workspace();
  const { code, stdout } = await workspace.finish(doctor(workspace, bare(workspace)));
  expect(code, stdout).toBe(4);
  expect(stdout).not.toContain('Ready');
  expect(stdout).toMatch(/✗ Go, for k6 .*not on the PATH\n.*fix: Install Go 1\.\d+\.\d+ or newer/);
  expect(stdout).toMatch(/✗ Go, for istio .*not on the PATH\n.*fix: .*BREAKWATER_ISTIOD=/);
  expect(stdout).toMatch(/✗ Go, for istioctl .*not on the PATH/);
  expect(stdout).toMatch(/✗ Python, for envoy .*none on the PATH\n.*fix: Install Python 3 with pip/);
  expect(stdout).toContain('4 of');
});

test('a mirror needs neither Go nor Python, and nobody needs Docker who stays on this host', async () => {
  using workspace = new Workspace();
  await using server = await serve((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-0/2000000' }).end('x');
  });
  const sums = join(workspace.path, 'tools.sha256');
  const paths = toolContext().tools.flatMap((tool) =>
    mirroredFiles(tool).map((name) => mirrorPath(tool, name)),
  );
  writeFileSync(sums, paths.map((path) => `${'0'.repeat(64)}  ${path}\n`).join(''));
  const mirror = {
    ...bare(workspace),
    BREAKWATER_TOOLS_MIRROR: server.url,
    BREAKWATER_TOOLS_SHA256SUMS: sums,
  };
  const { code, stdout } = await workspace.finish(doctor(workspace, mirror));
  expect(code, stdout).toBe(0);
  expect(stdout).not.toMatch(/Go, for|Python, for/);
  // istiod, pilot-agent and the template of its bootstrap.
  expect(stdout).toContain(`a run fetches it by itself (${server.url}/; 6 MB)`);
  expect(stdout).toMatch(/! Docker +there is no docker \(only for --env kind\)\n.*fix: /);
  expect(stdout).toMatch(/! kind +there is no kind \(only for --env kind\)\n.*fix: /);
});

test('official images need neither, and are asked for their size', async () => {
  using workspace = new Workspace();
  const content = new RegistryContent();
  for (const name of [
    'istio/proxyv2:1.29.1',
    'istio/pilot:1.29.1',
    'istio/istioctl:1.29.1',
    'grafana/k6:1.8.1',
  ]) {
    await content.add(name, {
      layers: [{ 'etc/os-release': 'x'.repeat(1_000) }],
      compression: 'none',
      index: true,
    });
  }
  await using registry = await serveRegistry(content);
  const pins = join(workspace.path, 'images.txt');
  writeFileSync(pins, [...content.tags].map(([name, digest]) => `${name}@${digest}\n`).join(''));
  const images = {
    ...bare(workspace),
    BREAKWATER_TOOLS_SOURCES: 'image',
    BREAKWATER_TOOLS_REGISTRY: registry.host,
    BREAKWATER_TOOLS_IMAGES: pins,
  };
  const { code, stdout } = await workspace.finish(doctor(workspace, images));
  expect(code, stdout).toBe(0);
  expect(stdout).toContain(`a run fetches it by itself (${registry.host}/grafana/k6:1.8.1; at most 1 MB)`);
  expect(stdout).toMatch(/! istiod .* is missing\n.*istio\/pilot:\S+, \S+istio\/proxyv2:\S+; at most 1 MB/);
  // Manifests and configurations, and no layer.
  expect(existsSync(join(workspace.path, 'cache/tools'))).toBe(false);
});

test('a program of one’s own that is none stops a run, so the machine is not ready', async () => {
  using workspace = new Workspace();
  const { code, stdout } = await workspace.finish(doctor(workspace, { BREAKWATER_K6: '/nowhere/k6' }));
  expect(code, stdout).toBe(4);
  expect(stdout).toMatch(/✗ k6 +BREAKWATER_K6=\/nowhere\/k6 is not an executable file\n.*fix: /);
});

test('this machine is ready', async () => {
  using workspace = new Workspace();
  const { code, stdout } = await workspace.breakwater('doctor');
  expect(code, stdout).toBe(0);
  expect(stdout).toContain('Ready: npx breakwater run');
});

/** An empty cache, and a PATH with nothing on it. */
function bare(workspace: Workspace): NodeJS.ProcessEnv {
  const path = join(workspace.path, 'no-programs');
  mkdirSync(path);
  return {
    BREAKWATER_CACHE: join(workspace.path, 'cache'),
    PATH: path,
    BREAKWATER_TOOLS_SOURCES: 'mirror,wheel,build',
  };
}

function doctor(workspace: Workspace, env: NodeJS.ProcessEnv) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BREAKWATER_'));
  return spawn(process.execPath, ['bin/breakwater.js', 'doctor'], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), BREAKWATER_RUNS: workspace.runs, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
