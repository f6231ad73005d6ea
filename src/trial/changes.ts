import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrivals, Lab } from '../environments/contract.ts';
import { formatProblem, ProblemsError } from '../kit/problems.ts';
import type { StatisticsSample } from '../model/evidence.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { PlannedChange, PlannedGuard } from '../plan/contract.ts';
import { GuardWatch, type Sight, type Watched } from './guard.ts';
import type { Journal } from './timeline.ts';

/** How often a guard looks whether there is a new sample. */
const lookEveryMs = 50;

export interface ChangesRequest {
  readonly changes: readonly PlannedChange[];
  /** When the loads are over, in milliseconds from their start: what is not made by then is not made. */
  readonly endMs: number;
  /** What is in effect before the first change. */
  readonly before: MeshConfiguration;
  /** What is in effect after each. */
  readonly steps: readonly MeshConfiguration[];
  readonly lab: Pick<Lab, 'change' | 'lost' | 'signal'>;
  readonly journal: Journal;
  readonly events: ChangeEvents;
  /** The newest statistics of the clients' sidecars. */
  latest(): readonly StatisticsSample[];
  /** Whose counters a guard watches. */
  watched(guard: PlannedGuard): readonly Watched[];
  /** Called when every sidecar holds a change, by its number from 1. */
  arrived(number: number, configuration: MeshConfiguration): Promise<void>;
}

interface ChangeEvents {
  changing(change: PlannedChange): void;
  rolledBack(change: PlannedChange, saw: string): void;
}

/**
 * Changes the mesh configuration of a trial, one step after the other, each on disk before it is made. A guard that
 * does not hold takes everything back to before the first change, and no more is changed. Disposing does so at the end
 * of the trial, on every way out, that a sidecar does not take a change among them; what fails then leaves a lab that
 * nobody may use.
 */
export class Changes implements AsyncDisposable {
  readonly #request: ChangesRequest;
  /** The last change that is made and not taken back. */
  #made: PlannedChange | undefined;
  #refused: ProblemsError | undefined;
  readonly #asking: Promise<void>[] = [];

  constructor(request: ChangesRequest) {
    this.#request = request;
  }

  /** What the first sidecar has said that did not take a change; `run` rejects with it. */
  get refused(): ProblemsError | undefined {
    return this.#refused;
  }

  /** Times count from `startedAt` (epoch ms). Resolves after the last change and its guard; rejects on abort. */
  async run(startedAt: number, signal: AbortSignal): Promise<void> {
    const { changes, steps, journal, events, arrived } = this.#request;
    for (const [index, change] of changes.entries()) {
      await sleep(Math.max(0, startedAt + change.atMs - Date.now()), undefined, { signal });
      // The ones before took longer than planned, and nobody would notice this one.
      if (Date.now() >= startedAt + this.#request.endMs) return;
      const configuration = steps[index];
      if (configuration === undefined) throw new Error(`no configuration for the change ${change.name}`);
      events.changing(change);
      journal.announce({ t: Date.now(), event: 'changing', change: change.name });
      this.#made = change;
      const arrivals = await this.#make(change, configuration, signal);
      const arrivedAt = Date.now();
      journal.write({ t: arrivedAt, event: 'changed', change: change.name, arrivals: plain(arrivals) });
      const asking = arrived(index + 1, configuration);
      asking.catch(() => {});
      this.#asking.push(asking);
      if (change.guard === undefined) continue;
      const next = changes[index + 1];
      const untilMs = Math.min(
        arrivedAt + change.guard.forMs,
        next === undefined ? Number.POSITIVE_INFINITY : startedAt + next.atMs,
      );
      const { worst, broken } = await this.#watch(change.guard, untilMs, signal);
      if (broken !== undefined) {
        await this.#takeBack('rolling-back', 'rolled-back', broken.text, signal);
        events.rolledBack(change, broken.text);
        return;
      }
      const saw = worst === undefined ? {} : { saw: worst.text };
      journal.write({ t: Date.now(), event: 'guarded', change: change.name, ...saw });
    }
  }

  async #make(
    { name }: PlannedChange,
    configuration: MeshConfiguration,
    signal: AbortSignal,
  ): Promise<Arrivals> {
    try {
      return await this.#request.lab.change(configuration, signal);
    } catch (error) {
      if (error instanceof ProblemsError) {
        this.#refused = error;
        const why = error.problems.map(formatProblem).join('; ');
        this.#request.journal.write({ t: Date.now(), event: 'refused', change: name, why });
      }
      throw error;
    }
  }

  /** What is still being asked of the sidecars about changes that have arrived. */
  async asked(): Promise<void> {
    await Promise.all(this.#asking);
  }

  /** Until the guard does not hold, or its time is over. */
  async #watch(guard: PlannedGuard, untilMs: number, signal: AbortSignal) {
    const watch = new GuardWatch(guard, this.#request.watched(guard));
    let worst: Sight | undefined;
    while (Date.now() < untilMs) {
      const sight = watch.look(this.#request.latest());
      if (sight?.holds === false) return { worst: sight, broken: sight };
      if (sight !== undefined && (worst === undefined || isWorse(sight, worst, guard))) worst = sight;
      await sleep(lookEveryMs, undefined, { signal });
    }
    return { worst, broken: undefined };
  }

  async #takeBack(
    about: 'rolling-back' | 'restoring',
    done: 'rolled-back' | 'restored',
    saw?: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { lab, before, journal } = this.#request;
    const change = this.#made?.name ?? '';
    journal.announce({ t: Date.now(), event: about, change, ...(saw === undefined ? {} : { saw }) });
    const arrivals = await lab.change(before, signal);
    this.#made = undefined;
    journal.write({ t: Date.now(), event: done, change, arrivals: plain(arrivals) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#asking);
    // A lab that goes down whole takes its configuration along.
    if (this.#made === undefined || this.#request.lab.signal.aborted) return;
    // One that is lost would never answer.
    await Promise.race([this.#takeBack('restoring', 'restored'), this.#request.lab.lost]);
  }
}

const isWorse = (one: Sight, other: Sight, { kind }: PlannedGuard) =>
  kind === 'success-rate' ? one.value < other.value : one.value > other.value;

const plain = (arrivals: Arrivals) =>
  Object.fromEntries([...arrivals].map(([name, ms]) => [name, Math.round(ms)]));
