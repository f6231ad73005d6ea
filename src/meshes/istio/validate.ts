import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { usageError } from '../../kit/errors.ts';
import type { MeshFile } from '../../plan/contract.ts';
import type { MeshResource } from '../contract.ts';

/**
 * Istio's own validation, as its webhook does it in a cluster: what schemas cannot say, such as a
 * duration that must not be zero. Throws one error with every problem.
 */
export async function validateWithIstioctl(
  istioctl: string,
  files: readonly MeshFile[],
  resources: readonly MeshResource[],
): Promise<void> {
  if (files.length === 0) return;
  try {
    await promisify(execFile)(istioctl, ['validate', ...files.flatMap(({ path }) => ['-f', path])], {
      timeout: 20_000,
    });
  } catch (error) {
    const said = `${(error as { stderr?: string }).stderr ?? ''}`;
    const problems = [...said.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)].map(
      ([, kind, , name, message]) => {
        const resource = resources.find((candidate) => candidate.kind === kind && candidate.name === name);
        const where = resource ? `${resource.file}:${resource.line}` : (files[0]?.file ?? '');
        return `${where}: ${kind}/${name}: ${message}`;
      },
    );
    throw usageError(
      problems.length > 0 ? problems.join('\n') : `istioctl validate: ${said.trim() || String(error)}`,
      'Istio itself refuses this configuration; the words are those of istioctl validate',
    );
  }
}
