import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findDaemon, whatToDo } from './docker-daemon.ts';

const home = mkdtempSync(join(tmpdir(), 'bw-daemon-'));
afterAll(() => rmSync(home, { recursive: true }));

/** A home in which Docker's commands use this context. */
function context(name: string, host?: string): NodeJS.ProcessEnv {
  const folder = join(home, name);
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(folder, 'contexts/meta', id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: name }));
  if (host !== undefined) {
    writeFileSync(
      join(meta, 'meta.json'),
      JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
    );
  }
  return { HOME: home, DOCKER_CONFIG: folder };
}

test('DOCKER_HOST comes first, then the context that is in use', () => {
  const colima = context('colima', 'unix:///home/me/.colima/default/docker.sock');
  expect(findDaemon(colima)).toEqual({
    host: 'unix:///home/me/.colima/default/docker.sock',
    namedBy: 'the context colima',
  });
  const asked = { ...colima, DOCKER_HOST: 'tcp://127.0.0.1:2375' };
  expect(findDaemon(asked)).toEqual({ host: 'tcp://127.0.0.1:2375', namedBy: 'DOCKER_HOST' });
  const other = { ...colima, DOCKER_CONTEXT: 'nowhere' };
  expect(() => findDaemon(other)).toThrow("Docker's context nowhere is in use, and nothing is known of it");
});

test.for([
  ['colima', '.colima/default/docker.sock', 'Colima'],
  ['podman', 'runtime/podman/podman.sock', 'Podman'],
  ['rootless', 'runtime/docker.sock', 'a rootless Docker'],
  ['desktop', '.docker/run/docker.sock', 'Docker Desktop'],
  ['orbstack', '.orbstack/run/docker.sock', 'OrbStack'],
  ['rancher', '.rd/docker.sock', 'Rancher Desktop'],
  ['colima-xdg', '.config/colima/default/docker.sock', 'Colima'],
  ['lima', '.lima/docker/sock/docker.sock', 'Lima'],
  ['podman-machine', '.local/share/containers/podman/machine/podman.sock', 'a machine of Podman'],
] as const)('the usual socket of %s is found', ([name, path, whose]) => {
  const own = join(home, `usual-${name}`);
  mkdirSync(join(own, path, '..'), { recursive: true });
  writeFileSync(join(own, path), '');
  const env = { HOME: own, XDG_RUNTIME_DIR: join(own, 'runtime') };
  // Where the machine has a Docker of its own, that comes first.
  const found = findDaemon(env);
  expect([`the usual socket of ${whose}`, 'the usual socket of Docker']).toContain(found?.namedBy);
});

test.for([
  'tcp://10.0.0.5:2375',
  'tcp://build-server:2375',
  'ssh://me@build-server',
  'tcp://127.0.0.1.example.org:2375',
])('a daemon on another machine is refused with the reason: %s', (host) => {
  const refused = () => findDaemon({ HOME: home, DOCKER_HOST: host });
  expect(refused).toThrow(/is on another machine: the ports of a lab are published on loopback there/);
  expect(() => findDaemon(context('far', host))).toThrow('the Docker daemon of the context far');
});

test.for(['tcp://localhost:2375', 'tcp://[::1]:2375', 'npipe:////./pipe/docker_engine', 'unix:///x.sock'])(
  'one on this machine is not: %s',
  (host) => {
    expect(findDaemon({ HOME: home, DOCKER_HOST: host })?.host).toBe(host);
  },
);

test.for([
  ['/var/run/docker.sock', 'write it as unix:///var/run/docker.sock'],
  ['unix:/run/docker.sock', 'write it as unix:///run/docker.sock'],
  ['docker.sock', 'one is unix:///path/to/docker.sock'],
  ['tcp://127.0.0.1:99999', 'one is unix:///path/to/docker.sock'],
  ['tcp://localhost:docker', 'one is unix:///path/to/docker.sock'],
  ['unix:///run/docker.sock\n/other.sock', 'one is unix:///path/to/docker.sock'],
] as const)('%s is no address of a daemon', ([host, hint]) => {
  const refused = () => findDaemon({ HOME: home, DOCKER_HOST: host });
  expect(refused).toThrow('is no address of a daemon');
  expect(refused).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
});

test('one that is to be reached with TLS is refused; a socket needs none', () => {
  const verified = { HOME: home, DOCKER_TLS_VERIFY: '1' };
  expect(() => findDaemon({ ...verified, DOCKER_HOST: 'tcp://127.0.0.1:2376' })).toThrow('TLS');
  expect(findDaemon({ ...verified, DOCKER_HOST: 'unix:///x.sock' })?.host).toBe('unix:///x.sock');
});

test('whoever may not use a socket is told how they may', () => {
  expect(whatToDo({ code: 'EACCES' })).toContain('usermod -aG docker');
  expect(whatToDo({ code: 'ENOENT' })).toContain('podman system service');
});
