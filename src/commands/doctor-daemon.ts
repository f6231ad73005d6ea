import { environmentError, OperatorError } from '../kit/errors.ts';
import { askDaemon, type DockerDaemon, findDaemon, whatToDo } from '../runs/docker-daemon.ts';
import { type DoctorFinding, explained } from './doctor-programs.ts';

const answerTimeoutMs = 10_000;
const onlyFor = '(only for --env docker)';

interface Info {
  readonly Name?: string;
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly SecurityOptions?: readonly string[] | null;
}

interface Version {
  readonly Components?: readonly { readonly Name?: string }[] | null;
}

/** The daemon that labs in containers would use, by what it says of itself: Docker, Podman, Colima, rootless or not. */
export async function containerDaemon(env: NodeJS.ProcessEnv = process.env): Promise<DoctorFinding> {
  const finding = { what: 'containers', needed: false };
  const start = whatToDo({});
  try {
    const daemon = findDaemon(env);
    if (daemon === undefined) {
      return { ...finding, ok: false, found: `no Docker daemon was found ${onlyFor}`, fix: start };
    }
    return { ...finding, ok: true, found: `${await described(daemon)} ${onlyFor}`, fix: start };
  } catch (error) {
    const told =
      error instanceof OperatorError ? explained(error) : { found: (error as Error).message, fix: start };
    return { ...finding, ok: false, ...told, found: `${told.found} ${onlyFor}` };
  }
}

/** "Docker 28.2.2, rootless, with 4 cores and 8 GiB, at unix:///… (DOCKER_HOST)"; throws when it does not answer. */
async function described(daemon: DockerDaemon): Promise<string> {
  const [info, version] = await Promise.all([ask<Info>(daemon, '/info'), ask<Version>(daemon, '/version')]);
  const isPodman = version.Components?.some(({ Name = '' }) => Name.startsWith('Podman')) ?? false;
  const whose = [
    `${isPodman ? 'Podman' : 'Docker'} ${info.ServerVersion ?? ''}`.trim(),
    ...(info.SecurityOptions?.some((option) => option.includes('rootless')) ? ['rootless'] : []),
    ...(info.Name?.startsWith('colima') ? ['in Colima'] : []),
    ...(info.OperatingSystem === 'Docker Desktop' ? ['of Docker Desktop'] : []),
  ].join(', ');
  const gib = Math.round((info.MemTotal ?? 0) / 1024 ** 3);
  return `${whose}, with ${info.NCPU ?? '?'} cores and ${gib} GiB, at ${daemon.host} (${daemon.namedBy})`;
}

async function ask<T>(daemon: DockerDaemon, path: string): Promise<T> {
  const { status, body } = await askDaemon(daemon, { path, timeoutMs: answerTimeoutMs }).catch(
    (error: NodeJS.ErrnoException) => {
      throw environmentError(
        `the daemon of ${daemon.namedBy}, ${daemon.host}, does not answer: ${error.message}`,
        whatToDo(error),
      );
    },
  );
  if (status !== 200) throw new Error(`the daemon of ${daemon.namedBy}, ${daemon.host}, answered ${status}`);
  return JSON.parse(body);
}
