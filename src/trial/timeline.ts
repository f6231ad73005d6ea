import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../environments/contract.ts';
import { environmentError } from '../kit/errors.ts';
import type { JournalEntry } from '../model/evidence.ts';
import { describeActionTarget } from '../model/fault.ts';
import type { PlannedFault, TrialPlan } from '../plan/contract.ts';

/** Faults on disk before they are made: whoever finds the file knows what to take back. */
export class Journal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** What has happened. */
  write(...entries: readonly JournalEntry[]): void {
    appendFileSync(this.#path, lines(entries));
  }

  /** What is about to happen: on the disk before it does. */
  announce(...entries: readonly JournalEntry[]): void {
    const file = openSync(this.#path, 'a');
    try {
      appendFileSync(file, lines(entries));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

const lines = (entries: readonly JournalEntry[]) =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

/** The instances that a fault disturbs, and what it is done to. */
const touched = ({ targets, actions }: PlannedFault) =>
  new Set([...targets, ...actions.map(({ inject }) => describeActionTarget(inject.target))]);

export interface TimelineEvents {
  injecting(fault: PlannedFault): void;
  reverted(fault: PlannedFault): void;
}

/**
 * Makes every fault at its time and takes it back at its end. Times count from `startedAt` (epoch ms).
 * On abort it takes back what is still on and rejects with the abort's reason. A fault that cannot be
 * taken back is an error: nobody may mistake the run for a clean one.
 */
export async function runTimeline(
  trial: TrialPlan,
  lab: Lab,
  journal: Journal,
  startedAt: number,
  signal: AbortSignal,
  events: TimelineEvents,
): Promise<void> {
  const until = (ms: number) => sleep(Math.max(0, startedAt + ms - Date.now()), undefined, { signal });
  /** Instance, or what else faults hit → what has not ended yet of taking back the last fault on it. */
  const takingBack = new Map<string, Promise<void>>();
  const one = async (fault: PlannedFault) => {
    await until(fault.atMs);
    // Something that is still starting is not stopped again: it would never have been back.
    await Promise.all([...touched(fault)].map((name) => takingBack.get(name)));
    signal.throwIfAborted();
    events.injecting(fault);
    const made = [...fault.actions];
    try {
      const t = Date.now();
      journal.announce(
        ...made.map(
          ({ inject }) =>
            ({
              t,
              event: 'injecting',
              fault: fault.name,
              target: describeActionTarget(inject.target),
            }) as const,
        ),
      );
      await Promise.all(
        made.map(async (action) => {
          const entry = { fault: fault.name, target: describeActionTarget(action.inject.target) };
          await lab.perform(action.inject, signal);
          journal.write({ t: Date.now(), event: 'injected', ...entry });
        }),
      );
      await until(fault.atMs + fault.forMs);
    } finally {
      const takenBack = takeBack(fault, made);
      const settled = takenBack.catch(() => {});
      for (const name of touched(fault)) takingBack.set(name, settled);
      await takenBack;
      events.reverted(fault);
    }
  };
  const takeBack = async (fault: PlannedFault, made: readonly (typeof fault.actions)[number][]) => {
    const failures: unknown[] = [];
    await Promise.all(
      made.map(async (action) => {
        // Where the lab goes down whole, starting a workload again would only delay that.
        const isLeft = () => lab.signal.aborted && fault.halts === 'ended';
        const entry = { fault: fault.name, target: describeActionTarget(action.revert.target) };
        if (isLeft()) {
          journal.write({ t: Date.now(), event: 'left', ...entry });
          return;
        }
        journal.write({ t: Date.now(), event: 'reverting', ...entry });
        try {
          await lab.perform(action.revert);
          journal.write({ t: Date.now(), event: 'reverted', ...entry });
        } catch (error) {
          if (isLeft()) {
            journal.write({ t: Date.now(), event: 'left', ...entry });
            return;
          }
          failures.push(error);
          const message = error instanceof Error ? error.message : String(error);
          journal.write({ t: Date.now(), event: 'failed', ...entry, error: message });
        }
      }),
    );
    if (failures.length > 0) {
      throw environmentError(
        `the fault ${fault.name} could not be taken back from ${failures.length} of ${made.length} targets`,
        failures[0] instanceof Error ? failures[0].message : undefined,
        failures[0],
      );
    }
  };
  const results = await Promise.allSettled(trial.faults.map(one));
  const failed = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  const worst =
    failed.find((reason) => !(reason instanceof Error && reason.name === 'AbortError')) ?? failed[0];
  if (worst !== undefined) throw worst;
}
