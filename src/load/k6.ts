import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, OperatorError, usageError } from '../kit/errors.ts';
import type { LoadTotals } from '../model/evidence.ts';
import type { LoadJob, PreparedLoad } from './contract.ts';
import type { PlannedLoad } from './planned.ts';
import { shapeKind } from './shapes/index.ts';

/** What keeps a k6 to itself and its words few. */
const closedOff = [
  '--no-usage-report',
  '--no-color',
  '--quiet',
  '--log-format=raw',
  '--include-system-env-vars=false',
];

/** What k6 is to run for a load; `host` is the name of the called service. */
export function loadJob(load: PlannedLoad, host: string): LoadJob {
  const job = shapeKind(load.shape.kind).script(load, host);
  return { ...job, args: [...closedOff, ...job.args] };
}

/** Lets the load begin; when k6 has ended instead, says why in k6's own terms. Epoch milliseconds of its start. */
export async function beginLoad(planned: PlannedLoad, load: PreparedLoad): Promise<number> {
  try {
    return await load.begin();
  } catch (error) {
    const patienceMs = 1_000;
    const ended = await Promise.race([load.finished, sleep(patienceMs)]);
    if (ended !== undefined) throwForExit(planned, ended.code, ended.lastLines);
    throw error;
  }
}

/** Waits for k6 to end and writes load.json; what k6's exit codes mean is told apart here. */
export async function finishLoad(
  planned: PlannedLoad,
  load: PreparedLoad,
  startedAt: number,
  evidence: string,
  interrupted: () => boolean,
): Promise<LoadTotals> {
  const { code, summary, lastLines } = await load.finished;
  if (code !== 0 && !(interrupted() && summary !== undefined)) throwForExit(planned, code, lastLines);
  const totals = readTotals(planned, summary, code ?? -1, startedAt);
  await writeFile(join(evidence, 'load.json'), `${JSON.stringify(totals, null, 2)}\n`);
  return totals;
}

/** https://grafana.com/docs/k6/latest/reference/exit-codes/ */
function throwForExit({ shape }: PlannedLoad, code: number | null, lastLines: string): void {
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
    default:
      throw environmentError(`k6 ended with ${code === null ? 'a signal' : `exit code ${code}`}`, lastLines);
  }
}

function readTotals(
  { shape }: PlannedLoad,
  summary: string | undefined,
  exitCode: number,
  startedAt: number,
): LoadTotals {
  if (summary === undefined)
    throw environmentError('k6 wrote no totals', 'the disk may be full; see logs/k6.log');
  const { counts, carriesDue, loop } = shapeKind(shape.kind);
  return {
    exitCode,
    startedAt,
    cpus: availableParallelism(),
    ...counts(JSON.parse(summary)),
    carriesDue,
    loop,
  };
}
