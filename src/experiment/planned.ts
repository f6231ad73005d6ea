import { OperatorError } from '../kit/errors.ts';
import { ProblemsError } from '../kit/problems.ts';
import type { Mesh } from '../meshes/contract.ts';
import { meshOf } from '../meshes/index.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import { configurationContext } from '../plan/configuration-context.ts';
import type { Plan } from '../plan/contract.ts';
import { askedFaults } from '../plan/environments.ts';
import { planScenario } from '../plan/plan.ts';
import { type Changes, loadScenario, type ScenarioFile, scenarioOf } from '../scenario/load.ts';
import type { LoadedScenario } from '../scenario/schema.ts';
import { readSteps } from './steps.ts';

/** A scenario that was read and planned, its mesh, and the mesh configuration under test. */
export interface Planned {
  readonly plan: Plan;
  /** Where a mistake stands in the scenario's file. */
  readonly locate: LoadedScenario['locate'];
  readonly mesh: Mesh;
  readonly configuration: MeshConfiguration;
  /** After each change, in their order. */
  readonly steps: readonly MeshConfiguration[];
}

/** Reads and plans a scenario; throws one ProblemsError with everything that can be said without running it. */
export async function planExperiment(file: string, changes: Changes, seed?: number): Promise<Planned> {
  return planLoaded(await loadScenario(file, changes), seed);
}

/** The same for a scenario file that was opened already. */
export async function planOpened(opened: ScenarioFile, changes: Changes, seed?: number): Promise<Planned> {
  return planLoaded(await scenarioOf(opened, changes), seed);
}

/** The mesh of a scenario; throws a ProblemsError for a version that cannot be had. */
export async function meshIn({ scenario, locate }: LoadedScenario): Promise<Mesh> {
  const { kind, version } = scenario.mesh;
  return meshOf(kind, version).catch((error: unknown) => {
    if (!(error instanceof OperatorError)) throw error;
    const { message, hint } = error;
    throw new ProblemsError([locate({ path: ['mesh', 'version'], at: 'value', message, hint })]);
  });
}

/** Whatever of a plan its mesh cannot do. */
export function unsupportedBy(mesh: Mesh, plan: Plan, { locate }: Pick<LoadedScenario, 'locate'>) {
  return mesh.unsupported(plan.topology, askedFaults(plan)).map(locate);
}

async function planLoaded(loaded: LoadedScenario, seed: number | undefined): Promise<Planned> {
  const plan = planScenario(loaded, seed);
  const mesh = await meshIn(loaded);
  const unable = unsupportedBy(mesh, plan, loaded);
  if (unable.length > 0) throw new ProblemsError(unable);
  const files = plan.trial.configuration;
  const resources = mesh.readConfiguration(files, configurationContext(plan));
  const steps = readSteps(plan, mesh, loaded.locate);
  return { plan, locate: loaded.locate, mesh, configuration: { files, resources }, steps };
}
