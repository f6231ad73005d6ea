import { environmentError, OperatorError } from '../../kit/errors.ts';
import { type Problem, ProblemsError } from '../../kit/problems.ts';
import { howItEnded, type ProgramResult, runProgram } from '../../kit/run-program.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { inItsNamespace, writeKubernetesYaml } from '../kubernetes/write.ts';
import { placesOfMessages, type Without, withoutEachPart } from './validate-places.ts';

/** After this many parts of resources, those that are left are told at their first line. */
const mostPartsAsked = 5_000;

interface Limits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** What Istio's own validation refuses, and what it takes though it may not be meant. */
export interface Validated {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Throws one usage error with everything that Istio's own validation refuses. */
export async function validateWithIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  limits: Limits = {},
): Promise<void> {
  const { problems } = await askIstioctl(istioctl, resources, limits);
  if (problems.length === 0) return;
  throw new ProblemsError(
    problems,
    'Istio itself refuses this configuration; the words are those of istioctl validate',
  );
}

/**
 * What Istio's own validation says, as its webhook does it in a cluster: what schemas cannot say, such as shares
 * that are not a hundred. Each is told at the line of the part that it is about, as far as that can be found out.
 * Throws an environment error when istioctl could not say what it thinks.
 */
export async function askIstioctl(
  istioctl: string,
  resources: readonly MeshResource[],
  limits: Limits = {},
): Promise<Validated> {
  const answers = await answersOf(istioctl, resources, limits);
  let left = mostPartsAsked;
  const asked = resources.flatMap((resource, index) => {
    const said = answers[index] ?? [];
    if (said.length === 0) return [];
    const parts = left > 0 ? withoutEachPart(resource) : [];
    left -= parts.length;
    return [{ resource, said, parts }];
  });
  const saidWithout = await askAboutParts(istioctl, asked, limits);
  const told = asked.flatMap(({ resource, said, parts }, index) => {
    const without = parts.map(({ path }, part) => ({
      path,
      messages: texts(saidWithout[index]?.[part] ?? []),
    }));
    const places = placesOfMessages({ messages: texts(said), without: saidWithout[index] ? without : [] });
    return said.map(({ message, refuses }, number) => {
      const place = places[number];
      const line = place === undefined ? resource.line : resource.lineOf(place);
      return { refuses, file: resource.file, line, message: `${resource.kind}/${resource.name}: ${message}` };
    });
  });
  const those = (refusing: boolean) =>
    told.filter(({ refuses }) => refuses === refusing).map(({ refuses, ...problem }): Problem => problem);
  return { problems: those(true), warnings: those(false) };
}

/** One thing that istioctl says of a resource. */
interface Saying {
  readonly message: string;
  /** Whether it is refused for that; else it is a warning. */
  readonly refuses: boolean;
}

const texts = (said: readonly Saying[]) => said.map(({ message }) => message);

interface Asked {
  readonly resource: MeshResource;
  readonly parts: readonly Without[];
}

/** What istioctl says of each resource without each of its parts; undefined where it does not say. */
async function askAboutParts(istioctl: string, asked: readonly Asked[], limits: Limits) {
  const all = asked.flatMap(({ resource, parts }) => parts.map(({ value }) => ({ ...resource, value })));
  const said = await answersOf(istioctl, all, limits).catch((error: unknown) => {
    limits.signal?.throwIfAborted();
    if (!(error instanceof OperatorError)) throw error;
    return undefined;
  });
  let next = 0;
  return asked.map(({ parts }) => (said === undefined ? undefined : parts.map(() => said[next++] ?? [])));
}

/** What is said of every EnvoyFilter, whatever is in it. */
const ofEveryEnvoyFilter = /^EnvoyFilter exposes internal implementation details/;

/** What istioctl says of each resource, in their order. */
async function answersOf(
  istioctl: string,
  resources: readonly MeshResource[],
  { signal, timeoutMs = 20_000 }: Limits,
): Promise<readonly (readonly Saying[])[]> {
  if (resources.length === 0) return [];
  const { text, meant } = written(resources);
  const result = await runProgram({
    program: istioctl,
    // Names of files could have commas in them, at which istioctl would cut them.
    args: ['validate', '-f', '-'],
    input: text,
    group: 'shared',
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  // Warnings stand before the errors, in the same form.
  const errors = result.ended === 'ok' ? -1 : result.stderr.search(/^Error: /m);
  const told = [...result.stderr.matchAll(/^\s*\* ([^/\s]+)\/([^/\s]*)\/([^:\s]+): (.*)$/gm)];
  const refuses = ({ index }: { readonly index: number }) => errors >= 0 && index >= errors;
  // Half an answer is none: a program that was stopped may have had more to say.
  if (result.ended !== 'ok' && (!told.some(refuses) || result.ended !== 'failed')) throw noAnswer(result);
  const said: Saying[][] = resources.map(() => []);
  for (const match of told) {
    const [, kind = '', namespace = '', name = '', message = ''] = match;
    const index = meant(kind, namespace, name);
    if (index === undefined) throw noAnswer(result);
    if (ofEveryEnvoyFilter.test(message)) continue;
    // Some messages have the name in them.
    const own = message.replaceAll(name, resources[index]?.name ?? name);
    said[index]?.push({ message: own, refuses: refuses(match) });
  }
  return said;
}

/** The resources as istioctl gets them, each with a name that none of the others has: files may be alternatives. */
function written(resources: readonly MeshResource[]) {
  const known = new Map<string, number>();
  const times = new Map<string, number>();
  const named = resources.map((resource, index) => {
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
    text: writeKubernetesYaml(named),
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
