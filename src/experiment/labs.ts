import { isDeepStrictEqual } from 'node:util';
import type { Environment, Lab, LabRequest } from '../environments/contract.ts';
import { ProblemsError } from '../kit/problems.ts';
import { fullName, type Mesh } from '../meshes/contract.ts';
import { createRunDirectory } from '../runs/run-directory.ts';
import type { Planned } from './planned.ts';

/** What a run needs a lab for. */
export interface LabWanted extends Omit<LabRequest, 'directory'> {
  readonly mesh: Mesh;
  /** What the lab is for, for who finds its folder: "run circuit-breaker". */
  readonly what: string;
}

/** A lab that is up, with a scratch folder of its own; disposing takes both down. */
export class OpenLab implements AsyncDisposable {
  readonly lab: Lab;
  /** Whether something of it died. */
  lost = false;
  readonly #releases: AsyncDisposableStack;

  private constructor(lab: Lab, releases: AsyncDisposableStack) {
    this.lab = lab;
    this.#releases = releases;
    lab.lost.then(() => {
      this.lost = true;
    });
  }

  /** `what` is for who finds its folder. */
  static async start(
    environment: Environment,
    what: string,
    request: Omit<LabRequest, 'directory'>,
  ): Promise<OpenLab> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(await createRunDirectory(request.runId, what));
    const lab = stack.use(await environment.open({ ...request, directory: scratch.path }));
    return new OpenLab(lab, stack.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#releases[Symbol.asyncDispose]();
  }
}

/** A lab for a run. */
export interface TakenLab {
  readonly lab: Lab;
  /** Whether it is up for this run alone, and not left by another one. */
  readonly own: boolean;
}

/**
 * Labs for runs after each other, one at a time. A run gets the lab that the one before has left where the topology
 * and the mesh are the same, with its own mesh configuration in the place of the other's; else a new one. Disposing
 * takes down what is up; another lab may be taken afterwards.
 */
export class Labs implements AsyncDisposable {
  readonly environment: Environment;
  #open: { readonly up: OpenLab; readonly wanted: LabWanted } | undefined;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** A lab with the topology and the mesh configuration under test in it. */
  async take(wanted: LabWanted): Promise<TakenLab> {
    const left = this.#open;
    if (left !== undefined && !left.up.lost && serves(left.wanted, wanted)) {
      wanted.progress('putting the mesh configuration into the lab that is up');
      if (await configured(left.up.lab, wanted)) return { lab: left.up.lab, own: false };
    }
    await this[Symbol.asyncDispose]();
    const { mesh: _, what, ...request } = wanted;
    const up = await OpenLab.start(this.environment, what, request);
    this.#open = { up, wanted };
    return { lab: up.lab, own: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.up[Symbol.asyncDispose]();
  }
}

/** Whether a lab has taken mesh configuration; what is wrong with that itself is thrown, as on a lab of its own. */
async function configured(lab: Lab, { configuration, signal }: LabWanted): Promise<boolean> {
  try {
    await lab.configure(configuration, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProblemsError) throw error;
    return false;
  }
}

type Site = Pick<LabWanted, 'topology' | 'mesh'>;

/** Whether a lab that one run has had may serve another: only their names may differ. */
export function serves(one: Site, other: Site): boolean {
  const { name: _, file: __, ...topology } = one.topology;
  const { name: ___, file: ____, ...wanted } = other.topology;
  return fullName(one.mesh) === fullName(other.mesh) && isDeepStrictEqual(topology, wanted);
}

/** Runs in groups that one lab may serve, each in the order of its first. */
export function sharingLabs<Run extends Pick<Planned, 'plan' | 'mesh'>>(
  runs: readonly Run[],
): readonly (readonly Run[])[] {
  const groups: Run[][] = [];
  for (const run of runs) {
    const site = { topology: run.plan.topology, mesh: run.mesh };
    const group = groups.find(
      ([first]) => first && serves({ topology: first.plan.topology, mesh: first.mesh }, site),
    );
    if (group) group.push(run);
    else groups.push([run]);
  }
  return groups;
}
