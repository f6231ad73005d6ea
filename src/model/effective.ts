import type { InstanceContext } from './evidence.ts';
import type { GatewayKind } from './topology.ts';

/**
 * The configuration in effect: what each sidecar really holds, in words of no mesh in particular, each value
 * with where it comes from. Durations are milliseconds, shares 0 to 1.
 */
export interface EffectiveConfiguration {
  readonly sidecars: readonly Sidecar[];
}

/** A resource of the mesh by kind, namespace and name. */
export interface ResourceName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A field that the user wrote. */
export interface Setting {
  readonly by: 'setting';
  readonly resource: ResourceName;
  /** "spec.subsets[0].trafficPolicy.connectionPool.tcp.maxConnections". */
  readonly path: string;
  /** Its value as the user wrote it; undefined for a block. */
  readonly written?: string;
  /** As the user named it. */
  readonly file: string;
  readonly line: number;
}

/** Where a value in effect comes from. */
export type Origin =
  | Setting
  /** Nobody set it. `of` says whose default it is: "Istio", "Envoy"; `field` where it could be set. */
  | { readonly by: 'default'; readonly of: string; readonly field?: string | undefined }
  /** A resource that is not under test. */
  | { readonly by: 'resource'; readonly resource: ResourceName }
  /** The scenario says so: its topology, `mesh.mtls`. */
  | { readonly by: 'scenario' }
  /** The resource that should have it says something else; `maybe` are those that could have changed it. */
  | { readonly by: 'unknown'; readonly maybe: readonly Setting[] };

/** A value in effect, and where it comes from. */
export interface Told<T> {
  readonly value: T;
  readonly from: Origin;
}

/** What one sidecar holds, or the proxy of a gateway. */
export interface Sidecar
  extends Pick<InstanceContext, 'service' | 'workload' | 'locality' | 'role' | 'network'> {
  readonly instance: string;
  /** What it takes of others as a gateway; only of one. */
  readonly gateway?: GatewayHolds;
  /** Where its own calls go: hosts by name, each with its routes in order. */
  readonly hosts: readonly VirtualHost[];
  readonly clusters: readonly Cluster[];
  /** Names of the clusters to which it passes on connections as bytes, without routes; none unless given. */
  readonly bytesTo?: readonly string[];
  /** What its own calls pass before they are routed. */
  readonly filters: readonly Filter[];
  /** What it takes for its app, by port. */
  readonly inbound: readonly Inbound[];
  /** What it reports of its own calls and of what it takes; absent where nobody takes spans. */
  readonly tracing?: { readonly calls: Tracing; readonly served: Tracing };
  /** What changes the metrics of its calls: "counts them under another name"; none unless given. */
  readonly metrics?: readonly { readonly why: string; readonly setting: Told<string> }[];
  /** What the user wrote that is not in effect here, and why. */
  readonly unused: readonly Unused[];
}

/** What a gateway takes of others. */
export interface GatewayHolds {
  readonly kind: GatewayKind;
  /** Where others call it. */
  readonly port: number;
  /** Whether it listens there. */
  readonly listens: boolean;
  /** What it passes on as it is, by the name that a connection asks for; only between networks. */
  readonly passes: readonly PassedOn[];
  /** What it takes to route it by itself; only of an ingress gateway. */
  readonly takes: readonly TakenIn[];
  /** The kind of resource that makes it take anything, and whose that is. */
  readonly openedBy: { readonly name: string; readonly of: string };
}

/** Connections that a gateway takes from outside the mesh. */
export interface TakenIn {
  /** Those that ask for one of these; without TLS nobody asks for a name, and all are taken. */
  readonly names: readonly string[];
  /** The certificate that it shows, and the hosts that this is for; none without TLS. */
  readonly certificate: { readonly name: Told<string>; readonly hosts: readonly string[] } | undefined;
  /** The server of a gateway that says so. */
  readonly from: Origin;
}

