import type { Lacking, Observation, Window } from '../../checks/contract.ts';
import type { ChangeRecord, RunFacts } from '../../checks/facts.ts';
import { checkKind, loadOf } from '../../checks/index.ts';
import { formatMs, plural } from '../../kit/format.ts';
import type { PlannedCheck } from '../../plan/contract.ts';
import type { ReportCheck } from '../../report/model.ts';
import { windowOf } from '../traffic/windows.ts';

/** A check with its window worked out and its result. */
export interface JudgedCheck {
  readonly window: Window;
  /** The load that it is about, when it is about one. */
  readonly load: string | undefined;
  readonly restsOn: 'requests' | 'statistics';
  readonly result: ReportCheck;
  /** What the mesh was to do and did not, where that is known. */
  readonly lacking: Lacking | undefined;
  /** One that no scenario writes, with a limit so wide that being late breaks none. */
  readonly implied?: true;
}

/** What one check makes of the facts. Too few samples prove nothing, whatever they say. */
export function judgeCheck(planned: PlannedCheck, facts: RunFacts): JudgedCheck {
  const kind = checkKind(planned.check);
  const window = windowOf(planned, facts.windows);
  const withheld = withheldBy(planned, facts);
  if (withheld !== undefined) return judgeWithheld(planned, window, withheld, facts);
  const observation = kind.observe(planned.check, facts, window);
  const { value, samples, neededSamples, holds, observed, limit, detail, lacking } = observation;
  const doubt = observation.doubt ?? starvedDoubt(planned, observation, facts, window);
  const enough = samples >= neededSamples;
  const doubtful = doubt !== undefined;
  const details = [
    ...(detail === undefined ? [] : [detail]),
    ...(enough ? [] : [tooFew(kind.restsOn, observation, window, facts)]),
    ...(doubtful ? [doubt] : []),
  ];
  return {
    window,
    load: loadOf(planned.check),
    restsOn: kind.restsOn,
    lacking: holds ? undefined : lacking,
    result: {
      name: planned.name,
      kind: planned.check.kind,
      status: !enough || doubtful ? 'invalid' : holds ? 'pass' : 'fail',
      observed,
      limit,
      ...(value === undefined ? {} : { value }),
      samples,
      window,
      ...(details.length === 0 ? {} : { detail: details.join('; ') }),
    },
  };
}

/** Why a limit does not hold that would, were it not for callers who gave up waiting on a machine with no time for them. */
function starvedDoubt(
  { check }: PlannedCheck,
  { holds }: Observation,
  { spared }: RunFacts,
  window: Window,
): string | undefined {
  if (holds || spared === undefined) return undefined;
  const { holds: wouldHold, samples } = checkKind(check).observe(check, spared, window);
  if (!wouldHold && samples > 0) return undefined;
  return 'proves nothing: it would hold without what callers gave up waiting for while this machine had no CPU to spare; lower the rate, or run where there are more or quieter CPUs';
}

/** The change whose guard has rolled back before that of a check was made; undefined where none has. */
function withheldBy({ change }: PlannedCheck, { changes }: RunFacts): ChangeRecord | undefined {
  const rolledBack = changes.findIndex(({ guard }) => guard?.rolledBack !== undefined);
  const own = changes.findIndex(({ name }) => name === change);
  return rolledBack >= 0 && own > rolledBack ? changes[rolledBack] : undefined;
}

/** A check on a change that a guard forbade: what was expected of it did not come, for what the guard saw. */
function judgeWithheld(
  planned: PlannedCheck,
  window: Window,
  { name, guard }: ChangeRecord,
  facts: RunFacts,
): JudgedCheck {
  const kind = checkKind(planned.check);
  const { limit } = kind.observe(planned.check, facts, window);
  return {
    window: windowOf({ ...planned, change: name }, facts.windows),
    load: loadOf(planned.check),
    restsOn: kind.restsOn,
    lacking: { what: 'no failures' },
    result: {
      name: planned.name,
      kind: planned.check.kind,
      status: 'fail',
      observed: 'never made',
      limit,
      samples: 0,
      window,
      detail: `${planned.change} was not made: the guard of ${name} saw ${guard?.saw} and rolled back`,
    },
  };
}

/** What a check lacks, and what would bring it: of what did not come at all, more load need not bring any. */
function tooFew(
  restsOn: JudgedCheck['restsOn'],
  { samples, neededSamples }: Observation,
  window: Window,
  facts: RunFacts,
): string {
  if (samples === 0 && restsOn === 'statistics') return 'nothing was read of it in its window';
  const requests = facts.count(window);
  if (samples === 0 && requests > 0) {
    return `none of the ${plural(requests, 'request')} in its window was one of those`;
  }
  return `${samples} of the ${neededSamples} ${restsOn === 'requests' ? 'requests' : 'samples'} it takes, in a window of ${formatMs(window.toMs - window.fromMs)}: make the window longer or the load heavier`;
}
