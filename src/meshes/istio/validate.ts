import { environmentError, OperatorError } from '../../kit/errors.ts';
import { type Problem, ProblemsError } from '../../kit/problems.ts';
import { howItEnded, type ProgramResult, runProgram } from '../../kit/run-program.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { inItsNamespace, writeKubernetesYaml } from '../kubernetes/write.ts';
import { placesOfMessages, type Without, withoutEachPart } from './validate-places.ts';

/** After this many parts of refused resources, those that are left are told at their first line. */
const mostPartsAsked = 5_000;

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
 * What Istio's own validation refuses, as its webhook does it in a cluster: what schemas cannot say, such as shares
 * that are not a hundred. Each is told at the line of the part that it is about, as far as that can be found out.
 * Throws an environment error when istioctl could not say what it thinks.
 */
export async function refusedByIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  limits: Limits = {},
): Promise<readonly Problem[]> {
  const said = await askIstioctl(istioctl, resources, limits);
  let left = mostPartsAsked;
  const refused = resources.flatMap((resource, index) => {
    const messages = said[index] ?? [];
    if (messages.length === 0) return [];
    const parts = left > 0 ? withoutEachPart(resource) : [];
    left -= parts.length;
    return [{ resource, messages, parts }];
  });
  const saidWithout = await askAboutParts(istioctl, refused, limits);
  return refused.flatMap(({ resource, messages }, index) => {
    const places = placesOfMessages({ messages, without: saidWithout[index] ?? [] });
    return messages.map((message, number): Problem => {
      const place = places[number];
      const line = place === undefined ? resource.line : resource.lineOf(place);
      return { file: resource.file, line, message: `${resource.kind}/${resource.name}: ${message}` };
    });
  });
}

interface Refused {
  readonly resource: MeshResource;
  readonly parts: readonly Without[];
}

/** What istioctl says of each resource without each of its parts; nothing where it does not say. */
async function askAboutParts(istioctl: string, refused: readonly Refused[], limits: Limits) {
  const all = refused.flatMap(({ resource, parts }) => parts.map(({ value }) => ({ ...resource, value })));
  const said = await askIstioctl(istioctl, all, limits).catch((error: unknown) => {
    limits.signal?.throwIfAborted();
    if (!(error instanceof OperatorError)) throw error;
    return undefined;
  });
  let next = 0;
  return refused.map(({ parts }) =>
    said === undefined ? [] : parts.map(({ path }) => ({ path, messages: said[next++] ?? [] })),
  );
}

/** The errors that istioctl tells of each resource, in their order. */
async function askIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  { signal, timeoutMs = 20_000 }: Limits,
): Promise<readonly (readonly string[])[]> {
  if (resources.length === 0) return [];
  const { text, meant } = asked(resources);
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
  // Warnings stand before the errors, in the same form.
  const errors = result.stderr.slice(Math.max(0, result.stderr.search(/^Error: /m)));
  const told = [...errors.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)];
  // Half an answer is none: a program that was stopped may have had more to say.
  if (told.length === 0 || result.ended !== 'failed') throw noAnswer(result);
  const said: string[][] = resources.map(() => []);
  for (const [, kind = '', namespace = '', name = '', message = ''] of told) {
    const index = meant(kind, namespace, name);
    if (index === undefined) throw noAnswer(result);
    // Some messages have the name in them.
    said[index]?.push(message.replaceAll(name, resources[index]?.name ?? name));
  }
  return said;
}

/** The resources as istioctl gets them, each with a name that none of the others has: files may be alternatives. */
function asked(resources: readonly MeshResource[]) {
  const known = new Map<string, number>();
  const times = new Map<string, number>();
  const written = resources.map((resource, index) => {
    const own = idOf(resource.kind, resource.namespace, resource.name);
    let { name } = resource;
    for (let number = times.get(own) ?? 1; known.has(idOf(resource.kind, resource.namespace, name)); ) {
      number += 1;
      name = `${resource.name}-${number}`;
      times.set(own, number);
    }
    known.set(idOf(resource.kind, resource.namespace, name), index);
    const value = inItsNamespace(resource);
    return { ...value, metadata: { ...value.metadata, name } };
  });
  return {
    text: writeKubernetesYaml(written),
    meant: (kind: string, namespace: string, name: string) => known.get(idOf(kind, namespace, name)),
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
