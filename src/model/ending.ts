/** Why a request ended as it did, in words that hold for every mesh. */
export type Reason =
  /** Nothing on the way is to blame: the host answered, well or badly. */
  | 'none'
  /** A limit of connections or requests was reached. */
  | 'overflow'
  /** More requests came than a rate limit allows. */
  | 'rate-limited'
  /** A sidecar protected itself or its host: adaptive concurrency, admission control, no memory to spare. */
  | 'overload'
  /** There was no host to send it to, or none that is healthy. */
  | 'no-host'
  /** No route matched. */
  | 'no-route'
  /** The route leads to something that is not there. */
  | 'no-cluster'
  /** Somebody who decides about access refused it. */
  | 'denied'
  /** The mesh configuration under test answers in place of the host: an abort, a direct response. */
  | 'injected'
  /** No connection to the host came about. */
  | 'connect'
  /** The two sides could not agree on TLS. */
  | 'tls'
  /** The connection, or the request on it, broke off before the answer was whole. */
  | 'reset'
  /** A time limit of the mesh ran out. */
  | 'timeout'
  /** The caller went away before the answer was whole. */
  | 'client-gone'
  /** The host answered with something that its protocol does not know. */
  | 'protocol'
  /** A sidecar ended it for a reason that none of these names. */
  | 'other';

/** Why a connection ended before a request came of it. */
export type NoRequest =
  /** The sidecar takes nothing in that is like it: plaintext where it takes TLS only. */
  | 'not-taken'
  /** What came was not the protocol that it takes: TLS where it takes plaintext. */
  | 'not-understood'
  /** Whoever opened it to a sidecar that takes nothing without one showed no certificate. */
  | 'no-certificate'
  /** The sidecar closed it at once, before anything was said on it: more are open than it takes. */
  | 'turned-away'
  /** It was passed on as bytes: what was asked on it no sidecar knows. */
  | 'bytes';

/** Whose sidecar. */
export type Side = 'client' | 'server';

/** The status of what a limit of the rate refuses. */
export const TOO_MANY_REQUESTS = 429;

/** Who may refuse a request: either side's sidecar, or the app that it was for. */
export const refusers = ['client', 'server', 'app'] as const;
export type Refuser = (typeof refusers)[number];

/** "refused by the server's sidecar". */
export const refusalText = (refuser: Refuser) =>
  refuser === 'app' ? 'refused by the app' : `refused by the ${refuser}'s sidecar`;

/** How a request ended in the sidecar's own words, for people. */
export interface RawEnding {
  /** What the sidecar calls it, in short; "-" when it has no word for it. */
  readonly flag: string;
  readonly details: string;
  /** Where it was to go, as the sidecar names it; "-" when that was never decided. */
  readonly destination: string;
}

/** What more a sidecar's words say of an ending, for whoever looks for the setting behind it. */
export interface Clues {
  /** Which time ran out, where it was not that of the whole request; that of a connection that was still opening may be too. */
  readonly time?: 'attempt' | 'idle' | 'lifetime';
  /** What kept the request from being tried again. */
  readonly retry?: 'used-up' | 'refused';
  /** Who refused it: a policy by the name that the sidecar has for it, "none" when nothing allowed it. */
  readonly policy?: string;
  /** Who else decided about access: a service that was asked, or the check of a token. */
  readonly decidedBy?: 'authorizer' | 'token';
  /** A filter asked for it by itself, beside the request's own way, and had no answer of a host. */
  readonly beside?: true;
  /** Of two that did not agree on TLS, where one did not accept the certificate of the other. */
  readonly distrust?: Distrust;
  /** Of two that did not agree on TLS: that they speak no version of it in common. */
  readonly apart?: 'version';
}

/** A certificate that was not accepted. */
export interface Distrust {
  /** Whose it is. */
  readonly of: Side;
  /** It names another identity than it has to; its time is over; nobody who is trusted has signed it. */
  readonly since: 'identity' | 'expired' | 'authority' | 'unknown';
}

/** How a request ended, as one line of a sidecar's log says. Every combination is told once. */
export interface LoggedEnding {
  readonly reason: Reason;
  /** 0 when there was no answer; of a call of gRPC the one of HTTP that says what its own status does. */
  readonly status: number;
  /** Whether the status is the host's, rather than one that this sidecar made in its place. */
  readonly fromHost: boolean;
  /** Whether the answer went out whole. */
  readonly whole: boolean;
  /** Whether it is one that the sidecar had kept, and nobody was asked for it. */
  readonly fromCache?: true;
  /** Address it went to last, or "-". */
  readonly host: string;
  /** The service called by its short name, or "-". */
  readonly service: string;
  /** From this sidecar to another one, or to the app beside it; "none" when that was never decided. */
  readonly direction: 'outbound' | 'inbound' | 'none';
  /** How often it was sent to a host, retries included. */
  readonly attempts: number;
  /** None where there is nothing more to say. */
  readonly clues?: Clues;
  /** Where the line is not about a request, but about a connection. */
  readonly noRequest?: NoRequest;
  readonly raw: RawEnding;
}
