import type { Origin, Unused } from '../../model/effective.ts';

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
  /** Whose sidecar ended them. */
  readonly side: 'client' | 'server';
  /** The instance that was called, where its sidecar ended them. */
  readonly server?: string;
  /** Of a timeout: the whole request unless given; of an overflow: a request unless given. */
  readonly of?: 'attempt' | 'idle' | 'lifetime' | 'retry';
  readonly status?: number;
  /** Of a refusal by policy: its name as the log has it; "none" when nothing allowed the request. */
  readonly policy?: string;
  /** Of a refusal: who decided, where it was no policy of the mesh's own. */
  readonly decidedBy?: 'authorizer' | 'token';
  /** The sidecar's own words, for an ending that nobody has a word for. */
  readonly said?: string;
}

/** What the hosts did that should have been ejected. */
export interface Misbehaviour {
  /** Names of the instances. */
  readonly instances: readonly string[];
  /** Their localities. */
  readonly localities: readonly string[];
  /** They answered with this status; undefined: they did not answer. */
  readonly status?: number;
}

/** What a mesh may be expected to do. */
export type Expected =
  | 'overflow'
  /** Bad hosts are ejected. */
  | 'ejection'
  /** Traffic goes to hosts that are further away. */
  | 'failover'
  /** Traffic leaves bad hosts, wherever the good ones are. */
  | 'takeover'
  /** Traffic is spread over hosts as wanted. */
  | 'spread'
  | 'low-latency';

/** Why did what was expected not come? */
export interface CheckQuestion extends About {
  readonly expected: Expected;
  /** How many hosts have to be out at once; one unless given. */
  readonly hosts?: number;
  /** The most that was seen at once in the client's sidecar. */
  readonly seen?: { readonly connections: number; readonly pending: number };
  readonly misbehaviour?: Misbehaviour;
  /** Whether requests waited for a connection. */
  readonly waited?: boolean;
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
