import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import pc from 'picocolors';
import { environmentNames } from '../environments/index.ts';
import { ExitCode, environmentError, usageError } from '../kit/errors.ts';
import { packageRoot } from '../kit/package-root.ts';
import type { Report, ReportCheck, Status } from '../report/model.ts';
import { addScenarioOptions, type ScenarioOptions } from './scenario-options.ts';

interface CompareOptions extends ScenarioOptions {
  readonly reports: string;
  readonly json?: boolean;
  readonly keep?: boolean;
}

type Seen = Pick<ReportCheck, 'status' | 'observed' | 'value'>;

/** One check in both places. */
interface ComparedCheck {
  readonly name: string;
  readonly kind: string;
  readonly same: boolean;
  readonly local: Seen;
  readonly onKind: Seen;
  /** kind's value over local's, where both are numbers and local's is not 0. */
  readonly ratio?: number;
}

interface Comparison {
  readonly scenario: string;
  readonly same: boolean;
  readonly verdicts: { readonly local: Status; readonly kind: Status };
  readonly checks: readonly ComparedCheck[];
  readonly invalid: { readonly local: readonly string[]; readonly kind: readonly string[] };
  readonly latencyMs: Readonly<Record<string, { readonly local: number; readonly kind: number }>>;
  readonly reports: { readonly local: string; readonly kind: string };
}

/** `compare-environments`: one scenario on the local lab and on kind, and where the two differ. */
export function compareEnvironmentsCommand(signal: AbortSignal): Command {
  return addScenarioOptions(new Command('compare-environments'))
    .description('Run a scenario on the local lab and on kind, and say where behaviour differs.')
    .argument('<scenario>', 'scenario file')
    .option('--reports <dir>', 'folder that gets a folder per run', 'reports')
    .option('--keep', 'leave the cluster, and use the one that was left')
    .option('--json', 'print the comparison as JSON on standard output')
    .addHelpText(
      'after',
      `
Exit code 0 when verdicts and the status of every check are the same, 1 when they differ,
3 when a run was invalid: it has nothing to compare.

Example:
  $ npx breakwater compare-environments scenarios/zone-failover.yaml`,
    )
    .action(async (file: string, options: CompareOptions) => {
      const runs: Record<string, { report: Report; folder: string }> = {};
      for (const environment of environmentNames) {
        process.stderr.write(`${file} on ${environment}\n`);
        runs[environment] = await runOn(environment, file, options, signal);
      }
      const { local, kind } = runs;
      if (!local || !kind) throw usageError('there is nothing to compare with');
      const comparison = compareReports(local.report, kind.report, {
        local: local.folder,
        kind: kind.folder,
      });
      process.stdout.write(
        options.json ? `${JSON.stringify(comparison, null, 2)}\n` : `${render(comparison)}\n`,
      );
      process.exitCode = provesNothing(comparison)
        ? ExitCode.invalid
        : comparison.same
          ? ExitCode.pass
          : ExitCode.fail;
    });
}

/** A run of its own process: what one leaves in memory must not burden the other. */
async function runOn(
  environment: string,
  file: string,
  options: CompareOptions,
  signal: AbortSignal,
): Promise<{ report: Report; folder: string }> {
  mkdirSync(resolve(options.reports), { recursive: true });
  const reports = mkdtempSync(join(resolve(options.reports), `compare-${environment}-`));
  const args = [
    '--no-warnings',
    fileURLToPath(new URL('bin/breakwater.js', packageRoot)),
    'run',
    file,
    '--env',
    environment,
    '--reports',
    reports,
    ...(options.keep && environment === 'kind' ? ['--keep'] : []),
    ...(options.profile === undefined ? [] : ['--profile', options.profile]),
    ...options.set.flatMap((assignment) => ['--set', assignment]),
    ...options.config.flatMap((path) => ['--config', path]),
  ];
  // In a group of its own: a terminal's Ctrl-C would reach it beside what is passed on, and a second one is
  // an order to leave everything as it is. The channel tells it when this process is gone.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  });
  const pass = () => child.kill('SIGINT');
  signal.addEventListener('abort', pass, { once: true });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  signal.removeEventListener('abort', pass);
  signal.throwIfAborted();
  const folder = readdirSync(reports).at(0);
  if (code === ExitCode.usage) throw usageError(`${file} cannot be run on ${environment}; see above`);
  if (code === ExitCode.environment || folder === undefined) {
    throw environmentError(`the run on ${environment} did not come to its end; see above`);
  }
  const path = join(reports, folder);
  return { report: JSON.parse(readFileSync(join(path, 'report.json'), 'utf8')), folder: path };
}

