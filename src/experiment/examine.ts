import { type EnvironmentName, environmentCapabilities, environmentNames } from '../environments/index.ts';
import { type Problem, ProblemsError } from '../kit/problems.ts';
import type { Mesh } from '../meshes/contract.ts';
import { type MeshKind, meshOf } from '../meshes/index.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import { configurationContext } from '../plan/configuration-context.ts';
import type { Plan } from '../plan/contract.ts';
import { unfitFor } from '../plan/environments.ts';
import { planScenario } from '../plan/plan.ts';
import {
  type Changes,
  openScenario,
  otherMeshes,
  profileNames,
  type ScenarioFile,
  scenarioOf,
} from '../scenario/load.ts';
import type { LoadedScenario } from '../scenario/schema.ts';
import { meshIn, unsupportedBy } from './planned.ts';
import { everWritten, readSteps } from './steps.ts';

export interface SoundResource {
  readonly mesh: MeshKind;
  readonly resource: MeshResource;
}

/** What can be said about a scenario file without running it, or asking programs. */
export interface Examined {
  readonly problems: readonly Problem[];
  /** The mesh configuration under test that has no mistakes of its own, with the mesh that it is for. */
  readonly sound: readonly SoundResource[];
}

const unchanged: Changes = { set: [], config: [] };

/**
 * Looks at a scenario file as it is, with each of its profiles and on each other mesh that it is written for: for
 * everything that is wrong with it, and for why an environment could not run it.
 */
export async function examineScenario(file: string, environment?: EnvironmentName): Promise<Examined> {
  let opened: ScenarioFile;
  try {
    opened = await openScenario(file);
  } catch (error) {
    return { problems: problemsOf(error), sound: [] };
  }
  const problems: Problem[] = [];
  const sound: SoundResource[] = [];
  /** Most profiles change nothing that mesh configuration is held against. */
  const seen = new Set<string>();
  const variants: readonly Changes[] = [
    unchanged,
    ...profileNames(opened).map((profile) => ({ ...unchanged, profile })),
    ...otherMeshes(opened).map((mesh) => ({ ...unchanged, mesh })),
  ];
  for (const changes of variants) {
    try {
      const loaded = await scenarioOf(opened, changes);
      const plan = planOf(loaded, problems);
      const found = await examineConfiguration(loaded, plan, seen);
      // What a mesh can do somewhere is the same in each version.
      const mesh = await meshOf(loaded.scenario.mesh.kind);
      problems.push(...found.problems, ...(plan ? notForAny(plan, mesh, loaded, environment) : []));
      sound.push(...found.sound);
    } catch (error) {
      problems.push(...problemsOf(error));
    }
  }
  return { problems, sound };
}

/** The plan of a scenario; undefined where its parts do not fit together, which goes to the problems. */
function planOf(loaded: LoadedScenario, problems: Problem[]): Plan | undefined {
  try {
    return planScenario(loaded);
  } catch (error) {
    problems.push(...problemsOf(error));
    return undefined;
  }
}

/** What is wrong with the mesh configuration of a scenario, in its plan where there is one. */
async function examineConfiguration(
  loaded: LoadedScenario,
  plan: Plan | undefined,
  seen: Set<string>,
): Promise<Examined> {
  const { scenario, meshFiles } = loaded;
  const problems: Problem[] = [];
  const mesh = await meshIn(loaded).catch((error: unknown) => {
    problems.push(...problemsOf(error));
    return meshOf(scenario.mesh.kind);
  });
  const forMesh = (resources: readonly MeshResource[]) =>
    resources.map((resource) => ({ mesh: scenario.mesh.kind, resource }));
  const isNew = (...what: unknown[]) => {
    const key = JSON.stringify([...what, meshFiles.map(({ path }) => path)]);
    return !seen.has(key) && Boolean(seen.add(key));
  };
  if (plan) {
    problems.push(...unsupportedBy(mesh, plan, loaded));
    const context = configurationContext(plan);
    if (!isNew(context, plan.trial.changes)) return { problems, sound: [] };
    try {
      const resources = mesh.readConfiguration(meshFiles, context);
      const steps = readSteps(plan, mesh, loaded.locate);
      return { problems, sound: forMesh(everWritten([{ files: meshFiles, resources }, ...steps]).resources) };
    } catch (error) {
      problems.push(...problemsOf(error));
    }
  }
  // What is wrong elsewhere keeps nobody from looking at each file by itself.
  if (!isNew()) return { problems, sound: [] };
  const linted = mesh.lintConfiguration([...meshFiles, ...loaded.changeFiles.flat()]);
  return { problems: [...problems, ...linted.problems], sound: forMesh(linted.sound) };
}

/** Why a scenario cannot be run on an environment; where none is named, why on no one. */
function notForAny(
  plan: Plan,
  mesh: Mesh,
  { locate }: LoadedScenario,
  environment?: EnvironmentName,
): readonly Problem[] {
  const asked = environment === undefined ? environmentNames : [environment];
  const found = asked.map((name) => unfitFor({ plan, mesh }, name, environmentCapabilities, locate));
  return found.some((problems) => problems.length === 0) ? [] : (found[0] ?? []);
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemsError) return error.problems;
  throw error;
}
