import type { Unit } from '../../checks/contract.ts';
import { checkKind } from '../../checks/index.ts';
import type { ComparedMetric } from '../../report/comparison/model.ts';
import type { Report, ReportCheck, Status } from '../../report/model.ts';
import { formatWindow } from '../../report/words.ts';
import { Judge } from '../judge.ts';
import { judged } from '../question.ts';
import { metricOf } from '../report.ts';
import { onBoth, type SideName } from '../sides.ts';
import { measuresOfRound, type Pair } from '../statistics/paired-effects.ts';
import { figuresOf } from './figures.ts';
import { type Spread, spreadOf } from './spread.ts';

/** The two environments that are compared, in the order in which they take turns. */
export const compared = ['local', 'kind'] as const;
export type Compared = (typeof compared)[number];
/** Which side of a comparison each is. */
export const environmentOf = { a: 'local', b: 'kind' } as const satisfies Record<SideName, Compared>;
type InEach<T> = Readonly<Record<Compared, T>>;

/** A run that came to its end. */
export interface FinishedRun {
  readonly environment: Compared;
  /** From 1. */
  readonly round: number;
  readonly report: Report;
  /** Where its report is. */
  readonly folder: string;
}

/** How many of some runs or results there are of each status. */
export type Tally = Readonly<Record<Status, number>>;

/** One number in both environments. */
interface Compares<Shown extends Spread> {
  readonly name: string;
  readonly unit: Unit;
  readonly environments: InEach<Shown>;
  /** kind's median over local's; absent where one has none, or local's is 0. */
  readonly ratio?: number;
}

export interface CheckResults extends Spread {
  readonly statuses: Tally;
  /** Each valid run's result as its report says it, or "invalid". */
  readonly observed: readonly string[];
}

interface ComparedCheck extends Compares<CheckResults> {
  readonly kind: string;
  /** The part of the run that it looks at. */
  readonly window: string;
  /** Whether every valid run of both environments has the same status. */
  readonly same: boolean;
}

/** What `compare-environments --json` prints. Numbers are of valid runs; a share is from 0 to 1. */
export interface Comparison {
  readonly scenario: string;
  readonly rounds: number;
  /** Every valid run of both has the same verdict and the same status of each check, and each has a valid run. */
  readonly same: boolean;
  readonly sameVerdict: boolean;
  /** Of all runs, invalid ones included. */
  readonly verdicts: InEach<Tally>;
  readonly checks: readonly ComparedCheck[];
  /** What needs no check: goodput, shed and failed requests, shares of zones, latency. */
  readonly figures: readonly Compares<Spread>[];
  /** Measures over the rounds that are valid on both: kind (B) against local (A), as `compare` tells it. */
  readonly metrics: readonly ComparedMetric[];
  readonly machine: Report['run']['machine'];
  readonly mesh: string;
  readonly runs: readonly {
    readonly environment: Compared;
    readonly round: number;
    readonly verdict: Status;
    /** Why it is left out. */
    readonly invalid?: readonly string[];
    readonly folder: string;
  }[];
  /** The one that has those of the runs. */
  readonly folder: string;
}

/** Check by check: the same scenario has the same checks in the same order. */
export function compareRuns(runs: readonly FinishedRun[], folder: string): Comparison {
  const [first] = runs;
  if (first === undefined) throw new Error('there is no run to compare');
  const valid = runs.filter(({ report }) => report.verdict !== 'invalid');
  const reports = inEach((name) =>
    valid.filter(({ environment }) => environment === name).map(({ report }) => report),
  );
  const verdicts = inEach((name) =>
    tally(runs.filter(({ environment }) => environment === name).map(({ report }) => report.verdict)),
  );
  const checks = first.report.checks.map((check, index) => compareCheck(first.report, check, index, reports));
  const comparable = withoutValidRun({ verdicts }).length === 0;
  const sameVerdict = comparable && new Set(valid.map(({ report }) => report.verdict)).size === 1;
  return {
    scenario: first.report.scenario.name,
    rounds: Math.max(...runs.map(({ round }) => round)),
    same: sameVerdict && checks.every(({ same }) => same),
    sameVerdict,
    verdicts,
    checks,
    figures: figuresOf(runs.map(({ report }) => report)).map(({ name, unit, of }) => {
      const environments = inEach((environment) => spreadOf(reports[environment].map(of)));
      return { name, unit, environments, ...ratioOf(environments) };
    }),
    metrics: metricsOf(valid),
    machine: first.report.run.machine,
    mesh: [...new Set(runs.map(({ report }) => report.run.mesh))].join(' and '),
    runs: runs.map(({ environment, round, report, folder: own }) => ({
      environment,
      round,
      verdict: report.verdict,
      ...(report.verdict === 'invalid' ? { invalid: reasonsOf(report) } : {}),
      folder: own,
    })),
    folder,
  };
}

