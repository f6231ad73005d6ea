import { checkKinds } from '../checks/index.ts';
import { formatCount, formatMs, formatPercent } from '../kit/format.ts';
import { disguises } from '../kit/visible.ts';
import type { BriefReport, Report, Status } from './model.ts';

export { formatCount, formatMs, formatPercent, plural } from '../kit/format.ts';

/** What a verdict means, for someone who has never seen one. */
export const verdictWords = {
  pass: { label: 'PASS', meaning: 'The mesh held.' },
  fail: { label: 'FAIL', meaning: 'The mesh did not hold.' },
  invalid: { label: 'INVALID', meaning: 'This run proves nothing.' },
} as const satisfies Record<Status, { label: string; meaning: string }>;

/** What the verdict means, unless the summary begins by saying so itself. */
export function unsaidMeaning({ verdict, summary }: Report): string {
  const { meaning } = verdictWords[verdict];
  return summary.startsWith(meaning.slice(0, -1)) ? '' : meaning;
}

/** What rules that are violated mean: a check that failed on other evidence stands. */
export function violationsMean({ verdict }: Report): string {
  return verdict === 'fail' ? 'What this run does not prove' : 'Why this run proves nothing';
}

export const efficacyWords = {
  proven: 'proven',
  unproven: 'not proven',
  'no-traffic': 'no traffic reached it',
  'not-injected': 'never injected',
} as const satisfies Record<Report['faults'][number]['efficacy']['status'], string>;

export const outcomeWords = {
  ok: 'succeeded',
  shed: 'shed by the sidecar',
  error: 'answered with an error',
  unanswered: 'not answered',
} as const satisfies Record<'ok' | 'shed' | 'error' | 'unanswered', string>;

