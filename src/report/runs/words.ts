import type { Status } from '../model.ts';
import { formatCount, formatMs, formatPercent, plural, verdictWords } from '../words.ts';
import { type RunEntry, type Runs, seriesOf } from './model.ts';

export const numberHead = ['Checks', 'Requests', 'Succeeded', 'p95', 'Time'] as const;

/** The numbers of a run, by column. */
export function numbersOf(run: RunEntry): Readonly<Record<(typeof numberHead)[number], string>> {
  return {
    Checks: run.failedChecks === 0 ? `${run.checks}` : `${run.failedChecks} of ${run.checks} failed`,
    Requests: formatCount(run.requests),
    Succeeded: run.requests === 0 ? '-' : formatPercent(run.ok / run.requests),
    p95: run.p95Ms === undefined ? '-' : formatMs(run.p95Ms),
    Time: formatMs(Math.round(run.wallMs / 100) * 100),
  };
}

/** How many runs came to a verdict. */
export const countOf = (runs: readonly RunEntry[], verdict: Status): number =>
  runs.filter((run) => run.verdict === verdict).length;

/** "51 runs: 44 pass, 5 fail, 2 invalid". */
export function tallyOf(runs: readonly RunEntry[]): string {
  const verdicts = (Object.keys(verdictWords) as Status[]).filter((verdict) => countOf(runs, verdict) > 0);
  const all = plural(runs.length, 'run');
  return verdicts.length === 1
    ? `${all}, ${runs.length === 1 ? '' : 'all '}${verdicts[0]}`
    : `${all}: ${verdicts.map((verdict) => `${countOf(runs, verdict)} ${verdict}`).join(', ')}`;
}

/** How things stand: what the newest run of each scenario came to. */
export function standing(runs: Runs): { readonly status: Status; readonly sentence: string } {
  const series = seriesOf(runs);
  const of = (verdict: Status) => series.filter(({ newest }) => newest.verdict === verdict);
  const status = of('fail').length > 0 ? 'fail' : series.length > of('pass').length ? 'invalid' : 'pass';
  const held = `${of('pass').length} of ${plural(series.length, 'scenario')} held in the newest run of each`;
  const named = (verdict: Status, words: string) =>
    of(verdict).length === 0
      ? ''
      : ` ${words}: ${of(verdict)
          .map(({ newest }) => nameOf(newest))
          .join(', ')}.`;
  return {
    status,
    sentence: `${held}.${named('fail', 'Did not hold')}${named('invalid', 'Proved nothing')}`,
  };
}

/** A scenario, with its profile and its environment where those are not the usual ones. */
export function nameOf({
  scenario,
  profile,
  environment,
}: Pick<RunEntry, 'scenario' | 'profile' | 'environment'>) {
  const whole = profile === undefined ? scenario : `${scenario} (${profile})`;
  return environment === 'local' ? whole : `${whole} on ${environment}`;
}

/** The path of one of a run's files as seen from the folder that all runs are in. */
export const fileOf = ({ folder }: Pick<RunEntry, 'folder'>, file: string): string =>
  `${encodeURIComponent(folder)}/${file}`;
