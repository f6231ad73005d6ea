import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAborted } from '../kit/eventually.ts';
import type { LoadTotals } from '../model/evidence.ts';
import type { LoadJob, PreparedLoad } from './contract.ts';
import { beginLoad, finishLoad, loadJob, readyLoad } from './k6.ts';
import type { PlannedLoad } from './planned.ts';

/** The loads of a trial, each with its k6 there and held; disposing ends them. */
export interface PreparedLoads extends AsyncDisposable {
  /** Lets all begin at one moment, when the last is ready; rejects with the signal's reason when that aborts before. */
  begin(signal: AbortSignal): Promise<RunningLoads>;
}

/** The loads of a trial under way. */
interface RunningLoads {
  /** Epoch milliseconds at which the first of them began; every time of the trial counts from here. */
  readonly startedAt: number;
  /** Asks all of them to stop early. */
  stop(): void;
  /**
   * Waits for all of them to end, and writes what k6 has counted into loads.json of the evidence folder. When one
   * fails the others are stopped, and this throws what it has to say.
   */
  finish(evidence: string, interrupted: () => boolean): Promise<readonly LoadTotals[]>;
}

/** Prepares every load of a trial; `host` tells the name by which a service is called. */
export async function prepareLoads(
  planned: readonly PlannedLoad[],
  host: (service: string) => string,
  prepare: (job: LoadJob) => Promise<PreparedLoad>,
): Promise<PreparedLoads> {
  await using stack = new AsyncDisposableStack();
  const prepared = await settled(
    planned.map(async (load, number) => {
      const shared = planned.some((other) => other !== load && other.from === load.from);
      const place = planned.length === 1 ? undefined : { number, shared };
      const job = loadJob(load, host(load.to), place);
      return { planned: load, load: stack.use(await prepare(job)) };
    }),
  );
  const releases = stack.move();
  return {
    async begin(signal) {
      // A script may never come to the end of its beginning.
      await unlessAborted(settled(prepared.map(({ planned: each, load }) => readyLoad(each, load))), signal);
      const started = await settled(
        prepared.map(async (each) => ({ ...each, startedAt: await beginLoad(each.planned, each.load) })),
      );
      return running(started);
    },
    [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
  };
}

interface StartedLoad {
  readonly planned: PlannedLoad;
  readonly load: PreparedLoad;
  readonly startedAt: number;
}

function running(started: readonly StartedLoad[]): RunningLoads {
  const stop = () => {
    for (const { load } of started) load.stop();
  };
  return {
    startedAt: Math.min(...started.map(({ startedAt }) => startedAt)),
    stop,
    async finish(evidence, interrupted) {
      const totals = await settled(
        started.map(({ planned, load, startedAt }) =>
          finishLoad(planned, load, startedAt, interrupted).catch((error: unknown) => {
            // Nothing is concluded from the others alone.
            stop();
            throw error;
          }),
        ),
      );
      await writeFile(join(evidence, 'loads.json'), `${JSON.stringify(totals, null, 2)}\n`);
      return totals;
    },
  };
}

/** All of them, or what the first that failed has thrown, once none is under way any more. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
