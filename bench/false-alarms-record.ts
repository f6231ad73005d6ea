import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { resourcesOf } from '../src/analysis/shown/resources.ts';
import { readEvidence } from '../src/evidence/evidence.ts';
import { percentileOf } from '../src/kit/percentile.ts';
import { meshOf } from '../src/meshes/index.ts';
import { readReport } from '../src/report/index.ts';
import type { Report } from '../src/report/model.ts';

/** One round on a lab, as it was measured. */
export interface RecordedRound {
  readonly measures: Readonly<Record<string, number>>;
  /** Processors of the machine, and how many of them everything else kept busy meanwhile. */
  readonly machine?: { readonly cpus: number; readonly others: number };
  /** In milliseconds, a hundred evenly spaced percentiles: for methods that look at requests. */
  readonly latencies: readonly number[];
}

export interface Recording {
  readonly scenario: string;
  readonly recorded: string;
  readonly machine: string;
  /** In the order in which they were made. */
  readonly rounds: readonly RecordedRound[];
}

const recordingFile = join(import.meta.dirname, 'data/rounds.json');

export const readRecording = (): Recording => JSON.parse(readFileSync(recordingFile, 'utf8'));

/** Keeps the rounds that count of reports in these folders: of runs of one scenario, or `rounds/` of a comparison. */
export async function recordRounds(folders: readonly string[]): Promise<void> {
  const { telemetry } = await meshOf('istio');
  const found: { readonly report: Report; readonly directory: string }[] = [];
  for (const directory of folders.flatMap(runsIn))
    found.push({ report: await readReport(directory), directory });
  found.sort((one, other) => (one.report.run.startedAt < other.report.run.startedAt ? -1 : 1));
  const rounds: RecordedRound[] = [];
  for (const { report, directory } of found.filter(({ report: { verdict } }) => verdict !== 'invalid')) {
    const evidence = await readEvidence(join(directory, 'evidence'), telemetry);
    const { requests } = evidence;
    const { machine } = resourcesOf(evidence);
    const sorted = requests.durationMs.slice(0, requests.length).sort();
    const latencies = Array.from({ length: 100 }, (_, index) =>
      Number((percentileOf(sorted, index + 0.5) ?? 0).toFixed(2)),
    );
    rounds.push({
      measures: report.measures ?? measuresOf(report),
      ...(machine === undefined ? {} : { machine }),
      latencies,
    });
  }
  const recording: Recording = {
    scenario: [...new Set(found.map(({ report }) => report.scenario.name))].join(', '),
    recorded: found.at(-1)?.report.run.startedAt.slice(0, 10) ?? '',
    machine: `${process.platform} ${process.arch}, ${cpus().length} CPUs`,
    rounds,
  };
  const lines = rounds.map((round) => `    ${JSON.stringify(round)}`).join(',\n');
  const head = JSON.stringify({ ...recording, rounds: undefined }, null, 2).slice(0, -2);
  writeFileSync(recordingFile, `${head},\n  "rounds": [\n${lines}\n  ]\n}\n`);
  console.log(`${rounds.length} rounds in ${recordingFile}`);
}

const runsIn = (folder: string): string[] =>
  existsSync(join(folder, 'report.json'))
    ? [folder]
    : readdirSync(folder)
        .map((name) => join(folder, name))
        .filter((path) => existsSync(join(path, 'report.json')));

/** What a report from before there were measures says of them. */
function measuresOf({ traffic, timing, resources }: Report): Record<string, number> {
  const { requests, ok, attempts, latencyMs } = traffic;
  const sidecars = Object.entries(resources.programs).filter(([name]) => name.endsWith('/sidecar'));
  const numbers = {
    p50: latencyMs['p50'] ?? 0,
    p95: latencyMs['p95'] ?? 0,
    p99: latencyMs['p99'] ?? 0,
    goodput: ok / (timing.loadMs / 1_000),
    errors: (requests - ok) / requests,
    attempts: attempts / requests,
    cpu: sidecars.reduce((sum, [, { cpuMs }]) => sum + cpuMs, 0) / requests,
  };
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Number(value.toPrecision(6))]),
  );
}
