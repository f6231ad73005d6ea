import type { Progress } from '../kit/terminal.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { Capabilities } from '../plan/environments.ts';
import { fetchPrograms, type HostPrograms } from '../toolchain/fetch.ts';
import type { Environment, EnvironmentKind, EnvironmentOptions, OwnProgram } from './contract.ts';

/** Every kind of place where a mesh can run. */
const kinds = {
  local: (await import('./local/environment.ts')).local,
  docker: (await import('./docker/environment.ts')).docker,
  kind: (await import('./kind/environment.ts')).kind,
} as const satisfies Record<string, EnvironmentKind>;

export type EnvironmentName = keyof typeof kinds;

export const environmentNames = Object.keys(kinds) as EnvironmentName[];

/**
 * Gets what each environment starts or calls for a mesh with such topologies, all at once, before anything asks for one
 * of them. Rejects on a system that it does not run on.
 */
export const fetchEnvironment = ofEach(
  ({ programs }) =>
    async (mesh: Mesh, topologies: readonly TopologyPlan[], progress: Progress, signal: AbortSignal) => {
      await fetchPrograms(programs(mesh, topologies), progress, signal, mesh);
    },
);

/** What each environment can do and hold, known before one is made. */
export const environmentCapabilities: Readonly<Record<EnvironmentName, Capabilities>> = ofEach(
  (kind) => kind,
);

/** How long each may take until a lab is up, in milliseconds. */
export const environmentUpTimeoutMs = ofEach(({ upTimeoutMs }) => upTimeoutMs);

/** How long labs and their trials usually take in each. */
export const environmentUsualMs = ofEach(({ usualMs }) => usualMs);

/** How each is made. */
export const environments = ofEach(
  ({ programs, makesOf = programs, make }) =>
    (mesh: Mesh, progress: Progress, signal: AbortSignal, options: EnvironmentOptions = {}): Environment =>
      make(
        mesh,
        async (topology) =>
          withOwn(await fetchPrograms(makesOf(mesh, [topology]), progress, signal, mesh), options),
        options,
      ),
);

function withOwn(found: HostPrograms, { programs = {} }: EnvironmentOptions): HostPrograms {
  const own = (of: keyof OwnProgram) =>
    Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, program[of]]));
  return {
    ...found,
    paths: { ...found.paths, ...own('path') },
    versions: { ...found.versions, ...own('version') },
  };
}

function ofEach<T>(of: (kind: EnvironmentKind) => T): Readonly<Record<EnvironmentName, T>> {
  return Object.fromEntries(environmentNames.map((name) => [name, of(kinds[name])])) as Record<
    EnvironmentName,
    T
  >;
}
