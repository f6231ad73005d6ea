import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Workspace } from '../support/breakwater.ts';

/** What stands in the way of a lab in containers is one error with what to do, before anything starts. */

const workspace = new Workspace();
const own = join(workspace.path, 'home');
/** Where this machine's programs are, whatever home a run is given. */
const cache = process.env['BREAKWATER_CACHE'] || envPaths('breakwater', { suffix: '' }).cache;
beforeAll(() => {
  mkdirSync(own);
});
afterAll(() => workspace[Symbol.dispose]());

/** A daemon that answers like this, on a socket or a port of its own. */
async function daemon(answer: RequestListener, path?: string) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const says =
  (info: object): RequestListener =>
  ({ url }, response) => {
    response.statusCode = url === '/info' ? 200 : 404;
    response.end(JSON.stringify(info));
  };

/** What a run says that finds Docker as these variables have it. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  const names = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS_VERIFY'];
  for (const name of names) vi.stubEnv(name, env[name] ?? '');
  vi.stubEnv('BREAKWATER_CACHE', cache);
  vi.stubEnv('HOME', own);
  try {
    // Nothing comes up, so it needs no place.
    const run = ['run', 'scenarios/header-routing.yaml', '--reports', workspace.reports];
    const finished = await workspace.finish(workspace.start(...run, '--env', 'docker'));
    expect(finished.code, finished.stderr).toBe(4);
    expect(finished.stderr.match(/^error: /gm)).toHaveLength(1);
    return finished.stderr;
  } finally {
    vi.unstubAllEnvs();
  }
}

test.for([
  [{ DOCKER_HOST: 'tcp://192.0.2.1' }, /is on another machine.*\nhint: .*docker context use default/],
  [
    { DOCKER_CONTEXT: 'nowhere' },
    /context nowhere is in use, and nothing is known of it\nhint: docker context ls/,
  ],
  [
    { DOCKER_HOST: 'unix:///nowhere/podman/podman.sock' },
    /does not answer: .*\nhint: .*podman system service --time=0/,
  ],
] as const)('%o is refused', async ([env, said]) => {
  expect(await refusal(env)).toMatch(said);
});

test('a configuration of Docker that is no JSON is named', async () => {
  const socket = join(workspace.path, 'linux.sock');
  await using _running = await daemon(says({ OSType: 'linux' }), socket);
  const folder = join(workspace.path, 'configuration');
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), '{ "auths": ');
  expect(await refusal({ DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: folder })).toMatch(
    /configuration, \S+config\.json, is no JSON.*\nhint: .*docker login writes it anew/,
  );
});

test.skipIf(!existsSync('/usr/sbin/iptables'))(
  'a disk that is full while an image is made is told as that',
  async () => {
    const socket = join(workspace.path, 'full.sock');
    const full: RequestListener = (incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        response.statusCode =
          { '/info': 200, '/images/create': 500 }[(incoming.url ?? '').split('?')[0] ?? ''] ?? 404;
        response.setHeader('content-type', 'application/json');
        const message = 'Error processing tar file: write /usr/local/bin/envoy: no space left on device';
        response.end(JSON.stringify(response.statusCode === 500 ? { message } : { OSType: 'linux' }));
      });
    };
    await using _running = await daemon(full, socket);
    vi.stubEnv('BREAKWATER_DOCKER_IMAGES', 'made');
    expect(await refusal({ DOCKER_HOST: `unix://${socket}` })).toMatch(
      /could not be made: .*no space left on device\s+hint: the disk that Docker keeps .* docker system prune/,
    );
  },
);

test('a helper of logins that fails is told with what could not be pulled', async () => {
  const socket = join(workspace.path, 'registry.sock');
  const empty: RequestListener = ({ url = '' }, response) => {
    response.statusCode = url === '/info' ? 200 : url.startsWith('/images/create') ? 500 : 404;
    response.end(JSON.stringify({ OSType: 'linux', message: 'unauthorized' }));
  };
  await using _running = await daemon(empty, socket);
  const folder = join(workspace.path, 'helper');
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ credsStore: 'broken' }));
  writeFileSync(join(folder, 'docker-credential-broken'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  vi.stubEnv('BREAKWATER_DOCKER_IMAGES', 'pulled');
  expect(await refusal({ DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: folder })).toMatch(
    /cannot pull .*docker-credential-broken failed with exit code 1\s+hint: .*docker login/,
  );
});

test('a daemon of Windows containers is refused', async () => {
  const socket = join(workspace.path, 'windows.sock');
  await using _running = await daemon(says({ OSType: 'windows' }), socket);
  expect(await refusal({ DOCKER_HOST: `unix://${socket}` })).toMatch(
    /runs containers of windows.*\nhint: switch Docker Desktop to Linux containers/,
  );
});

test('what testcontainers would go to in its place, wherever that is, is refused', async () => {
  const socket = join(workspace.path, 'own.sock');
  await using _own = await daemon(says({ OSType: 'linux' }), socket);
  await using other = await daemon(says({ OSType: 'linux' }));
  writeFileSync(join(own, '.testcontainers.properties'), `tc.host=tcp://127.0.0.1:${other.port}\n`);
  expect(await refusal({ DOCKER_HOST: `unix://${socket}` })).toMatch(
    /testcontainers goes to the Docker daemon at 127\.0\.0\.1:\d+, not to that of DOCKER_HOST.*\nhint: take tc\.host out of/,
  );
});