/** Connections that a gateway passes on to a service, without looking into them unless it says so. */
export interface PassedOn {
  readonly service: string;
  readonly port: number;
  readonly subset: string | undefined;
  /** Their TLS ends there, and it calls the service itself. */
  readonly anew?: true;
  /** The server of a gateway that says so. */
  readonly from: Origin;
}

/** Which requests a sidecar reports as traces. */
export interface Tracing {
  /** The share of those that bring no decision along, 0 to 1; what does not matter where it reports none at all. */
  readonly sampled: Told<number>;
  /** To whom; undefined where it reports none. */
  readonly provider: Told<string> | undefined;
  /** Why it reports none, where it does not. */
  readonly off?: { readonly why: string; readonly settings: readonly Setting[] };
}

/** Names under which something is called on a port, and what becomes of such a request. */
export interface VirtualHost {
  readonly name: string;
  readonly port: number;
  /** "edge-app", "edge-app.default.svc.cluster.local", "*.example.com", "*". */
  readonly domains: readonly string[];
  /** The first that matches a request takes it. */
  readonly routes: readonly Route[];
}

/** One way to say which texts are meant. */
export interface TextMatch {
  readonly kind: 'exact' | 'prefix' | 'segments' | 'suffix' | 'contains' | 'regex' | 'present';
  readonly value: string;
  readonly ignoreCase?: true;
}

/** A header or a query parameter that has to match, or must not. */
export interface NamedMatch extends TextMatch {
  readonly name: string;
  readonly not?: true;
  /** One that is not there counts as one without a text. */
  readonly emptyIfMissing?: true;
}

/** Which requests a route takes: all that everything matches. */
export interface RouteMatch {
  readonly path: TextMatch;
  /** Method and authority are headers too: ":method", ":authority". */
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
  /** Something else has to match that nobody here can read, such as a part chosen at random. */
  readonly more?: true;
}

/** A cluster that a route leads to, and the share of its requests. */
export interface Destination {
  readonly cluster: string;
  /** Where that is, in words: "edge-app:8080 subset v1". */
  readonly place: string;
  readonly share: number;
}

export interface Retries {
  /** Attempts after the first; 0 for none. */
  readonly attempts: Told<number>;
  /** "connect-failure", "5xx", "503". */
  readonly conditions: Told<readonly string[]>;
  /** Of one attempt; null: as long as the route may take. */
  readonly perTryTimeoutMs: Told<number | null>;
}

/** What the mesh itself does to requests of a route, without asking the app. */
export interface InjectedFault {
  readonly delay?: Told<{ readonly ms: number; readonly share: number }>;
  readonly abort?: Told<{ readonly status: number; readonly share: number }>;
}

export type Action =
  | {
      readonly does: 'forward';
      /** Several by weight; none where the route leads to nothing. */
      readonly to: readonly Destination[];
      /** Where their weights are written, where that is not where the route is. */
      readonly weights?: Origin;
      /** For all attempts together; null: no limit. */
      readonly timeoutMs: Told<number | null>;
      readonly retries: Retries;
      /** "path prefix → /v2", "host → other". */
      readonly rewrites: readonly string[];
      /** Clusters that get a copy. */
      readonly mirrors: readonly Destination[];
    }
  | { readonly does: 'answer'; readonly status: number }
  | { readonly does: 'redirect'; readonly to: string; readonly status: number };

export interface Route {
  /** As its author named it. */
  readonly name: string | undefined;
  /** Where it is written. */
  readonly from: Origin;
  readonly match: RouteMatch;
  readonly action: Action;
  readonly fault: InjectedFault;
  /** What it writes into every answer: "cache-control: max-age=60". */
  readonly answers?: readonly Told<string>[];
}

/** What may be on the way to a cluster at once, for each sidecar. null: no limit. */
export interface Limits {
  readonly connections: Told<number | null>;
  /** Requests that wait for a connection. */
  readonly pending: Told<number | null>;
  /** Requests that have one. */
  readonly requests: Told<number | null>;
  readonly retries: Told<number | null>;
  readonly requestsPerConnection: Told<number | null>;
}

