import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../environments/contract.ts';
import { environmentError } from '../kit/errors.ts';
import type { CredentialsMoment } from '../model/credentials.ts';
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

/** Asking takes a while, and is no part of a fault. */
const askedBeforeMs = 250;

/** The instances that a fault disturbs, and what it is done to. */
const touched = ({ targets, actions }: PlannedFault) =>
  new Set([...targets, ...actions.map(({ inject }) => describeActionTarget(inject.target))]);

/** Whether a fault is to be over when the other one begins, and disturbs something that this one does. */
function isDueBefore(fault: PlannedFault, other: PlannedFault): boolean {
  if (fault.atMs + fault.forMs > other.atMs) return false;
  const disturbed = touched(other);
  return [...touched(fault)].some((name) => disturbed.has(name));
}

export interface TimelineEvents {
  injecting(fault: PlannedFault): void;
  reverted(fault: PlannedFault): void;
  /** Called at these moments of a fault, or a little earlier; it goes on once this is done. Not after an interruption. */
  asked?(fault: PlannedFault, moment: CredentialsMoment): Promise<void>;
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
  /** Fault → when it has been taken back, or never will be made. */
  const over = new Map(trial.faults.map((fault) => [fault, Promise.withResolvers<void>()]));
  const one = async (fault: PlannedFault) => {
    await until(fault.atMs - askedBeforeMs);
    // Something that is still starting is not stopped again: it would never have been back. A busy machine may even
    // be late to make a fault that ends before this one begins.
    await Promise.all(
      trial.faults.filter((other) => isDueBefore(other, fault)).map((other) => over.get(other)?.promise),
    );
    await events.asked?.(fault, 'before');
    await until(fault.atMs);
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
      await events.asked?.(fault, 'injected');
      await until(fault.atMs + fault.forMs - askedBeforeMs);
      await events.asked?.(fault, 'reverting');
      await until(fault.atMs + fault.forMs);
    } finally {
      await takeBack(fault, made);
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
  const results = await Promise.allSettled(
    trial.faults.map((fault) => one(fault).finally(() => over.get(fault)?.resolve())),
  );
  const failed = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  const worst =
    failed.find((reason) => !(reason instanceof Error && reason.name === 'AbortError')) ?? failed[0];
  if (worst !== undefined) throw worst;
}
