import { environmentError, usageError } from '../../kit/errors.ts';
import { howItEnded, type ProgramResult, runProgram } from '../../kit/run-program.ts';
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
  const result = await runProgram({
    program: istioctl,
    args: ['validate', ...files.flatMap(({ path }) => ['-f', path])],
    group: 'shared',
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.ended === 'ok') return;
  const problems = [...result.stderr.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)].map(
    ([, kind, , name, message]) => {
      const resource = resources.find((candidate) => candidate.kind === kind && candidate.name === name);
      const where = resource ? `${resource.file}:${resource.line}` : (files[0]?.file ?? '');
      return `${where}: ${kind}/${name}: ${message}`;
    },
  );
  // Half an answer is none: a program that was stopped may have had more to say.
  if (problems.length === 0 || result.ended !== 'failed') throw noAnswer(result);
  throw usageError(
    problems.join('\n'),
    'Istio itself refuses this configuration; the words are those of istioctl validate',
  );
}

/** Why istioctl said nothing about the configuration. */
function noAnswer(result: ProgramResult) {
  const said = result.stderr.trim();
  return environmentError(
    `istioctl validate ${howItEnded(result)}${said ? `: ${said}` : ''}`,
    'nothing is known about the configuration; try again, or run `istioctl validate -f FILE` to see why',
  );
}
