import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, OperatorError, usageError } from '../kit/errors.ts';
import { type LoadTotals, loadMark } from '../model/evidence.ts';
import type { LoadJob, PreparedLoad } from './contract.ts';
import type { PlannedLoad } from './planned.ts';
import { shapeKind } from './shapes/index.ts';

/** What keeps a k6 to itself and its words few. */
export const closedOff = ['--no-usage-report', '--no-color', '--quiet', '--include-system-env-vars=false'];

/** Where a load stands among several of one trial. */
export interface Place {
  /** Counted from 0, in the order of the plan. */
  readonly number: number;
  /** Whether its client sends another one too, so that a request has to say whose it is. */
  readonly shared: boolean;
}

/** What an environment is to prepare for a load; `host` is the name of the called service. */
export function loadJob(load: PlannedLoad, host: string, place?: Place): LoadJob {
  const mark = place?.shared ? loadMark(place.number) : '';
  const script = shapeKind(load.shape.kind).script(load, host, mark);
  return {
    ...script,
    args: [...closedOff, ...script.args],
    from: load.from,
    number: place?.number ?? 0,
    name: place === undefined ? undefined : load.name,
  };
}

/** Waits until the load can begin at once. */
export const readyLoad = (planned: PlannedLoad, load: PreparedLoad) => orExit(planned, load, load.ready());

/** Lets the load begin. Epoch milliseconds of its start. */
export const beginLoad = (planned: PlannedLoad, load: PreparedLoad) => orExit(planned, load, load.begin());

/** What was asked of k6; when it has ended instead, why, in k6's own terms. */
async function orExit<T>(planned: PlannedLoad, load: PreparedLoad, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const patienceMs = 1_000;
    const ended = await Promise.race([load.finished, sleep(patienceMs)]);
    if (ended !== undefined) throwForExit(planned, ended);
    throw error;
  }
}

/** Waits for k6 to end; what its exit codes mean is told apart here. */
export async function finishLoad(
  planned: PlannedLoad,
  load: PreparedLoad,
  startedAt: number,
  interrupted: () => boolean,
): Promise<LoadTotals> {
  const { overran, end } = await ended(planned, load, startedAt);
  const { code, summary, complaints } = end;
  const asked = overran ? stoppedCodes.has(code) : interrupted();
  if (code !== 0 && !(asked && summary !== undefined)) throwForExit(planned, end);
  const totals = readTotals(planned, summary, code ?? -1, startedAt);
  return {
    ...totals,
    ...(totals.own === undefined ? {} : { own: { ...totals.own, complaints } }),
    ...(overran ? { overran } : {}),
  };
}

/** Beyond its length, for the iterations that are under way. */
const overrunMs = 5_000;
/** How k6 ends when it is asked to, by a signal or through its REST interface. */
const stoppedCodes: ReadonlySet<number | null> = new Set([0, 103, 105]);

/** The end of a load. A script of the user's own may plan more than the load's duration: it is stopped then. */
async function ended({ shape, durationMs }: PlannedLoad, load: PreparedLoad, startedAt: number) {
  if (!shapeKind(shape.kind).author(shape).isUser) return { overran: undefined, end: await load.finished };
  const over = new AbortController();
  const late = sleep(startedAt + durationMs + overrunMs - Date.now(), true as const, over);
  late.catch(() => {});
  const overran = await Promise.race([late, load.finished.then(() => undefined)]).finally(() => over.abort());
  if (overran) load.stop();
  return { overran, end: await load.finished };
}

/** https://grafana.com/docs/k6/latest/reference/exit-codes/ */
function throwForExit(
  { shape }: PlannedLoad,
  { code, signal, lastLines }: Awaited<PreparedLoad['finished']>,
): void {
  const { script, isUser } = shapeKind(shape.kind).author(shape);
  switch (code) {
    case 99:
      return; // A threshold of the user's script failed; the checks judge, the totals are there.
    case 104:
      throw usageError(`k6 does not accept the options of ${script}`, lastLines);
    case 105:
      throw environmentError('k6 was stopped by a signal from outside', lastLines);
    case 107:
      throw isUser
        ? usageError(`${script} threw an exception`, lastLines)
        : new OperatorError(`k6 failed in ${script}`, { hint: lastLines });
    case 108:
      throw usageError(`${script} aborted the test with exec.test.abort()`, lastLines);
    case 255:
      // What it has no code for, such as a script that exports nothing to run.
      throw isUser
        ? usageError(`k6 cannot run ${script}`, lastLines)
        : environmentError('k6 ended with exit code 255', lastLines);
    case null:
      throw environmentError(
        `k6 was ended by ${signal ?? 'a signal'}`,
        'something outside Breakwater has done that, as the kernel does when memory runs out',
      );
    default:
      throw environmentError(`k6 ended with exit code ${code}`, lastLines);
  }
}

function readTotals(
  { name, from, shape, ofBytes }: PlannedLoad,
  summary: string | undefined,
  exitCode: number,
  startedAt: number,
): LoadTotals {
  if (summary === undefined)
    throw environmentError('k6 wrote no totals', 'the disk may be full; see what it said in logs/');
  const { counts, carriesDue, loop } = shapeKind(shape.kind);
  return {
    name,
    from,
    exitCode,
    startedAt,
    cpus: availableParallelism(),
    ...counts(JSON.parse(summary)),
    // A sidecar that passes on bytes reads none of it.
    carriesDue: carriesDue && !ofBytes,
    loop,
    ...(ofBytes ? { ofBytes } : {}),
  };
}
