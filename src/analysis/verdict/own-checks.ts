import { formatMs, formatPercent, plural } from '../../kit/format.ts';
import type { LoadTotals, ScriptFindings } from '../../model/evidence.ts';
import type { ReportCheck } from '../../report/model.ts';
import type { LoadFacts } from '../traffic/loads.ts';

type Told = Pick<ReportCheck, 'name' | 'kind' | 'status' | 'observed' | 'limit' | 'samples'> & {
  detail?: string;
};

/**
 * What scripts of the user's own have to say, as checks of the run: their thresholds and k6 checks, and that they ran
 * without a complaint. They look at all of the load, warmup included.
 */
export function ownChecks(loads: readonly LoadFacts[], endMs: number): ReportCheck[] {
  const window = { name: 'run', fromMs: 0, toMs: endMs };
  return loads.flatMap(({ planned, totals }) => {
    if (totals?.own === undefined) return [];
    const prefix = loads.length === 1 ? '' : `${planned.name}: `;
    return tell(totals, totals.own).map((told) => ({ ...told, name: `${prefix}${told.name}`, window }));
  });
}

function tell({ iterations }: LoadTotals, { thresholds, checks, complaints }: ScriptFindings): Told[] {
  // Its author has said how many may fail.
  const judged = thresholds.some(({ metric }) => /^checks(\{|$)/.test(metric));
  return [
    ...thresholds.map((threshold): Told => {
      const { metric, expression, holds, value, empty } = threshold;
      return {
        name: `k6 threshold ${metric}: ${expression}`,
        kind: 'script-threshold',
        status: empty ? 'invalid' : holds ? 'pass' : 'fail',
        observed: empty
          ? 'no samples'
          : value === undefined
            ? holds
              ? 'held'
              : 'crossed'
            : shown(metric, value),
        limit: expression,
        samples: empty ? 0 : iterations,
      };
    }),
    ...checks.map(
      ({ name, passes, fails }): Told => ({
        name: `k6 check ${name}`,
        kind: 'script-check',
        status: fails > 0 && !judged ? 'fail' : 'pass',
        observed: `${formatPercent(passes + fails === 0 ? 0 : passes / (passes + fails))} passed, ${fails} failed`,
        limit: judged ? "as the script's thresholds say" : 'all pass',
        samples: passes + fails,
      }),
    ),
    ...complaintsOf(iterations, complaints),
  ];
}

function complaintsOf(iterations: number, complaints: ScriptFindings['complaints']): Told[] {
  const total = complaints.reduce((sum, { count }) => sum + count, 0);
  return [
    {
      name: 'the script throws nothing and writes no errors',
      kind: 'script-complaints',
      status: total > 0 ? 'fail' : 'pass',
      observed: total === 0 ? 'none' : `${plural(total, 'complaint')} in ${plural(iterations, 'iteration')}`,
      limit: 'none',
      samples: iterations,
      ...(total === 0
        ? {}
        : {
            detail: complaints
              .toSorted((a, b) => b.count - a.count)
              .map(
                ({ what, text, count }) => `${count} × ${what === 'console' ? 'console.error: ' : ''}${text}`,
              )
              .join('; '),
          }),
    },
  ];
}

/** k6's own metrics have units, which their names tell. */
function shown(metric: string, value: number): string {
  if (/duration|waiting|blocked|connecting|receiving|sending|handshaking/.test(metric))
    return formatMs(value);
  return String(Math.round(value * 1_000) / 1_000);
}
