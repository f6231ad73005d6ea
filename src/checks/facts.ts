import type { Refuser } from '../model/ending.ts';
import type { Outcome } from '../model/evidence.ts';
import type { InstanceSelector } from '../model/topology.ts';
import type { Window } from './contract.ts';

/** The latencies of a set of requests, every one of them: percentiles are exact and never averaged. */
export interface Latencies {
  readonly count: number;
  /** Latency in milliseconds at a percentile from 0 to 100 (nearest rank); undefined without samples. */
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
  /** When the first target was about to get it; nothing after this is steady state. */
  readonly injectingAtMs: number | undefined;
  /**
   * From when it was on: when the last target had it, or when its way in began where that is part of the fault;
   * undefined when it was never injected.
   */
  readonly injectedAtMs: number | undefined;
  /** When taking it back began, and when the last target was free of it. */
  readonly revertingAtMs: number | undefined;
  readonly revertedAtMs: number | undefined;
}

/** One change of the mesh configuration as it really happened; times in milliseconds from the start of the load. */
export interface ChangeRecord {
  readonly name: string;
  readonly description: string;
  readonly plannedAtMs: number;
  /** When it was about to be made; undefined when it never was. */
  readonly changingAtMs: number | undefined;
  /** The outage of the control plane that was on then, and when that was over: nobody hears of a change before. */
  readonly heldUp?: { readonly fault: string; readonly untilMs: number | undefined } | undefined;
  /** When every sidecar held it. */
  readonly arrivedAtMs: number | undefined;
  /** Why a sidecar did not take it, with where that is written: the trial has ended with that. */
  readonly refused?: string | undefined;
  /** Instance → milliseconds until its sidecar held it. */
  readonly arrivals: Readonly<Record<string, number>>;
  /** What its guard made of it, where it has one that came to an end. */
  readonly guard: GuardRecord | undefined;
}

/** What came of the guard of a change. */
interface GuardRecord {
  /** "success rate at least 99 % over 2 s". */
  readonly description: string;
  /** "71.2 % of 198 requests": what it rolled back for, or the worst that it saw; undefined where it could never say. */
  readonly saw: string | undefined;
  /** When rolling back began, and when every sidecar held what was in effect before; undefined when it held. */
  readonly rolledBack: { readonly atMs: number; readonly doneAtMs: number | undefined } | undefined;
}

/** One probe in a window. */
export interface ProbeFacts {
  /** "GET /admin from frontend to edge-app". */
  readonly text: string;
  readonly expected: string;
  /** What came most often of what was not expected; what came at all where everything was. */
  readonly came: string;
  readonly sent: number;
  /** Answers of which enough is known to judge them. */
  readonly known: number;
  readonly met: number;
}

/** What sidecars told of requests as traces. */
export interface TraceFacts {
  /** Requests that some sidecar told of. */
  readonly sampled: number;
  /** Those of them of which every sidecar on the way told, retries included, all in one trace. */
  readonly whole: number;
  /** What is wrong with most of the others: "edge-app calls onward outside the trace of its request". */
  readonly flaw?: { readonly text: string; readonly count: number };
}

/** Something that was counted twice: by the mesh's metrics, and by those who saw it. */
interface Counted {
  readonly name: string;
  readonly told: number;
  readonly seen: number;
}

/** What a mesh's metrics counted of all loads, beside what clients saw. */
export interface MetricsFacts {
  /** Requests that clients had no answer to: of them metrics may tell either way. */
  readonly silent: number;
  /** By class: "2xx", "5xx". */
  readonly answers: readonly Counted[];
  /** What the sidecar ended itself, by why; as clients cannot know that, it is its log that has seen it. */
  readonly refused: readonly Counted[];
  /** Answers of hosts, and by each bound of the metrics how many took no longer: as clients saw them, between two numbers. */
  readonly latency: {
    readonly told: number;
    readonly seen: number;
    readonly bounds: readonly {
      readonly atMostMs: number;
      readonly told: number;
      readonly least: number;
      readonly most: number;
    }[];
  };
}

