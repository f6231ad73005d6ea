import type { GatewayKind, Role } from './topology.ts';
import type { SpanCounts } from './tracing.ts';

/**
 * Everything a run observed, as files in `reports/<run id>/evidence/`:
 *
 *   access/<instance>.log   lines as the mesh's sidecars write them, one per request
 *   statistics.jsonl        `StatisticsSample`, one per client sidecar and sample
 *   processes.jsonl         `ProcessSample`, one per program and sample
 *   machine.jsonl           `MachineSample`, one per sample; none where the system does not say
 *   timer.json              `TimerNoise`
 *   journal.jsonl           `JournalEntry`, faults and changes as they were made and taken back
 *   credentials.jsonl       `CredentialsSample`, what sidecars showed and trusted in the course of faults of certificates
 *   effective.json          `EffectiveAnswers`, what sidecars held before the loads began
 *   effective-N.json        the same after the Nth change of the configuration, counted from 1
 *   metrics.json            `MetricsAnswers`, what clients' sidecars counted before and after the loads, where a check asks for it
 *   loads.json              `LoadTotals` of every load, what k6 itself counted
 *   direct.json             `LoadTotals` of the same requests past the mesh, of loads that send them
 *   probes.jsonl            `ProbeResult` of every request of a probe
 *   spans.jsonl             what sidecars reported of traces, one report a line, as it came: {"zipkin": […]} or {"otlp": "base64"}
 *   run.json                `RunContext`, who is who: instances, addresses, programs
 *
 * Wall-clock times are epoch milliseconds with a fraction. Files may be large; readers stream them.
 */

/**
 * Header in which a load says when a request was due, in epoch milliseconds with a fraction: "1750000000123.45".
 * Where one client sends several loads, the load's mark follows: "1750000000123.45;1"; a request of a closed loop,
 * which is never due, then has the mark alone: ";1". A script of the user's own says nothing.
 */
export const DUE_HEADER = 'x-breakwater-due';

/** How a request of one of several loads says which: by its number in loads.json, counted from 0. */
export const loadMark = (number: number) => `;${number}`;

/** How a request of a probe says which, in the place of a due time: by its number, a dot and a count of its own. */
export const probeMark = (number: number) => `;p${number}`;

/** How a call onward says, in the place of a due time, that an app has made it: of which request its id tells. */
export const CALL_MARK = ';c';