/** One look at all pairs: there are no more to come. */
function metricsOf(valid: readonly FinishedRun[]): ComparedMetric[] {
  const measuresIn = (environment: Compared, round: number) =>
    valid.find((run) => run.environment === environment && run.round === round)?.report.measures;
  const pairs = [...new Set(valid.map(({ round }) => round))].flatMap((round): Pair[] => {
    const { a, b } = onBoth((side) => measuresIn(environmentOf[side], round));
    return a && b ? [{ a: measuresOfRound(a), b: measuresOfRound(b) }] : [];
  });
  const [first] = pairs;
  if (first === undefined) return [];
  const { margins } = judged({ metrics: undefined, margins: new Map() }, Object.keys(first.a), false);
  const { standings } = new Judge({ margins, mostPairs: pairs.length }).judge(pairs, true);
  return standings.map((standing) =>
    metricOf(
      standing,
      pairs.map(({ a, b }) => ({ a: a[standing.measure] ?? null, b: b[standing.measure] ?? null })),
    ),
  );
}

function compareCheck(
  report: Report,
  { name, kind, window }: ReportCheck,
  index: number,
  reports: InEach<readonly Report[]>,
): ComparedCheck {
  const results = inEach((environment) => reports[environment].flatMap(({ checks }) => checks[index] ?? []));
  const statuses = new Set(
    compared.flatMap((environment) => results[environment].map(({ status }) => status)),
  );
  const environments = inEach((environment) => {
    const of = results[environment];
    return {
      statuses: tally(of.map(({ status }) => status)),
      // What a check saw that a doubtful fault has made invalid is no measurement.
      ...spreadOf(of.map(({ status, value }) => (status === 'invalid' ? undefined : value))),
      observed: of.map(({ status, observed }) => (status === 'invalid' ? status : observed)),
    };
  });
  return {
    name,
    kind,
    window: formatWindow(report, window),
    // The reports are of runs of this very version, which knows their kinds.
    unit: checkKind({ kind }).unit,
    same: statuses.size === 1 && compared.every((environment) => results[environment].length > 0),
    environments,
    ...ratioOf(environments),
  };
}

/** Violated rules, which also take their checks with them; or else the checks that had too little to go by. */
function reasonsOf({ validity, checks }: Report): string[] {
  const violated = validity.filter(({ status }) => status === 'violated');
  if (violated.length > 0) return violated.map(({ rule, observed }) => `${rule}: ${observed}`);
  return checks
    .filter(({ status }) => status === 'invalid')
    .map(({ name, observed, detail }) => `${name}: ${detail ?? observed}`);
}

function ratioOf({ local, kind }: InEach<Spread>): { ratio?: number } {
  if (local.median === null || kind.median === null || local.median === 0) return {};
  return { ratio: kind.median / local.median };
}

function tally(statuses: readonly Status[]): Tally {
  const count = (wanted: Status) => statuses.filter((status) => status === wanted).length;
  return { pass: count('pass'), fail: count('fail'), invalid: count('invalid') };
}

function inEach<T>(of: (environment: Compared) => T): InEach<T> {
  return { local: of('local'), kind: of('kind') };
}

/** The environments of which no run is valid: with any, the comparison says nothing. */
export function withoutValidRun({ verdicts }: Pick<Comparison, 'verdicts'>): Compared[] {
  return compared.filter((name) => verdicts[name].pass + verdicts[name].fail === 0);
}
