import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Evidence, readEvidence } from '../evidence/evidence.ts';
import type { Planned } from '../experiment/planned.ts';
import { topologyMark } from '../experiment/report.ts';
import { everWritten } from '../experiment/steps.ts';
import { type OperatorError, usageError } from '../kit/errors.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { Report } from '../report/model.ts';
import { readReport } from '../report/read.ts';
import type { Earlier } from './contract.ts';

/** Of fewer answers in the steady state a mean and how it scatters mean little. */
const LEAST_ANSWERS = 100;
/** In more of the samples than this somebody waited for a connection: more than those that open one. */
const MOST_WAITING = 0.05;
/** Answers of fewer than this share of what came are less than what came. */
const SATURATED = 0.95;
const BIN_MS = 1_000;
/** Seconds in which so much of the most came are as busy. */
const ALIKE = 0.98;

const OPTION = '--from';

/** What an earlier run is read for, and what it has to have been a run of. */
interface Wanted {
  readonly planned: Planned;
  readonly load: PlannedLoad;
  readonly environment: string;
}

/**
 * What a run in a report folder has shown of the service that a load calls. Throws a usage error where it is no run, or
 * one that proves nothing, or one of something else: another topology, configuration, environment or client.
 */
export async function readEarlier(folder: string, wanted: Wanted): Promise<Earlier> {
  const directory = basename(folder) === 'report.json' ? join(folder, '..') : folder;
  const report = await reportIn(directory);
  refuseUnsound(report, directory);
  refuseOther(report, directory, wanted);
  const evidence = join(directory, 'evidence');
  if (!existsSync(join(evidence, 'run.json'))) {
    throw usageError(
      `${OPTION}: ${directory} has no evidence beside its report`,
      'name the folder that the run itself has written, with evidence/ in it',
    );
  }
  const { mesh } = wanted.planned;
  return earlierOf(report, await readEvidence(evidence, mesh.telemetry), wanted.load);
}

async function reportIn(directory: string): Promise<Report> {
  if (!existsSync(join(directory, 'report.json'))) {
    const isSearch = existsSync(join(directory, 'journal.jsonl'));
    throw usageError(
      `${OPTION}: ${isSearch ? `${directory} is the folder of a search` : `there is no report.json in ${directory}`}`,
      isSearch
        ? `name a run, or one of its trials: ${OPTION} ${join(directory, 'trials/trial-001')}; to go on with it: --resume`
        : 'name the folder of a run, such as reports/my-shop-20261126-101500-3f9a',
    );
  }
  return readReport(directory).catch((error: OperatorError) => {
    throw usageError(`${OPTION}: ${error.message}`, error.hint);
  });
}

function refuseUnsound({ verdict, interrupted, summary }: Report, directory: string): void {
  if (verdict !== 'invalid' && !interrupted) return;
  throw usageError(
    `${OPTION}: the run in ${directory} ${interrupted ? 'was interrupted' : `proves nothing: ${summary}`}`,
    'name a run that came to its end and is valid, or leave --from out: then everything is measured anew',
  );
}

function refuseOther(
  { run, configuration }: Report,
  directory: string,
  { planned, environment }: Wanted,
): void {
  const hint = 'name a run of the same scenario with the same --set, --profile and --config';
  if (run.environment !== environment) {
    throw usageError(
      `${OPTION}: the run in ${directory} was on ${run.environment}, and this search is on ${environment}`,
      `times differ between the two: search with --env ${run.environment}, or name a run on ${environment}`,
    );
  }
  if (run.topology !== topologyMark(planned.plan.topology)) {
    throw usageError(
      run.topology === undefined
        ? `${OPTION}: the report in ${directory} does not say of which topology it is: an older version wrote it`
        : `${OPTION}: the run in ${directory} was of another topology: services, replicas, zones or what their apps are like`,
      run.topology === undefined ? 'run the scenario again' : hint,
    );
  }
  const { files } = everWritten([planned.configuration, ...planned.steps]);
  const contents = new Set(files.map(({ content }) => content));
  const other = configuration.find(({ content }) => !contents.has(content));
  if (other === undefined && configuration.length === files.length) return;
  throw usageError(
    `${OPTION}: the run in ${directory} had another mesh configuration${other === undefined ? '' : `: ${other.file} was not as it is now`}`,
    hint,
  );
}