/** Everything checks may ask about a run. Pure data and pure questions; made from the evidence. */
export interface RunFacts {
  /**
   * The same without what callers gave up waiting for while this machine had no processor to spare, all of that time or
   * nearly so; undefined where there is no such request.
   */
  readonly spared: RunFacts | undefined;
  readonly durationMs: number;
  readonly faults: readonly FaultRecord[];
  readonly changes: readonly ChangeRecord[];
  readonly windows: readonly Window[];
  /**
   * Finished requests in a window, by when they were due.
   * A request in flight when a fault comes belongs to the fault, not to the time before it.
   */
  count(
    window: Window,
    filter?: { outcome?: Outcome; status?: number; slowerThanMs?: number; refusedBy?: Refuser },
  ): number;
  /** The same, apart for each whole slot of so many milliseconds from the start of the window on. */
  countInSlots(window: Window, slotMs: number, filter?: { outcome?: Outcome }): readonly number[];
  /**
   * How many requests of a window some host answered, and how many of them some instances did. Of a service that only
   * apps call it is those calls that are counted, and not the requests that they were made for.
   */
  answered(window: Window, instances: readonly string[]): { readonly all: number; readonly by: number };
  /**
   * How often the requests of a window were sent to a host, first attempts included; or how often something was sent
   * to a service for them, by clients and by apps. `at-most`: as often as it might have been on a machine with processors
   * to spare, since whoever is slow for the lack of them tries less often before the time for the request is over.
   */
  attempts(window: Window, service?: string, told?: 'as-seen' | 'at-most'): number;
  /**
   * How many requests reached an app for those of a window: of the service that the load calls, or of another one for
   * which apps called it. What a sidecar refused or answered from a cache did not.
   */
  originRequests(window: Window, service?: string): number;
  /**
   * How old the answers were that came from a cache: time since an app had last answered the load. Where none had
   * in this load, such as for what was in the cache before, that is not known, and counts as no time.
   */
  cacheAges(window: Window): Latencies;
  /** Requests of an outcome that ended in a window, whenever they were due. */
  ended(window: Window, outcome: Outcome): number;
  /**
   * Latency from the moment a request was due; `at-best`: less the time in which the machine may have had no
   * processor to spare, which is the most that a larger one could take from it.
   */
  latency(window: Window, of: 'all' | 'successful' | 'shed', told?: 'as-seen' | 'at-best'): Latencies;
  /**
   * A percentile of a load, or of the only one, by k6's own clock, and the same of its requests past the mesh; `spreadMs`:
   * by how much the slower of these are slower than most. Undefined where nothing went past the mesh.
   */
  addedLatency(
    load: string | undefined,
    percentile: 50 | 95,
  ):
    | {
        readonly withMs: number;
        readonly withoutMs: number;
        readonly spreadMs: number;
        /** The share of the load in which this machine had no processor to spare. */
        readonly starved: number;
        readonly samples: number;
      }
    | undefined;
  /**
   * Processor time of sidecars in a window and the requests that passed them meanwhile, and the most memory that one of
   * them took; of all unless some are named.
   */
  sidecarUse(
    window: Window,
    of?: InstanceSelector,
  ): {
    readonly cpuMs: number;
    readonly requests: number;
    readonly mostRssBytes: number | undefined;
    readonly samples: number;
  };
  /** What the mesh's metrics counted of the whole of all loads; undefined where nobody has read them. */
  readonly metrics: MetricsFacts | undefined;
  /** What sidecars told of the requests of a window; `retried`: of those that were sent to more than one host. */
  traces(window: Window, of: 'all' | 'retried'): TraceFacts;
  /** Every probe, or those of one name: what was sent in a window, and what came of it. */
  probes(window: Window, name?: string): readonly ProbeFacts[];
  /** Names of instances by workload, zone or replica. */
  instancesOf(of: InstanceSelector): readonly string[];
  /** Requests the client's sidecar refused because a pool was full (by the sidecars' own count). */
  overflow(window: Window): { readonly value: number; readonly samples: number };
  /** Connections that the clients' sidecars opened, and requests that ended meanwhile (by the sidecars' own count). */
  connections(window: Window): { readonly opened: number; readonly requests: number };
  /** Ejections seen by clients in the window: how often an instance went from healthy to ejected. */
  ejections(
    window: Window,
    instances?: readonly string[],
  ): { readonly value: number; readonly samples: number };
  /** First moment at or after `fromMs` when every one (or any one) of the instances is ejected at some client. */
  firstEjected(fromMs: number, instances: readonly string[], which: 'any' | 'all'): number | undefined;
  /**
   * First moment at or after `fromMs` (and before `untilMs`) from which on, for `holdMs` (all of it before `untilMs`), at least `success` of the
   * requests succeed, in `slowestMs` where that is given, and the instances' share of answered requests satisfies
   * `share`. Undefined: it never came.
   */
  firstSettled(question: {
    fromMs: number;
    untilMs: number;
    holdMs: number;
    success: number;
    slowestMs?: number;
    instances: readonly string[];
    share: { atMost?: number; atLeast?: number };
  }): number | undefined;
}
