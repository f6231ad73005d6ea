import type { BriefReport } from './model.ts';

type Labels = Readonly<Record<string, string>>;

/** One family: a number of a run, or several that labels tell apart. */
interface Family {
  readonly name: string;
  readonly help: string;
  /** Part of its name where it has one. */
  readonly unit?: 'seconds';
  of(report: BriefReport): readonly (readonly [Labels, number])[];
}

const verdicts = ['pass', 'fail', 'invalid'] as const;

/** Numbers of a run are of that run alone and begin anew with the next, so all of them are gauges. */
const families: readonly Family[] = [
  {
    name: 'breakwater_run_info',
    help: 'What was run, and with what; always 1.',
    of: ({ run, scenario: { profile = '' } }) => [
      [{ run: run.id, mesh: run.mesh, version: run.breakwater, profile }, 1],
    ],
  },
  {
    name: 'breakwater_run_verdict',
    help: '1 for the verdict of the run, 0 for the others.',
    of: ({ verdict }) => verdicts.map((each) => [{ verdict: each }, Number(each === verdict)]),
  },
  {
    name: 'breakwater_run_start_timestamp_seconds',
    help: 'When the run began.',
    unit: 'seconds',
    of: ({ run }) => [[{}, Date.parse(run.startedAt) / 1_000]],
  },
  {
    name: 'breakwater_run_duration_seconds',
    help: 'From the command to its end.',
    unit: 'seconds',
    of: ({ timing }) => [[{}, timing.wallMs / 1_000]],
  },
  {
    name: 'breakwater_run_requests',
    help: 'Requests of the loads, by how they ended.',
    of: ({ traffic }) =>
      (['ok', 'shed', 'error', 'unanswered'] as const).map((outcome) => [{ outcome }, traffic[outcome]]),
  },
  {
    name: 'breakwater_run_attempts',
    help: 'Requests, and how often sidecars sent them again.',
    of: ({ traffic }) => [[{}, traffic.attempts]],
  },
  {
    name: 'breakwater_run_latency_seconds',
    help: 'Percentiles over all requests, from when they were due.',
    unit: 'seconds',
    of: ({ traffic }) =>
      Object.entries(traffic.latencyMs).map(([name, ms]) => [{ quantile: quantileOf(name) }, ms / 1_000]),
  },
  {
    name: 'breakwater_check_verdict',
    help: '1 for what became of the check, 0 for the others.',
    of: ({ checks }) =>
      checks.flatMap(({ name, kind, status }) =>
        verdicts.map((verdict): [Labels, number] => [
          { check: name, kind, verdict },
          Number(verdict === status),
        ]),
      ),
  },
  {
    name: 'breakwater_check_value',
    help: 'What the check observed: milliseconds of a time, a share from 0 to 1, or a count, by its kind.',
    of: ({ checks }) =>
      checks.flatMap(({ name, kind, value }): [Labels, number][] =>
        value === undefined ? [] : [[{ check: name, kind }, value]],
      ),
  },
  {
    name: 'breakwater_fault_duration_seconds',
    help: 'How long the fault was on.',
    unit: 'seconds',
    of: ({ faults }) =>
      faults.flatMap(({ name, kind, injectedAtMs, revertedAtMs }): [Labels, number][] =>
        injectedAtMs === undefined || revertedAtMs === undefined
          ? []
          : [[{ fault: name, kind }, (revertedAtMs - injectedAtMs) / 1_000]],
      ),
  },
];

/**
 * Runs as OpenMetrics (1.0): for a file that node_exporter collects, or for a Pushgateway, which reads it too since
 * everything is a gauge. https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function openmetrics(reports: readonly BriefReport[]): string {
  const lines = families.flatMap(({ name, help, unit, of }) => [
    `# TYPE ${name} gauge`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help}`,
    ...distinct(
      reports.flatMap((report) => of(report).map((sample) => line(name, ownLabels(report), sample))),
    ),
  ]);
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Checks may have one name and be told apart by nothing: a series can be there once. */
function distinct(lines: readonly string[]): string[] {
  const seen = new Map(lines.toReversed().map((each) => [each.slice(0, each.lastIndexOf(' ')), each]));
  return [...seen.values()].toReversed();
}

const ownLabels = ({ scenario, run }: BriefReport): Labels => ({
  scenario: scenario.name,
  environment: run.environment,
});

function line(name: string, own: Labels, [labels, value]: readonly [Labels, number]): string {
  const all = Object.entries({ ...own, ...labels }).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${all.join(',')}} ${value}`;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** "p95" → "0.95", "max" → "1". */
const quantileOf = (name: string): string =>
  name === 'max' ? '1' : String(Number((Number(name.slice(1)) / 100).toFixed(6)));
