import type { Origin, Unused } from '../../model/effective.ts';
import type { Distrust } from '../../model/ending.ts';
import type { Detections } from '../../model/evidence.ts';

/** What a request asked for, as far as routes look at it. */
export interface AskedFor {
  /** Host name that was called; the service's own name unless given. */
  readonly authority?: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a request ended, in words of no mesh in particular. */
type Ended =
  /** Refused since something was full. */
  | 'overflow'
  /** There was no host that may be used. */
  | 'no-host'
  /** The host could not be reached, or the two did not agree on TLS. */
  | 'connect'
  /** The two did not agree on TLS. */
  | 'tls'
  /** The other side closed the connection or the stream before it had answered. */
  | 'reset'
  | 'timeout'
  /** A policy refused it. */
  | 'denied'
  | 'rate-limited'
  /** A sidecar protected itself or its host. */
  | 'overload'
  /** No route took it. */
  | 'no-route'
  /** The route leads to a cluster that is not there. */
  | 'no-cluster'
  /** The mesh itself made the error, as it was told to. */
  | 'injected'
  /** The caller went away. */
  | 'client-gone'
  /** The host answered with something that its protocol does not know. */
  | 'protocol'
  /** The app gave this answer. */
  | 'answered'
  /** Nobody here has a word for it. */
  | 'other';

/** Calls of one service from one sidecar, and which of them. */
interface About {
  /** Instance that called. */
  readonly client: string;
  readonly service: string;
  /** As the sidecar's log names them, where it does. */
  readonly cluster?: string;
  readonly route?: string;
  /** Tells which route took it where the log does not. */
  readonly request?: AskedFor;
}

/** Why did requests end like this? */
export interface RequestQuestion extends About {
  readonly ended: Ended;
  /** The service whose app called; none where it was the client of a load. */
  readonly caller?: string;
  /** Whose sidecar ended them. */
  readonly side: 'client' | 'server';
  /** The instance that was called, where its sidecar ended them. */
  readonly server?: string;
  /** Of a timeout: the whole request unless given; of an overflow: a request unless given; of a connection: its idle time. */
  readonly of?: 'attempt' | 'idle' | 'lifetime' | 'retry';
  readonly status?: number;
  /** It would have been tried again, and too many retries were on their way. */
  readonly untried?: true;
  /** Of a refusal by policy: its name as the log has it; "none" when nothing allowed the request. */
  readonly policy?: string;
  /** Of a refusal: who decided, where it was no policy of the mesh's own. */
  readonly decidedBy?: 'authorizer' | 'token';
  /** Of a handshake that failed: whose certificate was not accepted, and why. */
  readonly distrust?: Distrust;
  /** Of a handshake that failed: what the two sides had none of in common. */
  readonly apart?: 'version';
  /** A filter asked for it by itself, beside the request's own way, and had no answer of a host. */
  readonly beside?: true;
  /** A fault was on at the server then, which may be all there is to it; "app": it was of its app alone. */
  readonly underFault?: true | 'app';
  /** They are connections to the sidecars, which pass on bytes. */
  readonly ofBytes?: true;
  /** How long it took at least until they ended so, where that tells more. */
  readonly afterMs?: number;
  /** The network to the server was cut then, so that nothing came through. */
  readonly cutOff?: true;
  /** The sidecar's own words, for an ending that nobody has a word for. */
  readonly said?: string;
}

/** What the hosts did that should have been ejected. */
export interface Misbehaviour {
  /** Names of the instances. */
  readonly instances: readonly string[];
  /** Their localities. */
  readonly localities: readonly string[];
  /** Where sidecars call them: "127.1.2.3:8080". */
  readonly addresses: readonly string[];
  /** They answered with this status; undefined: they did not answer, or not as an error. */
  readonly status?: number;
  /** They took requests, and answered late or never. */
  readonly late?: true;
}

/** What a mesh may be expected to do. */
export type Expected =
  | 'overflow'
  /** Bad hosts are ejected. */
  | 'ejection'
  /** Good ones are not. */
  | 'no-ejection'
  /** Bad hosts get no traffic, as ejected ones do not. */
  | 'avoidance'
  /** Traffic goes to hosts that are further away. */
  | 'failover'
  /** Traffic leaves bad hosts, wherever the good ones are. */
  | 'takeover'
  /** Traffic comes back to hosts that are well again. */
  | 'return'
  /** Traffic is spread over hosts as wanted. */
  | 'spread'
  /** Connections carry one request after the other. */
  | 'reuse'
  /** Connections are closed, and new ones opened in their place. */
  | 'renewal'
  | 'low-latency'
  /** What is refused is refused at once. */
  | 'quick-refusal'
  /** Errors of hosts reach their callers. */
  | 'errors'
  /** Requests above a limit of their rate are refused. */
  | 'rate-limit'
  /** A sidecar answers with what it has kept, and alike requests at once come to one. */
  | 'caching'
  /** An app is asked, rather than a cache. */
  | 'asking'
  /** Sidecars report as many requests as traces as they should. */
  | 'tracing'
  /** Metrics count what was asked and answered. */
  | 'metrics'
  /** Sidecars cost no more than they must. */
  | 'cheapness';

/** What the client's sidecar counted meanwhile; what is left out nobody looked at. */
export interface Seen {
  /** The most that were open, and that waited for a connection, at once. */
  readonly connections?: number;
  readonly pending?: number;
  /** Requests refused since something was full. */
  readonly overflow?: number;
  readonly retries?: number;
  /** How often a host was found to misbehave; how often one was ejected, and how often not since too many were out. */
  readonly detections?: Detections;
  readonly ejections?: number;
  readonly ejectionsRefused?: number;
  /** Requests for which no host's health counted, too few being healthy. */
  readonly panics?: number;
  /** Requests that a time of the whole request cut off. */
  readonly timeouts?: number;
  /** Until how long after the fault one of its targets was out, or until the end of all; undefined where none was. */
  readonly out?: { readonly forMs: number; readonly toTheEnd: boolean };
}

/** Why did what was expected not come? */
export interface CheckQuestion extends About {
  readonly expected: Expected;
  /** How many hosts have to be out at once; one unless given. */
  readonly hosts?: number;
  /** How long answers may take, where they took longer. */
  readonly withinMs?: number;
  readonly seen?: Seen;
  readonly misbehaviour?: Misbehaviour;
}

/** A setting that is behind something: its name, its value in effect, and where that comes from. */
export interface NamedSetting {
  /** "maxEjectionPercent", as the mesh calls it, or what it limits. */
  readonly name: string;
  readonly value: string;
  readonly from: Origin;
}

/** The answer. Not known is one: a wrong reason is worse than none. */
export type Reason =
  | {
      readonly known: true;
      /** One or two sentences. */
      readonly cause: string;
      /** The ones that decided, the most telling first. */
      readonly settings: readonly NamedSetting[];
      /** What was written to the purpose and is not in effect, and why. */
      readonly instead: readonly Unused[];
    }
  | { readonly known: false; readonly why: string };