/** 20_000 → "20.0 s": a moment of the load, always in seconds so that moments compare at a glance. */
export function formatMoment(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** "20.0 s to 40.1 s". */
export function formatSpan(from: number, to: number): string {
  return `${formatMoment(from)} to ${formatMoment(to)}`;
}

/** Where the time of a run went. */
export function formatTiming({ timing }: Report): string {
  const { toFirstRequestMs, loadMs, wallMs, overheadMs } = timing;
  const first =
    toFirstRequestMs === undefined ? '' : `; first request over mTLS after ${formatMs(toFirstRequestMs)}`;
  return `load ${formatMs(loadMs)}, everything ${formatMs(wallMs)}, ${formatMs(overheadMs)} of it beside the load${first}`;
}

/** "42 (--seed 42 draws the same again)"; reports of before there were seeds have none. */
export function formatSeed({ run: { seed } }: { readonly run: Pick<Report['run'], 'seed'> }): string {
  return seed === undefined ? 'not recorded' : `${seed} (--seed ${seed} draws the same again)`;
}

export function formatBytes(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** "steady", "change (half)", or "fault (east-down)" where the run has several faults to tell apart. */
export function formatWindow(
  report: Pick<Report, 'faults'>,
  window: { name: string; fault?: string | undefined; change?: string | undefined },
): string {
  if (window.change !== undefined) return `${window.name} (${window.change})`;
  return window.fault !== undefined && report.faults.length > 1
    ? `${window.name} (${window.fault})`
    : window.name;
}

/** When a fault was on: as observed, or as planned where it never was. */
export function formatFaultSpan(fault: Report['faults'][number], report: Report): string {
  if (fault.injectedAtMs === undefined) {
    return `planned ${formatSpan(fault.plannedAtMs, fault.plannedAtMs + fault.plannedForMs)}`;
  }
  return fault.revertedAtMs === undefined
    ? `${formatMoment(fault.injectedAtMs)} to the end (${formatMoment(report.timing.loadMs)})`
    : formatSpan(fault.injectedAtMs, fault.revertedAtMs);
}

/** Who answered badly, as one phrase: the status, and what the sidecar calls it. */
export function formatAnswer(error: Pick<Report['errors'][number], 'status' | 'flag'>): string {
  return `${error.status === 0 ? 'no answer' : error.status} ${error.flag}`.trim();
}

/** A setting behind something, and where it is written. */
interface Placed {
  readonly setting: string;
  readonly source?: string | undefined;
}

/** Every setting behind an error or a failed check, the most telling first; none where none is known. */
export function settingsBehind({
  setting,
  source,
  others = [],
}: {
  readonly setting?: string | undefined;
  readonly source?: string | undefined;
  readonly others?: readonly Placed[] | undefined;
}): readonly Placed[] {
  return setting === undefined ? [] : [{ setting, source }, ...others];
}

/** A setting with where it is written: "… maxConnections: 100 (mesh.yaml:12)". */
export const formatSetting = ({ setting, source }: Placed): string =>
  source === undefined ? setting : `${setting} (${source})`;

/** The text on one line without terminal escapes, line breaks or direction changes. */
export function plain(text: string): string {
  return text.replaceAll(disguises, ' ').replace(/ {2,}/g, ' ').trim();
}

/** Text of several lines as it is, with everything that could disguise it shown as a replacement character. */
export function undisguised(text: string): string {
  return text
    .replaceAll(disguises, (found) => (/[\n\t]/.test(found) ? found : '\ufffd'))
    .replace(/\ufffd(?=\n)/g, '');
}

/** The text in at most `length` characters, the middle left out: the ends of instance names tell them apart. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  if (characters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (length - 1 - head)).join('')}`;
}

/** A table of several loads, each by itself: its head and its rows; no rows where there is one alone. */
export function loadRows({ loads = [] }: Report): readonly (readonly string[])[] {
  return loads.map(({ name, description, requests, ok, shed, error, unanswered, latencyMs }) => [
    name,
    description,
    formatCount(requests),
    requests === 0 ? 'no requests' : formatPercent(ok / requests),
    formatCount(shed),
    formatCount(error + unanswered),
    ...(['p50', 'p95', 'p99'] as const).map((percentile) =>
      latencyMs[percentile] === undefined ? '-' : formatMs(latencyMs[percentile]),
    ),
  ]);
}
export const loadHead = ['Load', 'What', 'Requests', 'Succeeded', 'Shed', 'Failed', 'p50', 'p95', 'p99'];

/** A number worth showing first. */
export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly status?: Status;
}

/** The few numbers that a reader wants before any table. */
export function figures(report: BriefReport & Pick<Partial<Report>, 'loads'>): Figure[] {
  const { traffic } = report;
  const failed = traffic.requests - traffic.ok;
  const p95 = traffic.latencyMs['p95'];
  const p99 = traffic.latencyMs['p99'];
  return [
    {
      label: 'Requests',
      value: formatCount(traffic.requests),
      note: report.loads === undefined ? report.scenario.load : `in ${report.loads.length} loads`,
    },
    {
      label: 'Success rate',
      value: traffic.requests === 0 ? 'no requests' : formatPercent(traffic.ok / traffic.requests),
      note: `${formatCount(failed)} did not succeed, over the whole run`,
    },
    ...(p95 === undefined
      ? []
      : [
          {
            label: 'p95 latency',
            value: formatMs(p95),
            note: p99 === undefined ? 'over the whole run' : `p99 ${formatMs(p99)}, over the whole run`,
          },
        ]),
    ...report.checks
      .filter(({ kind }) => checkKinds.get(kind)?.window !== undefined)
      .slice(0, 3)
      .map((check) => ({
        label: check.kind.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
        value: check.observed,
        note: `${check.limit}${check.window.fault === undefined ? '' : `, after ${check.window.fault}`}`,
        status: check.status,
      })),
    ...(traffic.attempts > traffic.requests
      ? [
          {
            label: 'Attempts',
            value: `${(traffic.attempts / traffic.requests).toFixed(3)}×`,
            note: `the requests: ${formatCount(traffic.attempts - traffic.requests)} retries`,
          },
        ]
      : []),
  ];
}

/** What failed first, then what is not known. */
export function byStatus<Judged extends { readonly status: Status }>(judged: readonly Judged[]): Judged[] {
  const rank = { fail: 0, invalid: 1, pass: 2 } as const;
  return judged.toSorted((a, b) => rank[a.status] - rank[b.status]);
}

/** What became of a probe, and the words for it. */
export interface ProbeOutcome {
  readonly probe: NonNullable<Report['probes']>[number];
  readonly status: Status;
  readonly words: 'as expected' | 'unexpected' | 'not known' | 'not always, and the checks allow it';
}

/**
 * Probes that went wrong first, then those of which nothing is known. One that did not always go as expected is not
 * wrong where every check of expectations holds: they look at other times, or allow for some.
 */
export function probeOutcomes({
  probes = [],
  checks,
}: Pick<Report, 'probes' | 'checks'>): readonly ProbeOutcome[] {
  const about = checks.filter(({ kind }) => kind === 'expectations');
  const isAllowed = about.length > 0 && about.every(({ status }) => status === 'pass');
  const outcomes = probes.map((probe): ProbeOutcome => {
    if (probe.status === 'pass') return { probe, status: 'pass', words: 'as expected' };
    if (probe.status === 'invalid') return { probe, status: 'invalid', words: 'not known' };
    if (isAllowed && probe.met > 0)
      return { probe, status: 'pass', words: 'not always, and the checks allow it' };
    return { probe, status: 'fail', words: 'unexpected' };
  });
  return byStatus(outcomes);
}

/** ", 2 of them not always, which the checks allow"; nothing where there is none. */
export function exceptions(outcomes: readonly ProbeOutcome[]): string {
  const count = outcomes.filter(({ probe, status }) => probe.status !== status).length;
  return count === 0 ? '' : `, ${count} of them not always, which the checks allow`;
}

/** "15 × 200, answered by edge-app-east-1; 1 × no answer". */
export function cameText({ came }: Pick<NonNullable<Report['probes']>[number], 'came'>): string {
  if (came.length === 0) return 'nothing was sent';
  return came.map(({ text, count }) => `${formatCount(count)} × ${text}`).join('; ');
}

/** Rules that make the run invalid first, those that do not apply last. */
export function byUrgency(findings: Report['validity']): Report['validity'] {
  const rank = { violated: 0, ok: 1, 'not-applicable': 2 } as const;
  return findings.toSorted((a, b) => rank[a.status] - rank[b.status]);
}