function earlierOf({ run, windows, faults }: Report, evidence: Evidence, load: PlannedLoad): Earlier {
  const steady = windows.find(({ name }) => name === 'steady');
  const seen = new Requests(evidence, load, steady?.fromMs ?? 0, steady?.toMs ?? 0);
  if (seen.answered.length < LEAST_ANSWERS) {
    throw usageError(
      `${OPTION}: run ${run.id} has ${seen.answered.length} answers of ${load.to} to ${load.from} in its steady state; it takes ${LEAST_ANSWERS}`,
      'name a run of this load, or leave --from out',
    );
  }
  const mean = meanOf(seen.answered);
  const variance = meanOf(seen.answered.map((each) => (each - mean) ** 2));
  const waited = seen.refused > 0 || waitedIn(evidence, load.to, steady?.fromMs ?? 0, steady?.toMs ?? 0);
  const { offered, goodput, refused } = seen.busiest();
  return {
    run: run.id,
    rate: seen.rate,
    ...(waited ? {} : { service: { ms: mean, variation: variance / mean ** 2 } }),
    underWay: (seen.rate * mean) / 1_000,
    mostUnderWay: seen.mostUnderWay(),
    offered,
    goodput,
    // Who was refused, or met a fault, says nothing of what the servers can do.
    ...(refused > 0 || faults.length > 0
      ? {}
      : { capacity: { perSecond: goodput, saturated: goodput < SATURATED * offered } }),
  };
}

/** The requests of a load, and those of them that were due in the steady state. */
class Requests {
  /** Milliseconds that the client's sidecar had each request of the steady state that ended well. */
  readonly answered: number[] = [];
  /** How many of the steady state a sidecar refused. */
  refused = 0;
  /** Per second, in the steady state. */
  readonly rate: number;
  readonly #fromMs: number;
  readonly #all: { readonly fromMs: number; readonly toMs: number; readonly outcome: string }[] = [];

  constructor(
    { requests, arrivals, endings, loads }: Evidence,
    { from }: PlannedLoad,
    fromMs: number,
    toMs: number,
  ) {
    this.#fromMs = fromMs;
    let count = 0;
    for (let row = 0; row < requests.length; row += 1) {
      if (loads[requests.load[row] ?? -1]?.from !== from) continue;
      const startMs = requests.startMs[row] ?? 0;
      const durationMs = requests.durationMs[row] ?? 0;
      const own = endings[requests.ending[row] ?? -1]?.outcome ?? 'error';
      const server = endings[arrivals.ending[requests.lastArrival[row] ?? -1] ?? -1]?.outcome;
      const outcome = server === 'shed' ? 'shed' : own;
      this.#all.push({ fromMs: startMs, toMs: startMs + durationMs, outcome });
      if (startMs < fromMs || startMs >= toMs) continue;
      count += 1;
      if (outcome === 'ok') this.answered.push(durationMs);
      if (outcome === 'shed') this.refused += 1;
    }
    this.rate = (1_000 * count) / Math.max(1, toMs - fromMs);
  }

  /** A second after the warmup in which most came: how much that was, what was answered well in it, and how many were refused in all. */
  busiest(): { readonly offered: number; readonly goodput: number; readonly refused: number } {
    const bins = new Map<number, { offered: number; goodput: number }>();
    const count = (ms: number, what: 'offered' | 'goodput') => {
      if (ms < this.#fromMs) return;
      const index = Math.floor((ms - this.#fromMs) / BIN_MS);
      const bin = bins.get(index) ?? { offered: 0, goodput: 0 };
      bin[what] += 1_000 / BIN_MS;
      bins.set(index, bin);
    };
    for (const { fromMs, toMs, outcome } of this.#all) {
      count(fromMs, 'offered');
      if (outcome === 'ok') count(toMs, 'goodput');
    }
    const most = Math.max(0, ...[...bins.values()].map(({ offered }) => offered));
    const busy = [...bins.values()].filter(({ offered }) => offered >= ALIKE * most);
    return {
      offered: most,
      goodput: Math.max(0, ...busy.map(({ goodput }) => goodput)),
      refused: this.#all.filter(({ outcome }) => outcome === 'shed').length,
    };
  }

  /** How many were under way at once at most. */
  mostUnderWay(): number {
    const moments = this.#all.flatMap(({ fromMs, toMs }) => [
      { at: fromMs, by: 1 },
      { at: toMs, by: -1 },
    ]);
    moments.sort((a, b) => a.at - b.at || a.by - b.by);
    let [now, most] = [0, 0];
    for (const { by } of moments) {
      now += by;
      most = Math.max(most, now);
    }
    return most;
  }
}

/** Whether requests waited for a connection, by the clients' sidecars. */
function waitedIn({ statistics }: Evidence, service: string, fromMs: number, toMs: number): boolean {
  const samples = statistics
    .filter((series) => series.service === service)
    .flatMap(({ t, pending }) => pending.filter((_, index) => inside(t[index], fromMs, toMs)));
  return samples.filter((pending) => pending > 0).length > MOST_WAITING * samples.length;
}

const inside = (at: number | undefined, fromMs: number, toMs: number) =>
  at !== undefined && at >= fromMs && at < toMs;

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