/** When a host is left out for a while. */
export interface OutlierDetection {
  /** The block as a whole. */
  readonly from: Origin;
  /** How many answers of 500 and above in a row; 0: they do not count. */
  readonly consecutiveErrors: Told<number>;
  /** How many of 502, 503 and 504 in a row; 0: they do not count by themselves. */
  readonly consecutiveGatewayErrors: Told<number>;
  /** Whether failed connections and timeouts count apart, instead of as answers of 500 and above. */
  readonly splitLocalOrigin: Told<boolean>;
  /** How many of those in a row, where they count apart. */
  readonly consecutiveLocalOrigin: Told<number>;
  readonly intervalMs: Told<number>;
  readonly baseEjectionMs: Told<number>;
  readonly longestEjectionMs: Told<number>;
  /** The most hosts that may be out at once, 0 to 1. */
  readonly mostEjected: Told<number>;
  /** Whether one host may be out whatever `mostEjected` says. */
  readonly alwaysOne: boolean;
}

/** Hosts of one place, and when they are used. */
export interface Zone {
  /** region/zone[/sub-zone]; empty when the mesh does not know. */
  readonly locality: string;
  /** 0 is used first; the next one when too few of those before are healthy. */
  readonly priority: number;
  /** Among zones of the same priority. */
  readonly weight: number | undefined;
  /** "127.1.2.3:8080"; none where there are replicas and the sidecar holds none of them. */
  readonly hosts: readonly string[];
}

/**
 * How zones are told apart. none: all hosts alike; failover: the nearest first, others when too few of those are
 * healthy; distribute: fixed shares.
 */
export type LocalityMode = 'none' | 'failover' | 'distribute';

/** off: plaintext; mesh: the mesh's own mTLS; auto: that wherever the host has a sidecar; others: the user's own. */
export type TlsMode = 'off' | 'auto' | 'mesh' | 'simple' | 'mutual';

