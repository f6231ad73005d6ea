import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import type { LabTrial, TrialWindow } from './contract.ts';

/** What a trial needs of the lab it is on. */
export interface TrialOnLab {
  prepareLoad(job: LoadJob): Promise<PreparedLoad>;
  /** Waits until every request has ended and is written. */
  settle(): Promise<void>;
  window(): Promise<TrialWindow>;
  /** Leads the sidecars' logs away from this trial. */
  release(): Promise<void>;
}

/** The window of one trial on a lab. */
export class Trial implements LabTrial {
  readonly #lab: TrialOnLab;
  #over = false;

  constructor(lab: TrialOnLab) {
    this.#lab = lab;
  }

  prepareLoad(job: LoadJob): Promise<PreparedLoad> {
    return this.#lab.prepareLoad(job);
  }

  async close(): Promise<TrialWindow> {
    await this.#lab.settle();
    const window = await this.#lab.window();
    await this[Symbol.asyncDispose]();
    return window;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#lab.release();
  }
}
