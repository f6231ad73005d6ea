import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ExitCode } from '../kit/errors.ts';
import { jsonAs } from '../kit/json.ts';
import { packageRoot } from '../kit/package-root.ts';
import { processesWith } from '../kit/process-identity.ts';
import { howItEnded, runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import { type Report, reportSchema } from '../report/model.ts';
import { settingsBehind } from '../report/words.ts';
import { RUN_MARK } from '../runs/run-directory.ts';

const RUN_TIMEOUT_MS = 180_000;
/** Longer than the end of the last process takes. */
const GONE_WITHIN_MS = 6_000;

/** A run whose end is known beforehand. */
export interface Probe {
  readonly what: string;
  /** One that comes with Breakwater. */
  readonly scenario: string;
  /** Arguments of `run`, beside the scenario; `folder` is for files of its own. */
  readonly args: (folder: string) => Promise<readonly string[]>;
  readonly exitCode: ExitCode;
  /** What has to be in its report too, and is; undefined when it is not. */
  readonly evidence: (report: Report) => string | undefined;
}

/** What was to be seen, and what was. */
export interface Shown {
  readonly what: string;
  readonly ok: boolean;
  /** Whether the machine is to blame: the run says that it proves nothing, where it should. */
  readonly disturbed: boolean;
  readonly found: string;
  readonly seconds?: number;
  /** Folder of its report. */
  readonly report?: string;
}

const PLANTED = 'PERMISSIVE';
const PLANTED_IN = 'planted-defect.yaml';

/** Those on mTLS hang on no time that a busy machine could change. */
export const probes: readonly Probe[] = [
  {
    what: 'a mesh that holds passes',
    scenario: 'mtls',
    args: async () => [],
    exitCode: ExitCode.pass,
    evidence: ({ checks }) => `all ${checks.length} checks hold`,
  },
  {
    what: 'a planted defect fails, with its line',
    scenario: 'mtls',
    args: async (folder) => ['--config', await withDefect(folder)],
    exitCode: ExitCode.fail,
    evidence: ({ checks }) => {
      const failed = checks.filter(({ status }) => status === 'fail');
      const settings = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
      const named = settings.find((one) => one.setting.includes(PLANTED) && one.source?.includes(PLANTED_IN));
      return named && `${named.setting} is named, line ${named.source?.split(':').at(-1)}`;
    },
  },
  {
    what: 'a load generator that falls behind is invalid',
    scenario: 'circuit-breaker',
    args: async () => ['--set', 'load.users=20'],
    exitCode: ExitCode.invalid,
    evidence: ({ validity }) => {
      const dropped = validity.find(
        ({ rule, status }) => rule === 'dropped-iterations' && status === 'violated',
      );
      return dropped && `${dropped.observed} of the requests were never sent`;
    },
  },
];

/** The configuration of the scenario, which says STRICT, with a slip in it. */
async function withDefect(folder: string): Promise<string> {
  const sound = await readFile(new URL('scenarios/mesh/mtls.yaml', packageRoot), 'utf8');
  const path = join(folder, PLANTED_IN);
  await writeFile(path, sound.replace('STRICT', PLANTED));
  return path;
}

/** Makes the run of a probe as anybody would, with its folders in `folder`. */
export async function tryOut(
  probe: Probe,
  folder: string,
  signal: AbortSignal,
  ongoing: (text: string) => void,
): Promise<Shown> {
  const { what } = probe;
  const startedAt = performance.now();
  const reports = join(folder, 'reports');
  const scenario = fileURLToPath(new URL(`scenarios/${probe.scenario}.yaml`, packageRoot));
  const command = [scenario, '--profile', 'short', '--reports', reports, '--json'];
  const result = await runProgram({
    program: process.execPath,
    args: [
      '--no-warnings',
      fileURLToPath(new URL('bin/breakwater.js', packageRoot)),
      'run',
      ...command,
      ...(await probe.args(folder)),
    ],
    env: { ...process.env, BREAKWATER_RUNS: runsOf(folder), NO_COLOR: '1' },
    group: 'shared',
    timeoutMs: RUN_TIMEOUT_MS,
    signal,
    onStderrLine: ongoing,
  });
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const exitCode = result.ended === 'failed' ? result.exitCode : result.ended === 'ok' ? ExitCode.pass : -1;
  const report = jsonAs(reportSchema, result.stdout);
  if (report === undefined) {
    const why = lastLines(result.stderr, 3) || howItEnded(result);
    return { what, ok: false, disturbed: false, found: `no report: ${why}`, seconds };
  }
  const evidence = exitCode === probe.exitCode ? probe.evidence(report) : undefined;
  return {
    what,
    ok: evidence !== undefined,
    disturbed: exitCode === ExitCode.invalid && probe.exitCode !== ExitCode.invalid,
    found: `${report.verdict}: ${evidence ?? report.summary}`,
    seconds,
    report: join(reports, report.run.id),
  };
}

/** Looks for what the runs in `folder` have left, for as long as the last of it may take to go. */
export async function remains(folder: string): Promise<Shown> {
  const startedAt = performance.now();
  for (;;) {
    const left = [
      ...processesWith(RUN_MARK)
        .filter(({ value }) => value.startsWith(runsOf(folder) + sep))
        .map(({ name, pid }) => `process ${pid} (${name})`),
      ...foldersIn(runsOf(folder)).map((name) => `folder ${name}`),
    ];
    const what = 'nothing stays behind';
    if (left.length === 0) return { what, ok: true, disturbed: false, found: 'no process and no folder' };
    if (performance.now() - startedAt > GONE_WITHIN_MS) {
      return { what, ok: false, disturbed: false, found: left.join(', ') };
    }
    await sleep(100);
  }
}

const runsOf = (folder: string) => join(folder, 'runs');

function foldersIn(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
