import { CONSUL_VERSION, consulOf, consulTools } from './consul-tools.ts';
import { ISTIO_VERSION, istioTools, toolsFor } from './istio-tools.ts';
import type { Program, Tool } from './tools.ts';

/** The meshes that there are programs for. */
export const MESHES = ['istio', 'consul'] as const;

/** Which mesh programs are for; of the version that Breakwater is made for where none is given. */
export interface OfMesh {
  readonly name: string;
  readonly version?: string | undefined;
}

/** The tools that a mesh is run with. Throws for a version that cannot be had. */
export function toolsOf({ name, version }: OfMesh, env: NodeJS.ProcessEnv): readonly Tool[] {
  return name === 'consul'
    ? consulTools(version || CONSUL_VERSION, env)
    : toolsFor(version || ISTIO_VERSION, env);
}

/** Every tool of every mesh, in the versions that come with pins. */
export const knownTools = (): readonly Tool[] => [...istioTools(), consulOf(CONSUL_VERSION)];

/** Every tool of every mesh, in the version that is used unless somebody says otherwise. */
export function usualTools(env: NodeJS.ProcessEnv): readonly Tool[] {
  return [
    ...new Map(MESHES.flatMap((name) => toolsOf({ name }, env)).map((tool) => [tool.name, tool])).values(),
  ];
}

/** The programs that a mesh is run with, each once. */
export function programsOf(mesh: OfMesh, env: NodeJS.ProcessEnv): readonly Program[] {
  const names = toolsOf(mesh, env).flatMap(({ programs }) => programs.map(({ name }) => name as Program));
  return [...new Set(names)];
}
