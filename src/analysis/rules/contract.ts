import type { RunFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { TrialPlan } from '../../plan/contract.ts';
import type { Finding, Report } from '../../report/model.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { LoadFacts } from '../traffic/loads.ts';
import type { Traffic } from '../traffic/traffic.ts';
import type { JudgedCheck } from '../verdict/judge.ts';

/** What the rules look at. */
export interface Grounds {
  readonly trial: TrialPlan;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  /** In the order of the plan. */
  readonly loads: readonly LoadFacts[];
  readonly facts: RunFacts;
  /** Faults as planned and as they happened; `faults` says what was proven of them. */
  readonly records: readonly RecordedFault[];
  readonly faults: Report['faults'];
  readonly checks: readonly JudgedCheck[];
}

/**
 * What a violated rule takes away: everything; `lateness`: failures that a generator or a machine which comes late may
 * have caused, which is never that a mesh refused, ejected or answered from a cache nobody; `omission`: all that requests which were not sent
 * may have changed, which is never that others failed or took too long; `statistics`: what rests on
 * those; `spans`: that traces are broken or too few; `nothing`: no check, but a run that would pass does not; or what is said about some faults, and about the run
 * as a whole.
 */
export type Reach =
  | 'everything'
  | 'lateness'
  | 'omission'
  | 'statistics'
  | 'spans'
  | 'nothing'
  | readonly string[];

/** What a rule finds in a run; its reach is everything unless it says less. */
export type Judgement = Omit<Finding, 'rule' | 'title'> & { readonly reach?: Reach };

/** Something that must be so in every run that is to prove anything. */
export interface Rule {
  /** How report.json and junit.xml call it: "dropped-iterations". */
  readonly name: string;
  /** What is so when it is kept: "The generator sent what was due". */
  readonly title: string;
  /** Where no sidecar knows of any request, all of them having gone as bytes, it has nothing to look at. */
  readonly ofRequests?: true;
  judge(grounds: Grounds): Judgement;
}

export interface RuleResult {
  readonly finding: Finding;
  readonly reach: Reach;
}
