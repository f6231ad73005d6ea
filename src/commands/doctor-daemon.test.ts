import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerDaemon } from './doctor-daemon.ts';

/** A daemon that says this of itself, on a socket of its own. */
async function daemon(info: object, version: object) {
  const folder = mkdtempSync(join(tmpdir(), 'bw-doctor-'));
  const socket = join(folder, 'docker.sock');
  const server = createServer(({ url }, response) => {
    response.end(JSON.stringify(url === '/info' ? info : version));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

const machine = { NCPU: 4, MemTotal: 8 * 1024 ** 3 };

test.for([
  [
    'Docker, rootless',
    { ServerVersion: '28.2.2', SecurityOptions: ['name=seccomp', 'name=rootless'] },
    { Components: [{ Name: 'Engine' }] },
    /^Docker 28\.2\.2, rootless, with 4 cores and 8 GiB, at unix:\/\/\S+ \(DOCKER_HOST\) \(only for --env docker\)$/,
  ],
  [
    'Podman',
    { ServerVersion: '5.4.0' },
    { Components: [{ Name: 'Podman Engine' }] },
    /^Podman 5\.4\.0, with/,
  ],
  ['Colima', { ServerVersion: '27.4.0', Name: 'colima' }, {}, /^Docker 27\.4\.0, in Colima, with/],
  [
    'Docker Desktop',
    { ServerVersion: '28.3.0', OperatingSystem: 'Docker Desktop', SecurityOptions: null },
    { Components: null },
    /^Docker 28\.3\.0, of Docker Desktop, with/,
  ],
] as const)('%s is known by what it says of itself', async ([, info, version, found]) => {
  await using running = await daemon({ ...machine, ...info }, version);
  const finding = await containerDaemon(running.env);
  expect(finding).toMatchObject({ what: 'containers', ok: true, needed: false });
  expect(finding.found).toMatch(found);
});

test('one that does not answer, and one on another machine, are told with what to do', async () => {
  const silent = await containerDaemon({ DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  expect(silent).toMatchObject({ ok: false, fix: expect.stringContaining('podman system service') });
  expect(silent.found).toContain('the daemon of DOCKER_HOST, unix:///nowhere/docker.sock, does not answer');
  const remote = await containerDaemon({ DOCKER_HOST: 'tcp://10.1.2.3:2375' });
  expect(remote).toMatchObject({ ok: false, fix: expect.stringContaining('unset DOCKER_HOST') });
  expect(remote.found).toContain('is on another machine');
});
