import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environmentError, usageError } from '../../kit/errors.ts';
import type { MeshFile, MeshResource } from '../../model/mesh-configuration.ts';

interface Limits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Istio's own validation, as its webhook does it in a cluster: what schemas cannot say, such as a
 * duration that must not be zero. Throws one usage error with every problem; an environment error when
 * istioctl could not say what it thinks.
 */
export async function validateWithIstioctl(
  istioctl: string,
  files: readonly MeshFile[],
  resources: readonly MeshResource[],
  { signal, timeoutMs = 20_000 }: Limits = {},
): Promise<void> {
  if (files.length === 0) return;
  try {
    await promisify(execFile)(istioctl, ['validate', ...files.flatMap(({ path }) => ['-f', path])], {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const { stderr = '', signal: killedBy } = error as { stderr?: string; signal?: string | null };
    const problems = [...stderr.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)].map(
      ([, kind, , name, message]) => {
        const resource = resources.find((candidate) => candidate.kind === kind && candidate.name === name);
        const where = resource ? `${resource.file}:${resource.line}` : (files[0]?.file ?? '');
        return `${where}: ${kind}/${name}: ${message}`;
      },
    );
    // Half an answer is none: a program that was stopped may have had more to say.
    if (problems.length === 0 || killedBy) throw noAnswer(error, timeoutMs);
    throw usageError(
      problems.join('\n'),
      'Istio itself refuses this configuration; the words are those of istioctl validate',
    );
  }
}

/** Why istioctl said nothing about the configuration. */
function noAnswer(error: unknown, timeoutMs: number) {
  const { stderr, killed, signal, code } = error as {
    stderr?: string;
    killed?: boolean;
    signal?: string | null;
    code?: number | string | null;
  };
  const said = stderr?.trim();
  const how = killed
    ? `was not done after ${timeoutMs / 1_000} s`
    : signal
      ? `was stopped by ${signal}`
      : typeof code === 'string'
        ? `could not be started: ${code}`
        : `failed with exit code ${code}`;
  return environmentError(
    `istioctl validate ${how}${said ? `: ${said}` : ''}`,
    'nothing is known about the configuration; try again, or run `istioctl validate -f FILE` to see why',
    error,
  );
}