/** Check by check: the same scenario has the same checks in the same order. */
export function compareReports(local: Report, kind: Report, reports: Comparison['reports']): Comparison {
  if (JSON.stringify(experiment(local)) !== JSON.stringify(experiment(kind))) {
    throw usageError(
      `${local.scenario.name} was changed between the two runs`,
      'leave its files alone while they run, and compare again',
    );
  }
  const brief = ({ status, observed, value }: ReportCheck) => ({
    status,
    observed,
    ...(value === undefined ? {} : { value }),
  });
  const checks = local.checks.flatMap((check, index) => {
    const other = kind.checks[index];
    if (!other) return [];
    const ratio =
      check.value !== undefined && other.value !== undefined && check.value !== 0
        ? { ratio: other.value / check.value }
        : {};
    return [
      {
        name: check.name,
        kind: check.kind,
        same: check.status === other.status,
        local: brief(check),
        onKind: brief(other),
        ...ratio,
      },
    ];
  });
  const violated = (report: Report) =>
    report.validity
      .filter(({ status }) => status === 'violated')
      .map(({ rule, observed }) => `${rule}: ${observed}`);
  const latencyMs = Object.fromEntries(
    Object.entries(local.traffic.latencyMs).map(([percentile, value]) => [
      percentile,
      { local: value, kind: kind.traffic.latencyMs[percentile] ?? Number.NaN },
    ]),
  );
  return {
    scenario: local.scenario.name,
    same: local.verdict === kind.verdict && checks.every(({ same }) => same),
    verdicts: { local: local.verdict, kind: kind.verdict },
    checks,
    invalid: { local: violated(local), kind: violated(kind) },
    latencyMs,
    reports,
  };
}

/** What must be the same for a comparison to mean anything. */
function experiment({ scenario, configuration, checks, faults }: Report): object {
  return {
    load: scenario.load,
    configuration,
    checks: checks.map(({ name, limit }) => ({ name, limit })),
    faults: faults.map(({ name, description }) => ({ name, description })),
  };
}

const provesNothing = ({ verdicts }: Comparison) =>
  verdicts.local === 'invalid' || verdicts.kind === 'invalid';

function render(comparison: Comparison): string {
  const { checks, verdicts, latencyMs, invalid, reports } = comparison;
  const rows = [
    ['', 'local', 'kind'],
    ['verdict', verdicts.local, verdicts.kind],
    ...checks.map(({ name, local, onKind }) => [
      name,
      `${local.status} ${local.observed}`,
      `${onKind.status} ${onKind.observed}`,
    ]),
    ...Object.entries(latencyMs).map(([percentile, { local, kind }]) => [
      `latency ${percentile}`,
      `${local.toFixed(1)} ms`,
      `${kind.toFixed(1)} ms`,
    ]),
  ];
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length)) + 2;
  const widths = [width(0), width(1)];
  const differs = new Set(checks.filter(({ same }) => !same).map(({ name }) => name));
  const lines = rows.map(([what = '', local = '', kind = '']) => {
    const line = `  ${what.padEnd(widths[0] ?? 0)}${local.padEnd(widths[1] ?? 0)}${kind}`;
    return differs.has(what) || (what === 'verdict' && local !== kind) ? pc.yellow(line) : line;
  });
  const count = differs.size;
  const ending = provesNothing(comparison)
    ? pc.yellow('An invalid run proves nothing, so this says nothing about the environments. Run it again.')
    : comparison.same
      ? pc.green('The same verdict, and the same status of every check.')
      : pc.yellow(
          `${verdicts.local === verdicts.kind ? 'The same verdict' : 'Another verdict'}, ${count} of ${checks.length} checks differ.`,
        );
  return [
    comparison.scenario,
    ...lines,
    ...invalid.local.map((finding) => `  invalid on local: ${finding}`),
    ...invalid.kind.map((finding) => `  invalid on kind: ${finding}`),
    ending,
    `Reports: ${reports.local}, ${reports.kind}`,
  ].join('\n');
}
