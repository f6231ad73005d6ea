import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { together } from '../kit/together.ts';
import { type ResolveOptions, type ToolContext, toolContext } from './context.ts';
import { type EnsuredTool, ensureTool, forgetCompiler, keptTool } from './ensure.ts';
import { namedEnvoy } from './envoy-wheels.ts';
import { explicitProgram } from './explicit.ts';
import { moduleDataFile } from './go.ts';
import { ISTIO_BOOTSTRAP } from './istio-tools.ts';
import { type OfMesh, programsOf, toolsOf } from './mesh-tools.ts';
import { isInMirror } from './mirror.ts';
import { PROGRAMS, type Program, type Tool, type ToolProgram } from './tools.ts';

export type { ResolveOptions } from './context.ts';
export { inspectTools, type ToolStatus } from './inspect.ts';
export { MESHES, type OfMesh, programsOf } from './mesh-tools.ts';
export { packMirror } from './pack.ts';
export { reportTo } from './progress.ts';
export { removeTools } from './remove.ts';
export { PROGRAMS, type Program };

/** What every run on a mesh takes; its others are for something of their own. */
export const usualPrograms = (mesh: OfMesh, env: NodeJS.ProcessEnv): readonly Program[] => {
  const special = toolsOf(mesh, env).filter(({ onlyFor }) => onlyFor !== undefined);
  return programsOf(mesh, env).filter(
    (name) => !special.some(({ programs }) => programs.some((each) => each.name === name)),
  );
};

export interface ResolvedProgram {
  readonly program: Program;
  /** Absolute. */
  readonly path: string;
  readonly version: string;
  readonly source: 'explicit' | EnsuredTool['source'];
}

/** The path of one pinned program, fetched or built if need be. Throws OperatorError. */
export async function resolveProgram(
  program: Program,
  options: ResolveOptions = {},
): Promise<ResolvedProgram> {
  const context = toolContext(options);
  const resolved = await resolveIn(program, context);
  if (resolved.source === 'build') await forgetCompiler(context);
  return resolved;
}

async function resolveIn(program: Program, context: ToolContext): Promise<ResolvedProgram> {
  const [tool, spec] = findProgram(program, context);
  const explicit = await explicitProgram(tool, spec, context);
  if (explicit !== undefined) return { program, ...explicit, source: 'explicit' };
  const { directory, source, versions } = await ensureTool(tool, context);
  return { program, path: join(directory, program), version: versions[program] ?? tool.version, source };
}

/**
 * The Envoy of a version that has pins (`1.40.0`, or the line `1.40`), fetched if need be; no variable and no image takes
 * its place. Throws a usage error for another version.
 */
export async function resolveEnvoy(named: string, options: ResolveOptions = {}): Promise<ResolvedProgram> {
  const tool = namedEnvoy(named);
  const context = { ...toolContext(options), tools: [tool] };
  const { directory, source } = await ensureTool(tool, context);
  return { program: 'envoy', path: join(directory, 'envoy'), version: tool.version, source };
}

/** The path of a program that is there, or that a mirror has; undefined when it would have to be made from its source. */
export async function programAtHand(
  program: Program,
  options: ResolveOptions = {},
): Promise<string | undefined> {
  const context = toolContext(options);
  const [tool, spec] = findProgram(program, context);
  const explicit = await explicitProgram(tool, spec, context);
  if (explicit !== undefined) return explicit.path;
  const kept = await keptTool(tool, context);
  if (kept !== undefined) return join(kept.directory, program);
  return (await isInMirror(tool, context)) ? (await resolveProgram(program, options)).path : undefined;
}

/** Several programs, those of different tools at once as far as they are fetched. The first that fails ends all. */
export async function resolveToolchain<P extends Program>(
  programs: readonly P[],
  options: ResolveOptions = {},
): Promise<Record<P, ResolvedProgram>> {
  const context = toolContext(options);
  const works = inTurns(programs, context).map((own) => async (signal: AbortSignal) => {
    const done: ResolvedProgram[] = [];
    for (const program of own) done.push(await resolveIn(program, { ...context, signal }));
    return done;
  });
  const resolved = (await together(context.signal, works)).flat();
  if (resolved.some(({ source }) => source === 'build')) await forgetCompiler(context);
  return Object.fromEntries(resolved.map((one) => [one.program, one])) as Record<P, ResolvedProgram>;
}

/** Programs in groups, each after each other: those of one tool, and then what its build would bring along. */
function inTurns<P extends Program>(programs: readonly P[], context: ToolContext): readonly (readonly P[])[] {
  const groups = new Map<string, P[]>();
  for (const tool of context.tools) {
    const own = programs.filter((program) => findProgram(program, context)[0] === tool);
    const group = tool.builtWith ?? tool.name;
    groups.set(group, [...(groups.get(group) ?? []), ...own]);
  }
  return [...groups.values()];
}

/**
 * The path of the template that pilot-agent makes Envoy's bootstrap from: the operator's own
 * (BREAKWATER_ISTIO_BOOTSTRAP), the one beside the cached Istio, or the Go module's.
 */
export async function envoyBootstrapTemplate(options: ResolveOptions = {}): Promise<string> {
  const context = toolContext(options);
  const own = context.env['BREAKWATER_ISTIO_BOOTSTRAP'];
  if (own) return requireReadable(resolve(own));
  const [tool, agent] = findProgram('pilot-agent', context);
  const cached = (await keptTool(tool, context)) !== undefined;
  // With an agent of the operator's own there is no reason to build Istio for one text file.
  if (!cached && context.env[agent.variable] && tool.source.kind === 'go-module') {
    return moduleDataFile(tool, tool.source, ISTIO_BOOTSTRAP, context);
  }
  return join((await ensureTool(tool, context)).directory, ISTIO_BOOTSTRAP);
}

function findProgram(name: Program, context: ToolContext): [Tool, ToolProgram] {
  for (const tool of context.tools) {
    const program = tool.programs.find((candidate) => candidate.name === name);
    if (program !== undefined && !tool.besides?.includes(name)) return [tool, program];
  }
  throw new Error(`no tool has the program ${name}`);
}

async function requireReadable(path: string): Promise<string> {
  await readFile(path).catch((error: unknown) => {
    throw environmentError(
      `BREAKWATER_ISTIO_BOOTSTRAP: ${(error as Error).message}`,
      'It names an envoy_bootstrap.json.',
    );
  });
  return path;
}
