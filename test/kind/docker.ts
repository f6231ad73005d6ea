import { spawn } from 'node:child_process';
import { copyFileSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, files, folder, sh } from './cache.ts';

const packages = [
  'docker.io',
  'containerd',
  'runc',
  'iptables',
  'iproute2',
  'jq',
  'debootstrap',
  'util-linux',
];

const dockerWorks = async () => (await sh`docker info`.nothrow()).exitCode === 0;

/** Debian's docker, with a runtime that asks for no more than this machine may grant. */
export async function startDocker(): Promise<void> {
  if (await dockerWorks()) return;
  const missing = [];
  for (const name of packages) {
    if ((await sh`dpkg -s ${name}`.nothrow()).exitCode !== 0) missing.push(name);
  }
  if (missing.length > 0) {
    await sh`apt-get update -qq`;
    await sh({
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })`apt-get install -y -qq --no-install-recommends ${missing}`;
  }
  copyFileSync(join(files, 'fit-runtime.sh'), binary('fit-runtime'));
  await sh`chmod 755 ${binary('fit-runtime')}`;
  const configuration = join(folder('docker'), 'daemon.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      'storage-driver': 'overlay2',
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      'default-runtime': 'fit',
      runtimes: { fit: { path: binary('fit-runtime') } },
      'log-opts': { 'max-size': '20m' },
    }),
  );
  const log = openSync(join(folder('docker'), 'dockerd.log'), 'a');
  const pid = join(folder('docker'), 'dockerd.pid');
  spawn('/usr/sbin/dockerd', ['--config-file', configuration, '--pidfile', pid], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref();
  for (let tries = 0; tries < 60; tries++) {
    if (await dockerWorks()) return;
    await sleep(500);
  }
  throw new Error(`docker did not start: see ${join(folder('docker'), 'dockerd.log')}`);
}