/** How often a connection of HTTP/2 is asked whether the other side is still there, and how long that may take to answer. */
export interface Keepalive {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A service, or a subset of it, on one port, as a sidecar calls it. */
export interface Cluster {
  /** As the sidecar's log and statistics name it. */
  readonly name: string;
  /** Short name of a service of the topology, or the host. */
  readonly service: string;
  readonly subset: string | undefined;
  readonly port: number;
  /** The resource that its settings come from, when one does. */
  readonly rule: Origin | undefined;
  readonly limits: Limits;
  readonly connectTimeoutMs: Told<number>;
  readonly idleTimeoutMs: Told<number | null>;
  readonly protocol: Told<'http1' | 'http2' | 'as the caller'>;
  /** Requests that one connection of HTTP/2 carries at once; null: as many as the host takes. */
  readonly streams: Told<number | null>;
  /** null: a connection of HTTP/2 on which no answer comes stays open for as long as nobody closes it. */
  readonly keepalive: Told<Keepalive | null>;
  /** "least-request", "round-robin", "ring-hash". */
  readonly balancing: Told<string>;
  readonly outlierDetection: OutlierDetection | undefined;
  /** Hosts of each priority are a cluster by themselves, and the share that may be ejected is one of those. */
  readonly inParts?: true;
  readonly locality: Told<LocalityMode>;
  /** When fewer of the hosts than this are healthy, all get traffic, ejected ones too; 0 to 1. */
  readonly panicThreshold: Told<number>;
  readonly zones: readonly Zone[];
  /** Which hosts the subset picks: "version=v1"; where that is written. */
  readonly selects: Told<Readonly<Record<string, string>>> | undefined;
  readonly tls: Told<TlsMode>;
  /** Which versions of TLS it speaks; absent where nothing says it. */
  readonly tlsVersions?: TlsVersions;
  /** Identities that the host may have; none: any. */
  readonly identities: Told<readonly string[]>;
}

/** A policy among those that a filter holds, by the name that the sidecar logs. */
export interface Policy {
  readonly id: string;
  readonly resource: ResourceName | undefined;
  readonly from: Origin;
  /** What of it is not as it reads, in a sentence, where something is not. */
  readonly caveat?: string;
}

/** What becomes of some requests of some callers. */
export interface Rule {
  /** Service whose calls it is about; undefined: anybody's. */
  readonly caller: string | undefined;
  /** The network of those callers; undefined where there are none. */
  readonly network?: string;
  readonly does: 'allow' | 'deny';
  /** Which of their requests; undefined: all of them. */
  readonly match: RouteMatch | undefined;
  /** It is not written, and is what becomes of requests that no rule before it fits. */
  readonly rest?: true;
  readonly from: Origin;
}

/** Something that a request passes in a sidecar and that may refuse or answer it. */
export type Filter =
  | {
      readonly kind: 'authorization';
      /** allow: what no policy allows is refused; deny: what one matches is refused. */
      readonly action: 'allow' | 'deny' | 'log';
      /** Refuses nothing, only counts. */
      readonly dryRun: boolean;
      readonly policies: readonly Policy[];
      /** What its policies say in the order in which it counts: the first that fits a request decides. None where they have no order. */
      readonly rules?: readonly Rule[];
    }
  | {
      readonly kind: 'rate-limit';
      /** "100 each 1s, at most 200 at once"; undefined: a service of its own is asked. */
      readonly limit: string | undefined;
      readonly from: Origin;
      /** Which requests it is for; all of them unless given. */
      readonly match?: RouteMatch;
      /** What keeps it from refusing any, where something does. */
      readonly idle?: { readonly why: string; readonly from: Origin };
    }
  | {
      readonly kind: 'cache';
      /** Whether one of many alike requests at once asks for all of them. */
      readonly joins: boolean;
      readonly from: Origin;
    }
  | {
      readonly kind: 'authentication' | 'external-authorization' | 'other';
      readonly name: string;
      readonly from: Origin;
    };

/** Versions of TLS as Envoy calls them: "TLSv1_2". */
export interface TlsVersions {
  readonly least: Told<string>;
  readonly most: Told<string>;
}

/** What a sidecar takes for its app on one port. */
export interface Inbound {
  /** That the service is called on. */
  readonly port: number;
  /** As the sidecar's log names it. */
  readonly cluster: string;
  readonly limits: Limits;
  readonly rule: Origin | undefined;
  /** How many connections of all callers together it takes, and closes further ones at once; undefined: all of them. */
  readonly mostConnections?: Told<number>;
  readonly connectTimeoutMs: Told<number>;
  /** How long the sidecar keeps a connection to the app on which nothing comes. */
  readonly idleTimeoutMs: Told<number | null>;
  /** How long the app does, where the scenario says so; longer than its sidecar otherwise. */
  readonly appKeepsMs?: Told<number>;
  readonly accepts: Told<'mtls' | 'plaintext' | 'both'>;
  /** Which versions of TLS it takes; absent where nothing says it. */
  readonly tlsVersions?: TlsVersions;
  readonly filters: readonly Filter[];
}

/** What a setting is about. */
export type Subject =
  | 'limits'
  | 'outlier-detection'
  | 'locality'
  | 'balancing'
  | 'subset'
  | 'tls'
  | 'route'
  | 'timeout'
  | 'retries'
  | 'fault'
  | 'authorization'
  | 'rate-limit'
  | 'cache'
  | 'tracing'
  | 'metrics'
  | 'log'
  | 'filter'
  | 'gateway';

/** Something that the user wrote about a service and that is not in effect in a sidecar. */
export interface Unused {
  readonly about: Subject;
  /** The service that it speaks of. */
  readonly service: string;
  /** Whether it was meant for calls of this sidecar, or for what it takes. */
  readonly side: 'client' | 'server';
  readonly setting: Setting;
  /** "it selects workloads with tier=gold, and frontend has none". */
  readonly why: string;
}
