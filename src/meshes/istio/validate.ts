import { environmentError } from '../../kit/errors.ts';
import { type Problem, ProblemsError } from '../../kit/problems.ts';
import { howItEnded, type ProgramResult, runProgram } from '../../kit/run-program.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { inItsNamespace, writeKubernetesYaml } from '../kubernetes/write.ts';

interface Limits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Throws one usage error with everything that Istio's own validation refuses. */
export async function validateWithIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  limits: Limits = {},
): Promise<void> {
  const problems = await refusedByIstioctl(istioctl, resources, limits);
  if (problems.length === 0) return;
  throw new ProblemsError(
    problems,
    'Istio itself refuses this configuration; the words are those of istioctl validate',
  );
}

/**
 * What Istio's own validation refuses, as its webhook does it in a cluster: what schemas cannot say, such as a
 * duration that must not be zero. Throws an environment error when istioctl could not say what it thinks.
 */
export async function refusedByIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  { signal, timeoutMs = 20_000 }: Limits = {},
): Promise<readonly Problem[]> {
  if (resources.length === 0) return [];
  const { text, resourceOf } = asked(resources);
  const result = await runProgram({
    program: istioctl,
    // Names of files could have commas in them, at which istioctl would cut them.
    args: ['validate', '-f', '-'],
    input: text,
    group: 'shared',
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.ended === 'ok') return [];
  const problems = [...result.stderr.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)].map(
    ([, kind = '', namespace = '', name = '', message = '']): Problem => {
      const resource = resourceOf(kind, namespace, name);
      const where = resource ? { file: resource.file, line: resource.line } : { file: 'mesh configuration' };
      return { ...where, message: `${kind}/${resource?.name ?? name}: ${message}` };
    },
  );
  // Half an answer is none: a program that was stopped may have had more to say.
  if (problems.length === 0 || result.ended !== 'failed') throw noAnswer(result);
  return problems;
}

/** The resources as istioctl gets them, each with a name that none of the others has: files may be alternatives. */
function asked(resources: readonly MeshResource[]) {
  const known = new Map<string, MeshResource>();
  const times = new Map<string, number>();
  const written = resources.map((resource) => {
    const own = idOf(resource.kind, resource.namespace, resource.name);
    let { name } = resource;
    for (let number = times.get(own) ?? 1; known.has(idOf(resource.kind, resource.namespace, name)); ) {
      number += 1;
      name = `${resource.name}-${number}`;
      times.set(own, number);
    }
    known.set(idOf(resource.kind, resource.namespace, name), resource);
    const value = inItsNamespace(resource);
    return { ...value, metadata: { ...value.metadata, name } };
  });
  return {
    text: writeKubernetesYaml(written),
    resourceOf: (kind: string, namespace: string, name: string) => known.get(idOf(kind, namespace, name)),
  };
}

const idOf = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`;

/** Why istioctl said nothing about the configuration. */
function noAnswer(result: ProgramResult) {
  const said = result.stderr.trim();
  return environmentError(
    `istioctl validate ${howItEnded(result)}${said ? `: ${said}` : ''}`,
    'nothing is known about the configuration; try again, or run `istioctl validate -f FILE` to see why',
  );
}
