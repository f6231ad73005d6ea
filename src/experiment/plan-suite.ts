import { type EnvironmentName, environmentCapabilities } from '../environments/index.ts';
import { suggest } from '../kit/nearest.ts';
import { valueAt } from '../kit/path.ts';
import { formatProblem, type Problem, ProblemsError } from '../kit/problems.ts';
import { fullName, type Mesh } from '../meshes/contract.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import { unfitFor } from '../plan/environments.ts';
import { type Changes, openScenario, profileNames, type ScenarioFile } from '../scenario/load.ts';
import { type Planned, planOpened } from './planned.ts';
import { everWritten } from './steps.ts';

/** What may be changed about a suite from the command line. */
export interface SuiteChanges extends Changes {
  /** Names of the scenarios that are to run; all of them where it is empty. */
  readonly only: readonly string[];
}

/** Scenarios that were read and planned, in the order of their files. */
export interface SuitePlan {
  readonly scenarios: readonly Planned[];
  /** Names of those that have no profile of the name that was asked for, and run as they are. */
  readonly withoutProfile: readonly string[];
}

type Validate = (
  mesh: Mesh,
  configuration: MeshConfiguration,
  topologies: readonly TopologyPlan[],
) => Promise<void>;

/**
 * Reads and plans every scenario of a suite for an environment, and asks the meshes about their configuration. Throws
 * one ProblemsError with every mistake in any of them, before anything has started.
 */
export async function planSuite(
  files: readonly string[],
  changes: SuiteChanges,
  about: { readonly seed: number; readonly environment: EnvironmentName },
  /** The mesh's own validation; throws one ProblemsError with everything that it refuses. */
  validate: Validate,
): Promise<SuitePlan> {
  const problems = new Problems();
  const opened: ScenarioFile[] = [];
  for (const file of files) {
    await problems.of(file, async () => {
      opened.push(await openScenario(file));
    });
  }
  const wanted = chosen(opened, changes.only);
  const { profile, ...unprofiled } = changes;
  const having = wanted.filter((file) => profile !== undefined && profileNames(file).includes(profile));
  const lacking = wanted.filter((file) => profile !== undefined && !having.includes(file));
  if (profile !== undefined && having.length === 0) problems.add('', [noProfile(profile, wanted)]);
  const scenarios: Planned[] = [];
  for (const scenario of wanted) {
    await problems.of(scenario.file, async () => {
      const own =
        profile !== undefined && having.includes(scenario) ? { ...unprofiled, profile } : unprofiled;
      const planned = await planOpened(scenario, own, about.seed);
      problems.add(
        scenario.file,
        unfitFor(planned, about.environment, environmentCapabilities, planned.locate),
      );
      scenarios.push(planned);
    });
  }
  await problems.of('', () => askMeshes(scenarios, validate));
  problems.throwAny(wanted.length);
  return { scenarios, withoutProfile: lacking.map(nameOf) };
}

/** The name that a scenario file gives itself; the file where it has none. */
function nameOf({ file, document }: ScenarioFile): string {
  const name = valueAt(document.value, ['name']);
  return typeof name === 'string' ? name : file;
}

function chosen(opened: readonly ScenarioFile[], only: readonly string[]): readonly ScenarioFile[] {
  if (only.length === 0) return opened;
  const names = [...new Set(opened.map(nameOf))];
  const problems = only
    .filter((name) => !names.includes(name))
    .map((name): Problem => {
      const hint = suggest(name, names);
      return { file: `--only ${name}`, message: 'no scenario has this name', ...(hint ? { hint } : {}) };
    });
  if (problems.length > 0) throw new ProblemsError(problems);
  return opened.filter((file) => only.includes(nameOf(file)));
}

function noProfile(profile: string, scenarios: readonly ScenarioFile[]): Problem {
  const names = [...new Set(scenarios.flatMap(profileNames))];
  const hint = suggest(profile, names) ?? 'the scenarios have no profiles';
  return { file: `--profile ${profile}`, message: 'no scenario has such a profile', hint };
}

/** Each mesh about all configuration at once, each resource once: scenarios may share files. */
async function askMeshes(scenarios: readonly Planned[], validate: Validate): Promise<void> {
  for (const [name, mesh] of new Map(scenarios.map((each) => [fullName(each.mesh), each.mesh]))) {
    const own = scenarios.filter((each) => fullName(each.mesh) === name);
    await validate(
      mesh,
      everWritten(own.flatMap(({ configuration, steps }) => [configuration, ...steps])),
      own.map(({ plan }) => plan.topology),
    );
  }
}

/** Mistakes of several scenarios, each once. */
class Problems {
  /** Mistake → it, and the files of the scenarios that have it. */
  readonly #found = new Map<string, { readonly problem: Problem; readonly files: Set<string> }>();
  #hint: string | undefined;

  /** Does something for a scenario, and keeps the mistakes that it finds. */
  async of(file: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      this.#hint ??= error.hint;
      this.add(file, error.problems);
    }
  }

  add(file: string, problems: readonly Problem[]): void {
    for (const problem of problems) {
      const key = formatProblem(problem);
      const found = this.#found.get(key) ?? { problem, files: new Set() };
      found.files.add(file);
      this.#found.set(key, found);
    }
  }

  /** Throws them all as one error; `scenarios` is of how many they could be. */
  throwAny(scenarios: number): void {
    if (this.#found.size === 0) return;
    throw new ProblemsError(
      [...this.#found.values()].map((found) => told(found, scenarios)),
      this.#hint,
    );
  }
}

/** A mistake of the command line may be one in some scenarios only, and says in which. */
function told(
  { problem, files }: { readonly problem: Problem; readonly files: ReadonlySet<string> },
  scenarios: number,
): Problem {
  const named = [...files].filter(Boolean);
  if (!problem.file.startsWith('--') || named.length === 0 || named.length === scenarios) return problem;
  return { ...problem, message: `${problem.message} (in ${named.join(', ')})` };
}
