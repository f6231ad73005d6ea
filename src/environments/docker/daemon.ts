import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { askDaemon, type DockerDaemon, findDaemon, whatToDo } from '../../runs/docker-daemon.ts';

const answerTimeoutMs = 20_000;

/** The daemon of this machine, whether it answers or not. Throws where there is none, with what to do. */
export function knownDaemon(): DockerDaemon {
  const daemon = findDaemon();
  if (daemon === undefined) throw environmentError('there is no Docker on this machine', whatToDo({}));
  return daemon;
}

/** Resolves when a daemon answers that can run a lab. Throws where it does not, with what to do. */
export async function daemonAnswers(daemon: DockerDaemon): Promise<void> {
  const where = `the Docker daemon of ${daemon.namedBy}, ${daemon.host},`;
  const asked = { path: '/info', timeoutMs: answerTimeoutMs };
  const answer = await askDaemon(daemon, asked).catch((error: NodeJS.ErrnoException) => {
    throw environmentError(`${where} does not answer: ${error.message}`, whatToDo(error), error);
  });
  if (answer.status !== 200)
    throw environmentError(`${where} answered ${answer.status} to what it is`, whatToDo({}));
  const { OSType = 'linux' } = infoIn(answer.body);
  if (OSType !== 'linux') {
    throw environmentError(
      `${where} runs containers of ${OSType}, and a mesh is of Linux ones`,
      'switch Docker Desktop to Linux containers',
    );
  }
}

/** What testcontainers reads when it is loaded, and falls over where it is no JSON. Throws then, with whose it is. */
export function refuseUnreadableConfiguration(env: NodeJS.ProcessEnv): void {
  const path = join(env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker'), 'config.json');
  if (!env['DOCKER_AUTH_CONFIG'] && !existsSync(path)) return;
  const [name, text] = env['DOCKER_AUTH_CONFIG']
    ? ['DOCKER_AUTH_CONFIG', env['DOCKER_AUTH_CONFIG']]
    : [path, readFileSync(path, 'utf8')];
  try {
    JSON.parse(text);
  } catch (error) {
    throw environmentError(
      `Docker's configuration, ${name}, is no JSON: ${(error as Error).message}`,
      'mend it, or take it away: docker login writes it anew',
      error,
    );
  }
}

/** What is no answer of Docker's interface says nothing. */
function infoIn(body: string): { readonly OSType?: string } {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}
