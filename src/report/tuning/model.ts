import type { Report, Status } from '../model.ts';

/** Version of tune.json; raised when a field changes its meaning or goes away. */
export const TUNING_SCHEMA = 'breakwater/tuning/v1';

/** tune.json: what a search for pool limits has found, and every trial of it. Rates are per second, shares 0 to 1. */
export interface TuningReport {
  readonly schema: typeof TUNING_SCHEMA;
  /** `undecided`: the budget was used up before a proof; `invalid`: trials on this machine prove nothing. */
  readonly ended: 'found' | 'missed' | 'undecided' | 'invalid';
  readonly exitCode: number;
  readonly summary: string;
  readonly run: Pick<
    Report['run'],
    'id' | 'startedAt' | 'environment' | 'mesh' | 'breakwater' | 'machine' | 'command'
  >;
  readonly scenario: { readonly name: string; readonly file: string };
  /** Who calls whom. */
  readonly client: string;
  readonly service: string;
  readonly objective: string;
  readonly nominalRate: number;
  readonly overloadRate: number;
  /** The nominal rate with its headroom, at which nominal trials are made. */
  readonly headroomRate: number;
  readonly clients: number;
  readonly limits: readonly TunedLimit[];
  /** Up to which rate the objective holds with these limits; without `high` it still held at the highest tried. */
  readonly knee?: { readonly low: number; readonly high?: number };
  /** Sentences: what was measured, what was inferred from it, what the limits mean. */
  readonly reasoning: readonly string[];
  readonly trials: readonly TunedTrial[];
  /** What is to change in which resource, or the whole of a new one for a service that had none. */
  readonly patch?: { readonly resource: string; readonly file?: string; readonly text: string };
  readonly wallMs: number;
}

interface TunedLimit {
  /** Path in `connectionPool`. */
  readonly name: string;
  /** For each client's proxy. */
  readonly value: number;
  /** Of all clients together. */
  readonly whole: number;
  /** With 95 % between these. */
  readonly low: number;
  readonly high: number;
  readonly before?: number;
  /** What theory said before the trials. */
  readonly expected?: number;
  /** Which end of the bounds it is. */
  readonly edge?: string;
}

interface TunedTrial {
  /** Its folder below `trials/`. */
  readonly name: string;
  readonly verdict: 'holds' | 'fails' | 'invalid' | 'broken';
  readonly purpose: string;
  readonly judged: 'nominal' | 'overload';
  /** "maxConnections 22", "no limits", "as written". */
  readonly limits: string;
  /** Whether it was made with what is recommended, with what was there before, or with something between. */
  readonly stage: 'before' | 'search' | 'after';
  readonly offered: number;
  readonly goodput?: number;
  readonly success?: number;
  readonly refused?: number;
  readonly refusedP90Ms?: number;
  /** The latency with the tightest limit of the objective. */
  readonly latency?: { readonly name: string; readonly ms: number };
  /** What did not hold, or why it proves nothing. */
  readonly why: readonly string[];
}

export const tuningWords = {
  found: { label: 'FOUND', meaning: 'These limits hold.', status: 'pass' },
  missed: { label: 'MISSED', meaning: 'No limits meet the objective.', status: 'fail' },
  undecided: { label: 'UNDECIDED', meaning: 'The budget was used up before a proof.', status: 'invalid' },
  invalid: { label: 'INVALID', meaning: 'Trials on this machine prove nothing.', status: 'invalid' },
} as const satisfies Record<
  TuningReport['ended'],
  { readonly label: string; readonly meaning: string; readonly status: Status }
>;

/** What a trial's verdict is called, and how it is shown. */
export const trialStatus = {
  holds: 'pass',
  fails: 'fail',
  invalid: 'invalid',
  broken: 'invalid',
} as const satisfies Record<TunedTrial['verdict'], Status>;