/** One answer to a probe, or that none came, as k6 saw it; probes.jsonl has one a line. */
export interface ProbeResult {
  /** Number of the probe. */
  readonly probe: number;
  /** Which of its requests, counted from 0. */
  readonly count: number;
  /** Epoch milliseconds. */
  readonly sentAt: number;
  readonly durationMs: number;
  /** 0 when no answer came. */
  readonly status: number;
  /** k6's number for what went wrong: https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
  readonly errorCode: number;
  /** The instance that said so in its answer. */
  readonly instance?: string;
  /** Those headers of the answer that are expected to be there or not, by their names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a load generator is called among processes and logs: "k6"; "k6.1", "k6.2" where several share a load; and
 * with the load's name where a trial has several: "k6-checkout", "k6-checkout.1". No load's name has a dot, so that
 * no two generators have one name.
 */
export const generatorName = (index: number, count: number, load?: string) =>
  `k6${load === undefined ? '' : `-${load}`}${count === 1 ? '' : `.${index + 1}`}`;
export const isGenerator = (name: string) => /^k6([-.][^/]+)?$/.test(name);

/** What one client sidecar knew about one service at one moment. */
export interface StatisticsSample {
  /** Epoch milliseconds of the answer. */
  readonly t: number;
  /** The client instance. */
  readonly instance: string;
  /** The service called. */
  readonly service: string;
  /** Counters since the sidecar started, gauges now; names are the mesh-neutral ones. */
  readonly overflow: number;
  readonly connections: number;
  /** Connections to its hosts since the sidecar started. */
  readonly opened: number;
  readonly pending: number;
  readonly active: number;
  readonly retries: number;
  /** Requests that ended with a status, and those of them that did with 400 or above, what was refused among them. */
  readonly completed: number;
  readonly failed: number;
  /** Requests of this client that no service got, since its routes led nowhere or made them fail. */
  readonly strayed: number;
  readonly ejectionsTotal: number;
  readonly ejectionsActive: number;
  /** Hosts that were to be ejected and were not, since as many as may be were out already. */
  readonly ejectionsRefused: number;
  readonly detections: Detections;
  /** Requests for which no host's health counted, too few being healthy. */
  readonly panics: number;
  /** Streams that the sidecar has opened to the control plane or tried to, and updates it has had through them. */
  readonly controlPlane: { readonly streams: number; readonly updates: number };
  /** By address ("127.1.2.3:8080"), every host of the service. */
  readonly hosts: readonly HostSample[];
}

/** How often a host was found to misbehave, by what gave it away; whether it was ejected is another matter. */
export interface Detections {
  /** Answers of 500 and above in a row, and what counts as such. */
  readonly errors: number;
  /** 502, 503 and 504 in a row. */
  readonly gatewayErrors: number;
  /** Failed connections and timeouts in a row, where they count apart. */
  readonly localErrors: number;
  /** It did worse than the others. */
  readonly comparisons: number;
}

export interface HostSample {
  readonly address: string;
  readonly ejected: boolean;
  readonly healthy: boolean;
}

/** One program at one moment. CPU is counted since the program started. */
export interface ProcessSample {
  readonly t: number;
  /** "k6", "harness", "istiod", "edge-app-east-1/app", "edge-app-east-1/sidecar". */
  readonly name: string;
  readonly pid: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The processors of the machine that lab and load share, at one moment. */
export interface MachineSample {
  readonly t: number;
  readonly cpus: number;
  /** Time that all of them together had nothing to run, since the machine started. */
  readonly idleMs: number;
}

/** How late a sleeping thread woke up on this machine during the run, in milliseconds. */
export interface TimerNoise {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Faults on disk: written before the fault is made and after it is taken back. Times are epoch milliseconds. */
export type JournalEntry =
  | { readonly t: number; readonly event: 'load-started' | 'load-ended' }
  | {
      readonly t: number;
      /**
       * injecting: about to; injected: done; reverting: about to; reverted: done; failed: could not; left: the
       * run was interrupted, and what stands still goes with its environment.
       */
      readonly event: 'injecting' | 'injected' | 'reverting' | 'reverted' | 'failed' | 'left';
      readonly fault: string;
      /** What the action is done to, described. */
      readonly target: string;
      readonly error?: string;
    }
  | {
      readonly t: number;
      /**
       * changing: about to; changed: every sidecar holds it; refused: one does not take it, and the trial ends;
       * guarded: its guard came to its end and held;
       * rolling-back: it did not, and everything is about to be as before the first change; rolled-back: it is;
       * restoring, restored: the same at the end of the trial, for the last change that was made.
       */
      readonly event:
        | 'changing'
        | 'changed'
        | 'refused'
        | 'guarded'
        | 'rolling-back'
        | 'rolled-back'
        | 'restoring'
        | 'restored';
      readonly change: string;
      /** Instance → milliseconds until its sidecar held it; of what every sidecar holds. */
      readonly arrivals?: Readonly<Record<string, number>>;
      /** What a guard saw: "71.2 % of 198 requests"; absent where too few ended for it to say anything. */
      readonly saw?: string;
      /** Who did not take it and why, with where it is written; of what was refused. */
      readonly why?: string;
    };

/** What k6 counted itself of one load; the other side of the reconciliation. */
export interface LoadTotals {
  /** Of the load. */
  readonly name: string;
  /** The service through whose sidecars its requests went. */
  readonly from: string;
  readonly exitCode: number;
  /** Epoch milliseconds of the first iteration's due time. */
  readonly startedAt: number;
  readonly iterations: number;
  readonly droppedIterations: number;
  readonly requests: number;
  /** Answers by class: "2xx", "3xx", "4xx", "5xx", and "none" where no answer came. */
  readonly answers: Readonly<Record<string, number>>;
  /**
   * p50 and p95 by k6's own clock: all requests, from when each was sent. No check uses it: it is what the
   * logs are compared with. Empty for several k6 (percentiles cannot be merged) and for a script of one's own.
   */
  readonly latencyMs: Readonly<Record<string, number>>;
  readonly maxUsers: number;
  /** Whether the requests carry DUE_HEADER; a script of one's own may not. */
  readonly carriesDue: boolean;
  /** To the sidecars each request is a connection on which bytes are passed on. */
  readonly ofBytes?: true;
  /** How the rate was meant to run; tells an open loop from a closed one. */
  readonly loop: 'open' | 'closed' | 'script';
  readonly cpus: number;
  /** What a script of the user's own says itself; absent for one that is generated. */
  readonly own?: ScriptFindings;
  /** It went on beyond its length, and was stopped. */
  readonly overran?: true;
}

/** What a k6 script of the user's own has found, in its own terms. */
export interface ScriptFindings {
  readonly thresholds: readonly {
    /** "http_req_duration", "checks{group:::login}". */
    readonly metric: string;
    /** "p(95)<500". */
    readonly expression: string;
    readonly holds: boolean;
    /** What it was held against; undefined where k6 does not tell. */
    readonly value?: number;
    /** Whether there was nothing to hold it against, which k6 takes for holding. */
    readonly empty: boolean;
  }[];
  /** Its `check()`s, by name with their groups. */
  readonly checks: readonly { readonly name: string; readonly passes: number; readonly fails: number }[];
  readonly complaints: readonly ScriptComplaint[];
}

/** Something that a script threw, or wrote with console.error, and how often. */
export interface ScriptComplaint {
  readonly what: 'exception' | 'console';
  readonly text: string;
  readonly count: number;
}

/** What sidecars answered when they were asked what they hold, in the mesh's own words: one answer for each question, by instance. */
export type EffectiveAnswers = Readonly<Record<string, readonly string[]>>;

/** One replica that a run knows. */
export interface InstanceContext {
  readonly name: string;
  readonly service: string;
  readonly workload: string;
  readonly replica: number;
  /** region/zone[/sub-zone]. */
  readonly locality: string;
  /** "127.1.2.3:8080" as clients' sidecars name it; a restarted pod may have had several. */
  readonly addresses: readonly string[];
  readonly role: Role;
  /** What a gateway is for. */
  readonly gateway?: GatewayKind;
  /** The network that it is in, where the topology has some. */
  readonly network?: string;
}

/** How a request ended, as its caller saw it. */
export type Outcome =
  /** 1xx to 3xx. */
  | 'ok'
  /** Refused by the client's own sidecar to protect the service: a full pool, a rate limit. */
  | 'shed'
  /** Any other answer of 400 and above. */
  | 'error'
  /** No answer: reset, timed out, given up. */
  | 'unanswered';

export const outcomes = ['ok', 'shed', 'error', 'unanswered'] as const satisfies readonly Outcome[];

/** Who is who in a run. */
export interface RunContext {
  readonly runId: string;
  readonly environment: string;
  readonly mesh: string;
  readonly instances: readonly InstanceContext[];
  /** Sidecars that rejected configuration during the run, with the reason they gave. */
  readonly rejections: readonly { readonly instance: string; readonly reason: string }[];
  /** Evidence that could not be had: a broken log stream, a sidecar that died with unwritten lines. */
  readonly gaps: readonly { readonly what: string; readonly fromMs: number; readonly toMs: number }[];
  /** Instance → what its sidecar said of the spans that it has reported meanwhile; where spans are taken. */
  readonly spans?: Readonly<Record<string, SpanCounts>>;
}
