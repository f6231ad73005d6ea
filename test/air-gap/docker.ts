import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
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

const pidFile = () => join(folder('docker'), 'dockerd.pid');

const dockerWorks = async () => (await sh`docker info`.nothrow()).exitCode === 0;

/** Debian's docker, with a runtime that asks for no more than this machine may grant. */
export async function startDocker(): Promise<void> {
  if (await dockerWorks()) return;
  allowWatchers();
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
  spawn('/usr/sbin/dockerd', ['--config-file', configuration, '--pidfile', pidFile()], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref();
  for (let tries = 0; tries < 60; tries++) {
    if (await dockerWorks()) return;
    await sleep(500);
  }
  throw new Error(`docker did not start: see ${join(folder('docker'), 'dockerd.log')}`);
}

/**
 * A node's programs watch files, and a kernel allows 128 watchers a user: several clusters and labs need more.
 * https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
 */
function allowWatchers(): void {
  const setting = '/proc/sys/fs/inotify/max_user_instances';
  const wanted = 1_024;
  if (Number(readFileSync(setting, 'utf8')) >= wanted) return;
  try {
    writeFileSync(setting, String(wanted));
  } catch {
    console.log(`${setting} stays as it is: it may not be changed here`);
  }
}

/** Ends the docker that `startDocker` started, in this process or an earlier one; any other is left alone. */
export async function stopDocker(): Promise<void> {
  if (!existsSync(pidFile())) return;
  const pid = Number(readFileSync(pidFile(), 'utf8'));
  const command = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  if (!command.includes('dockerd')) return;
  process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 60 && existsSync(`/proc/${pid}`); tries++) await sleep(500);
}
