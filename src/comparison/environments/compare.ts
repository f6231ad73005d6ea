import type { Unit } from '../../checks/contract.ts';
import { checkKind } from '../../checks/index.ts';
import type { ComparedMetric } from '../../report/comparison/model.ts';
import type { Report, ReportCheck, Status } from '../../report/model.ts';
import { formatWindow } from '../../report/words.ts';
import { Judge } from '../judge.ts';
import { judged } from '../question.ts';
import { metricOf } from '../report.ts';
import { measuresOfRound, type Pair } from '../statistics/paired-effects.ts';
import { figuresOf } from './figures.ts';
import { type Spread, spreadOf } from './spread.ts';

/** The environments that can be compared, in the order of their columns: the others are held against the first of those that are. */
export const comparable = ['local', 'docker', 'kind'] as const;
export type Compared = (typeof comparable)[number];
/** One value for each environment that is compared, and none for the others. */
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

/** One number in each environment. */
interface Compares<Shown extends Spread> {
  readonly name: string;
  readonly unit: Unit;
  /** `ratio`: its median over the first's; absent in that, and where one has none, or the first's is 0. */
  readonly environments: InEach<Shown & { readonly ratio?: number }>;
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
  /** Whether every valid run of every environment has the same status. */
  readonly same: boolean;
}

/** What `compare-environments --json` prints. Numbers are of valid runs; a share is from 0 to 1. */
export interface Comparison {
  readonly scenario: string;
  readonly rounds: number;
  /** The environments that are compared; the others are held against the first. */
  readonly compared: readonly Compared[];
  /** Every valid run of all has the same verdict and the same status of each check, and each has a valid run. */
  readonly same: boolean;
  readonly sameVerdict: boolean;
  /** Of all runs, invalid ones included. */
  readonly verdicts: InEach<Tally>;
  readonly checks: readonly ComparedCheck[];
  /** What needs no check: goodput, shed and failed requests, shares of zones, latency. */
  readonly figures: readonly Compares<Spread>[];
  /** Measures over the rounds that are valid on both: an environment (B) against the first (A), as `compare` tells it. */
  readonly metrics: readonly (ComparedMetric & { readonly environment: Compared })[];
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
  const compared = comparable.filter((name) => runs.some(({ environment }) => environment === name));
  const inEach = <T>(of: (environment: Compared) => T) => inEachOf(compared, of);
  const reports = inEach((name) =>
    valid.filter(({ environment }) => environment === name).map(({ report }) => report),
  );
  const verdicts = inEach((name) =>
    tally(runs.filter(({ environment }) => environment === name).map(({ report }) => report.verdict)),
  );
  const checks = first.report.checks.map((check, index) =>
    compareCheck(first.report, check, index, compared, reports),
  );
  const saysSomething = withoutValidRun({ compared, verdicts }).length === 0;
  const sameVerdict = saysSomething && new Set(valid.map(({ report }) => report.verdict)).size === 1;
  return {
    scenario: first.report.scenario.name,
    rounds: Math.max(...runs.map(({ round }) => round)),
    compared,
    same: sameVerdict && checks.every(({ same }) => same),
    sameVerdict,
    verdicts,
    checks,
    figures: figuresOf(runs.map(({ report }) => report)).map(({ name, unit, of }) => ({
      name,
      unit,
      environments: withRatios(
        compared,
        inEach((environment) => spreadOf(reports[environment].map(of))),
      ),
    })),
    metrics: compared.slice(1).flatMap((environment) =>
      metricsOf(valid, compared[0] ?? environment, environment).map((metric) => ({
        ...metric,
        environment,
      })),
    ),
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
function metricsOf(valid: readonly FinishedRun[], first: Compared, other: Compared): ComparedMetric[] {
  const measuresIn = (environment: Compared, round: number) =>
    valid.find((run) => run.environment === environment && run.round === round)?.report.measures;
  const pairs = [...new Set(valid.map(({ round }) => round))].flatMap((round): Pair[] => {
    const [a, b] = [measuresIn(first, round), measuresIn(other, round)];
    return a && b ? [{ a: measuresOfRound(a), b: measuresOfRound(b) }] : [];
  });
  const [one] = pairs;
  if (one === undefined) return [];
  const { margins } = judged({ metrics: undefined, margins: new Map() }, Object.keys(one.a), false);
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
  compared: readonly Compared[],
  reports: InEach<readonly Report[]>,
): ComparedCheck {
  const inEach = <T>(of: (environment: Compared) => T) => inEachOf(compared, of);
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
    environments: withRatios(compared, environments),
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

function withRatios<S extends Spread>(
  [first, ...others]: readonly Compared[],
  environments: InEach<S>,
): InEach<S & { readonly ratio?: number }> {
  const base = first === undefined ? null : environments[first].median;
  const ratios = others.map((name) => {
    const { median } = environments[name];
    const ratio = base === null || median === null || base === 0 ? {} : { ratio: median / base };
    return [name, { ...environments[name], ...ratio }] as const;
  });
  return { ...environments, ...Object.fromEntries(ratios) };
}

function tally(statuses: readonly Status[]): Tally {
  const count = (wanted: Status) => statuses.filter((status) => status === wanted).length;
  return { pass: count('pass'), fail: count('fail'), invalid: count('invalid') };
}

/** The same of each environment that is compared. */
function inEachOf<T>(compared: readonly Compared[], of: (environment: Compared) => T): InEach<T> {
  return Object.fromEntries(compared.map((name) => [name, of(name)])) as Record<Compared, T>;
}

/** The environments of which no run is valid: with any, the comparison says nothing. */
export function withoutValidRun({
  compared,
  verdicts,
}: Pick<Comparison, 'compared' | 'verdicts'>): Compared[] {
  return compared.filter((name) => verdicts[name].pass + verdicts[name].fail === 0);
}
