import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import type { LabTrial, TrialFolder, TrialWindow } from './contract.ts';

/** What a trial needs of the lab it is on. */
export interface TrialOnLab {
  /** Resolves once logs of requests are the trial's, and apps as new. Preparing a load takes as long and goes on meanwhile. */
  readonly opened: Promise<void>;
  prepareLoad(job: LoadJob): Promise<PreparedLoad>;
  /** Waits until every request has ended and is written. */
  settle(): Promise<void>;
  window(): Promise<TrialWindow>;
  /** Leads the sidecars' logs away from this trial. */
  release(): Promise<void>;
}

/** The trials of a lab: one at a time, since there is one log of requests. */
export class Trials {
  #busy = false;

  /** `open`: begins one on the lab, whose logs of requests go into the folder `access`. */
  async begin(
    folder: TrialFolder,
    open: (access: string) => TrialOnLab | Promise<TrialOnLab>,
  ): Promise<LabTrial> {
    if (this.#busy) throw new Error('a lab has one trial at a time');
    this.#busy = true;
    try {
      const access = join(folder.evidence, 'access');
      await Promise.all([access, folder.logs].map((path) => mkdir(path, { recursive: true })));
      return new Trial(await open(access), () => {
        this.#busy = false;
      });
    } catch (error) {
      this.#busy = false;
      throw error;
    }
  }
}

/** The window of one trial on a lab. */
class Trial implements LabTrial {
  readonly #lab: TrialOnLab;
  readonly #ended: () => void;
  #over = false;

  constructor(lab: TrialOnLab, ended: () => void) {
    this.#lab = lab;
    this.#ended = ended;
    lab.opened.catch(() => {});
  }

  async prepareLoad(job: LoadJob): Promise<PreparedLoad> {
    const [load] = await Promise.all([this.#lab.prepareLoad(job), this.#lab.opened]);
    return load;
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
    await this.#lab.opened.catch(() => {});
    await this.#lab.release();
    this.#ended();
  }
}
