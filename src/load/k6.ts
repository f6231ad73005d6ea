import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError, OperatorError, usageError } from '../kit/errors.ts';
import type { LoadTotals } from '../model/evidence.ts';
import type { LoadJob, PlannedLoad, PreparedLoad } from './contract.ts';
import { loadScript, SUMMARY_FILE } from './script.ts';

const generated = 'load.js';

/** What k6 is to run for a load; `host` is the name of the called service. */
export function loadJob(load: PlannedLoad, host: string): LoadJob {
  const closedOff = [
    '--no-usage-report',
    '--no-color',
    '--quiet',
    '--log-format=raw',
    '--include-system-env-vars=false',
  ];
  if (load.shape.kind === 'script') {
    return {
      files: {},
      script: load.shape.path,
      args: [
        ...closedOff,
        `--summary-export=${SUMMARY_FILE}`,
        '-e',
        `BREAKWATER_URL=http://${host}:${load.port}`,
      ],
      summary: SUMMARY_FILE,
      announcesStart: false,
    };
  }
  return {
    files: { [generated]: loadScript(load, host) },
    script: generated,
    args: closedOff,
    summary: SUMMARY_FILE,
    announcesStart: true,
  };
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
  const own = shape.kind === 'script' ? shape.path : undefined;
  switch (code) {
    case 99:
      return; // A threshold of the user's script failed; the checks judge, the totals are there.
    case 104:
      throw usageError(`k6 does not accept the options of ${own ?? 'the generated script'}`, lastLines);
    case 105:
      throw environmentError('k6 was stopped by a signal from outside', lastLines);
    case 107:
      throw own === undefined
        ? new OperatorError('k6 failed in the generated script', { hint: lastLines })
        : usageError(`${own} threw an exception`, lastLines);
    case 108:
      throw usageError(`${own ?? 'the script'} aborted the test with exec.test.abort()`, lastLines);
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
  const common = { exitCode, startedAt, cpus: availableParallelism() };
  const data = JSON.parse(summary);
  if (shape.kind === 'script') {
    const count = (name: string): number => data.metrics[name]?.count ?? 0;
    return {
      ...common,
      iterations: count('iterations'),
      droppedIterations: count('dropped_iterations'),
      requests: count('http_reqs'),
      answers: {},
      latencyMs: {},
      maxUsers: data.metrics.vus_max?.max ?? 0,
      carriesDue: false,
      loop: 'script',
    };
  }
  return {
    ...common,
    iterations: data.iterations,
    droppedIterations: data.dropped,
    requests: data.requests,
    answers: data.answers,
    latencyMs: data.latencyMs ?? {},
    maxUsers: data.maxUsers,
    carriesDue: shape.kind !== 'closed',
    loop: shape.kind === 'closed' ? 'closed' : 'open',
  };
}
