import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { http } from '../kit/http.ts';

/** A daemon that speaks Docker's interface on this machine, and who has named it. */
export interface DockerDaemon {
  /** As DOCKER_HOST has it: "unix:///var/run/docker.sock", "npipe:////./pipe/docker_engine", "tcp://127.0.0.1:2375". */
  readonly host: string;
  /** "DOCKER_HOST", "the context colima", "the usual socket of Podman". */
  readonly namedBy: string;
}

interface Context {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
}

/**
 * The daemon that the docker command would use: that of DOCKER_HOST, else of the context that is in use, else the
 * first usual socket that is there: of Docker, of a rootless one, of Docker Desktop and what stands in its place, of
 * Podman. Undefined where there is none. Throws for one on another machine, and for what is no address of one.
 */
export function findDaemon(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): DockerDaemon | undefined {
  const daemon = namedDaemon(env) ?? usualDaemon(env, platform);
  if (daemon !== undefined) refuseRemote(daemon, env);
  return daemon;
}

function namedDaemon(env: NodeJS.ProcessEnv): DockerDaemon | undefined {
  if (env['DOCKER_HOST']) return { host: env['DOCKER_HOST'], namedBy: 'DOCKER_HOST' };
  const folder = env['DOCKER_CONFIG'] || join(home(env), '.docker');
  const context =
    env['DOCKER_CONTEXT'] || readJson<{ currentContext?: string }>(folder, 'config.json')?.currentContext;
  if (!context || context === 'default') return undefined;
  // https://github.com/docker/cli/blob/master/cli/context/store/metadatastore.go
  const id = createHash('sha256').update(context).digest('hex');
  const host = readJson<Context>(join(folder, 'contexts/meta', id), 'meta.json')?.Endpoints?.docker?.Host;
  if (!host) {
    throw environmentError(
      `Docker's context ${context} is in use, and nothing is known of it`,
      'docker context ls says which there are; docker context use chooses one',
    );
  }
  return { host, namedBy: `the context ${context}` };
}

function usualDaemon(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): DockerDaemon | undefined {
  if (platform === 'win32') {
    return { host: 'npipe:////./pipe/docker_engine', namedBy: 'the usual pipe of Docker' };
  }
  const own = home(env);
  const runtime = env['XDG_RUNTIME_DIR'] || `/run/user/${process.getuid?.() ?? 0}`;
  const configured = env['XDG_CONFIG_HOME'] || join(own, '.config');
  const usual: readonly (readonly [path: string, whose: string])[] = [
    ['/var/run/docker.sock', 'Docker'],
    [join(runtime, 'docker.sock'), 'a rootless Docker'],
    [join(own, '.docker/run/docker.sock'), 'Docker Desktop'],
    [join(own, '.docker/desktop/docker.sock'), 'Docker Desktop'],
    [join(own, '.orbstack/run/docker.sock'), 'OrbStack'],
    [join(own, '.rd/docker.sock'), 'Rancher Desktop'],
    [join(env['COLIMA_HOME'] || join(own, '.colima'), 'default/docker.sock'), 'Colima'],
    [join(configured, 'colima/default/docker.sock'), 'Colima'],
    [join(own, '.lima/docker/sock/docker.sock'), 'Lima'],
    [join(runtime, 'podman/podman.sock'), 'Podman'],
    ['/run/podman/podman.sock', 'Podman'],
    [join(own, '.local/share/containers/podman/machine/podman.sock'), 'a machine of Podman'],
  ];
  const found = usual.find(([path]) => existsSync(path));
  return found && { host: `unix://${found[0]}`, namedBy: `the usual socket of ${found[1]}` };
}

/** Ports of a lab are published on loopback: that of the daemon's machine, which has to be this one. */
function refuseRemote({ host, namedBy }: DockerDaemon, env: NodeJS.ProcessEnv): void {
  const refuse = (
    why: string,
    hint = 'use one of this machine: unset DOCKER_HOST, or docker context use default; --env local needs none',
  ) => environmentError(`the Docker daemon of ${namedBy}, ${host}, ${why}`, hint);
  const noAddress = () =>
    refuse(
      'is no address of a daemon',
      'one is unix:///path/to/docker.sock, npipe:////./pipe/name, or tcp://127.0.0.1:PORT',
    );
  // What is behind the end of a line would be left out, and another daemon asked.
  if (/\p{Cc}/u.test(host)) throw noAddress();
  if (/^(unix|npipe):\/\/\//.test(host)) return;
  const [, path] = /^(?:unix:\/*)?(\/.*)$/.exec(host) ?? [];
  if (path !== undefined) throw refuse('is no address of a daemon', `write it as unix://${path}`);
  const [, name] = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+)/.exec(host) ?? [];
  if (name === undefined) {
    throw host.startsWith('ssh:')
      ? refuse(
          'is on another machine: the ports of a lab are published on loopback there, out of reach from here',
        )
      : noAddress();
  }
  // As one with a port that there cannot be.
  if (!URL.canParse(host)) throw noAddress();
  if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(name)) {
    throw refuse(
      'is on another machine: the ports of a lab are published on loopback there, out of reach from here, and published beyond it they would be open to its network',
    );
  }
  if (env['DOCKER_TLS_VERIFY']) {
    throw refuse(
      'is to be reached with TLS (DOCKER_TLS_VERIFY), which labs in containers do not speak',
      'name its socket: DOCKER_HOST=unix:///path/to/docker.sock',
    );
  }
}

/** What to do where no daemon answers, by how the call failed. */
export function whatToDo({ code }: Pick<NodeJS.ErrnoException, 'code'>): string {
  if (code === 'EACCES' || code === 'EPERM') {
    return 'you may not use its socket: have yourself put into the group that it belongs to (sudo usermod -aG docker $USER, and log in again), or use a rootless Docker; --env local needs none';
  }
  return 'start Docker (https://docs.docker.com/engine/install/), Colima (colima start) or the socket of Podman (podman system service --time=0), or name one with DOCKER_HOST; --env local needs none';
}

/** One call of Docker's interface; resolves for every status, rejects when there is no answer. */
export function askDaemon(
  { host }: Pick<DockerDaemon, 'host'>,
  { method = 'GET', path, timeoutMs }: { method?: string; path: string; timeoutMs: number },
): Promise<{ readonly status: number; readonly body: string }> {
  // As it stands: an address would lose the dot of a pipe's path, and write a space as %20.
  const [, socketPath] = /^(?:unix|npipe):\/\/(.*)$/.exec(host) ?? [];
  if (socketPath !== undefined) return http(`http://docker${path}`, { method, timeoutMs, socketPath });
  const { hostname, port } = new URL(host.replace(/^tcp:/, 'http:'));
  return http(`http://${hostname}:${port || '2375'}${path}`, { method, timeoutMs });
}

const home = (env: NodeJS.ProcessEnv) => env['HOME'] || homedir();

function readJson<T>(folder: string, name: string): T | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8'));
  } catch {
    return undefined;
  }
}
