import type { Window } from './contract.ts';

/** How a request ended, as its caller saw it. */
export type Outcome =
  /** 1xx to 3xx. */
  | 'ok'
  /** Refused by the client's own sidecar to protect the service: overflow (UO), rate limits. */
  | 'shed'
  /** Any other answer of 400 and above. */
  | 'error'
  /** No answer: reset, timed out, given up. */
  | 'unanswered';

export const outcomes = ['ok', 'shed', 'error', 'unanswered'] as const satisfies readonly Outcome[];

/** A set of latencies that can be merged and asked for percentiles; never averaged. */
export interface LatencyHistogram {
  readonly count: number;
  /** Latency in milliseconds at a percentile from 0 to 100; undefined without samples. */
  percentile(percentile: number): number | undefined;
}

/** One fault as it really happened; times in milliseconds from the start of the load. */
export interface FaultRecord {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  /** Names of the instances it hit. */
  readonly targets: readonly string[];
  readonly plannedAtMs: number;
  readonly plannedForMs: number;
  /** When the last target had it; undefined when it was never injected. */
  readonly injectedAtMs: number | undefined;
  /** When taking it back began, and when the last target was free of it. */
  readonly revertingAtMs: number | undefined;
  readonly revertedAtMs: number | undefined;
}

/** Everything checks may ask about a run. Pure data and pure questions; made from the evidence. */
export interface RunFacts {
  readonly durationMs: number;
  readonly faults: readonly FaultRecord[];
  readonly windows: readonly Window[];
  /** Finished requests in a window, by when they were due; optionally only those answered by some instances. */
  count(window: Window, filter?: { outcome?: Outcome; instances?: readonly string[] }): number;
  /** Latency from the moment a request was due. */
  latency(window: Window, of: 'all' | 'successful' | 'shed'): LatencyHistogram;
  /** Names of instances by workload, zone or replica. */
  instancesOf(of: {
    service?: string;
    workload?: string;
    replica?: number;
    zone?: string;
  }): readonly string[];
  /** Requests the client's sidecar refused because a pool was full (Envoy's own counters). */
  overflow(window: Window): { readonly value: number; readonly samples: number };
  /** Ejections seen by clients in the window: how often an instance went from healthy to ejected. */
  ejections(
    window: Window,
    instances?: readonly string[],
  ): { readonly value: number; readonly samples: number };
  /** First moment at or after `fromMs` when every one (or any one) of the instances is ejected at some client. */
  firstEjected(fromMs: number, instances: readonly string[], which: 'any' | 'all'): number | undefined;
  /**
   * First moment at or after `fromMs` (and before `untilMs`) from which on, for `holdMs`, at least `success` of the
   * requests succeed and the instances' share of answered requests satisfies `share`. Undefined: it never came.
   */
  firstSettled(question: {
    fromMs: number;
    untilMs: number;
    holdMs: number;
    success: number;
    instances: readonly string[];
    share: { atMost?: number; atLeast?: number };
  }): number | undefined;
}
