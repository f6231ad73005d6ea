import type { LimitName, PoolLimits } from '../model/pool-limits.ts';
import type { Bounds } from './limits.ts';
import type { Objective } from './objective.ts';
import type { Interval } from './search.ts';

/** What a search is to find: pool limits for one service under one load. Rates are of all clients together, per second. */
export interface Question {
  readonly objective: Objective;
  /** The nominal rate. */
  readonly rate: number;
  /** How many times the nominal rate comes in the worst case. */
  readonly overload: number;
  /** By how much more than the nominal rate the limits have to let the objective hold; a share. */
  readonly headroom: number;
  /** Client proxies that the load comes through; each has limits of its own. */
  readonly clients: number;
  /** Replicas of the service. */
  readonly servers: number;
  /** Whether each replica's own sidecar has the same limits towards its app. */
  readonly limitsAtServers: boolean;
  readonly limits: readonly LimitName[];
  readonly bounds: Readonly<Partial<Record<LimitName, Bounds>>>;
  /** What is in the mesh configuration as it is written. */
  readonly written: PoolLimits;
  readonly budget: Budget;
  readonly effort: Effort;
  /** Milliseconds that the load of a trial lasts. */
  readonly trialMs: number;
  /** What an earlier run has shown; none when everything is measured anew. */
  readonly earlier?: Earlier;
}

/** What an earlier run has shown of the service; what it could not show is left out. Rates are per second. */
export interface Earlier {
  /** Its id. */
  readonly run: string;
  /** What came in its steady state. */
  readonly rate: number;
  /**
   * How long a request took there: mean and squared coefficient of variation. None where requests waited for a
   * connection or were refused.
   */
  readonly service?: { readonly ms: number; readonly variation: number };
  /** Requests under way on average in its steady state, and at most in all of it. */
  readonly underWay: number;
  readonly mostUnderWay: number;
  /** What came in its busiest second, and what was answered well then. */
  readonly offered: number;
  readonly goodput: number;
  /** What its servers got done of that; none where some were refused or a fault was on. */
  readonly capacity?: { readonly perSecond: number; readonly saturated: boolean };
}

/** Over how many pools the load is spread where these are fewest: before the clients' limits, or the servers'. */
export const poolsOf = ({
  clients,
  servers,
  limitsAtServers,
}: Pick<Question, 'clients' | 'servers' | 'limitsAtServers'>) =>
  limitsAtServers ? Math.min(clients, servers) : clients;

/** How narrow an answer has to be, and what may be spent on it. */
export interface Effort {
  /** Done when the answer is known to this share of itself. */
  readonly within: number;
  /** Most trials for one limit, and for the knee. */
  readonly limitTrials: number;
  readonly kneeTrials: number;
  /** Milliseconds that the load of a trial lasts at least. */
  readonly leastTrialMs: number;
}

/** What may be used up before a search has to say what it knows. */
export interface Budget {
  readonly ms: number;
  readonly trials: number;
}

/** One trial that a search asks for. */
export interface Ask {
  readonly purpose: Purpose;
  /** Requests per second of all clients together. */
  readonly rate: number;
  /** By what it is judged: at the nominal load nobody may be refused, under overload the excess quickly. */
  readonly judged: 'nominal' | 'overload';
  /** PoolLimits at each client; those that are not named are as they are written. `none` takes all three away. */
  readonly limits: PoolLimits | 'none';
  /** Whether the search goes on without it where it proves nothing. */
  readonly optional?: true;
  /** The shape of the topology that it is made with, by name; the scenario's own unless given. */
  readonly shape?: string;
  /** Between which the answer lies with 95 %, as far as was known when it was asked. */
  readonly known?: Pick<Interval, 'low' | 'high'>;
}

type Purpose =
  | 'without limits'
  | 'as written'
  | LimitName
  | 'proof'
  | 'a tenth less'
  | 'knee'
  | 'other shape';

/** What one valid trial has shown. Rates are per second, shares from 0 to 1, times in milliseconds. */
export interface Measured {
  readonly holds: boolean;
  /** What did not hold, in words; none when it holds. */
  readonly missed: readonly string[];
  readonly offered: number;
  /** Answers that ended well, per second of the window. */
  readonly goodput: number;
  readonly success: number;
  readonly refused: number;
  /** "p99" → latency of the answers that ended well; without those that nothing can be said about. */
  readonly latencyMs: Readonly<Record<string, number>>;
  /** The ninetieth percentile of how long a refusal took; none when nobody was refused. */
  readonly refusedP90Ms?: number;
  /** Mean and squared coefficient of variation of how long the client's proxy had a request that ended well. */
  readonly serviceMs: number;
  readonly serviceVariation: number;
  /** Mean time that the servers' own proxies had such a request: limits of clients are no part of it. */
  readonly serverMs: number;
  /** What its connections cost; none where that was not seen. */
  readonly cost?: ConnectionCost;
}

/** What the connections of a trial cost. */
export interface ConnectionCost {
  /** Connections that clients' sidecars opened to the service, per second. */
  readonly opened: number;
  /** CPU of all sidecars for each request, in milliseconds; none where nobody says. */
  readonly cpuMs?: number;
}

/** The answer to an `Ask`, and what has been used up by then. */
export interface Told extends Measured {
  readonly spent: Budget;
}

/** What a search has come to. */
export interface Conclusion {
  /**
   * `found`: limits that were proven. `missed`: no limits meet the objective; `limits` come nearest. `undecided`: the
   * budget was used up before a proof.
   */
  readonly ended: 'found' | 'missed' | 'undecided';
  /** What did not hold in the last proof, in words. */
  readonly missed: readonly string[];
  /** For each client; none when nothing is known yet. */
  readonly limits: PoolLimits | undefined;
  readonly intervals: Readonly<Partial<Record<LimitName, Interval>>>;
  /** Why the search for limits stopped. */
  readonly stopped: 'narrow enough' | 'budget';
  /** Whether a pool smaller by a tenth missed the objective, where that was tried. */
  readonly tenthLess?: { readonly limits: PoolLimits; readonly missed: readonly string[] };
  /** Between which rates the objective ceases to hold with these limits; `high` is none where it still held. */
  readonly knee?: { readonly low: number; readonly high: number | undefined };
  readonly inferred: Inferred | undefined;
  /** PoolLimits whose answer is a bound that was given or derived, with which. */
  readonly edges: readonly {
    readonly name: LimitName;
    readonly edge: 'lowest' | 'highest';
    readonly given: boolean;
  }[];
}

/** What a search has concluded about the service from its first trials. */
export interface Inferred {
  readonly serviceMs: number;
  readonly serviceVariation: number;
  /** Requests under way at the nominal rate, of all clients. */
  readonly underWay: number;
  /** What the servers got done when nobody limited them and more came; `saturated` when that was less than came. */
  readonly capacity: { readonly perSecond: number; readonly saturated: boolean } | undefined;
  /** What of an earlier run theory goes by; none where there was none. */
  readonly drawn?: { readonly service: boolean; readonly capacity: boolean };
  /** What theory expects of each limit, before any trial with limits. */
  readonly expected: PoolLimits;
  /** The same if requests came at random instead of evenly spaced. */
  readonly expectedAtRandom: PoolLimits;
}
