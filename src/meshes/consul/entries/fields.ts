/**
 * The fields of Consul's configuration entries, in Consul's own spelling; it takes them in any case, and with underlines
 * between the words. https://developer.hashicorp.com/consul/docs/connect/config-entries
 */

/** What a field takes. */
export type Field =
  /** Of some words, where `others` says what those are that are none of them. */
  | { readonly type: 'text'; readonly oneOf?: readonly string[]; readonly others?: string }
  /** "10s". */
  | { readonly type: 'duration' }
  | { readonly type: 'whole'; readonly least: number; readonly most?: number }
  | { readonly type: 'number'; readonly least: number; readonly most: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly of: Field }
  /** Names of the author's own → values. */
  | { readonly type: 'map'; readonly of: Field }
  /** Whatever is written. */
  | { readonly type: 'any' }
  | ObjectField;

export interface ObjectField {
  readonly type: 'object';
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields that only Consul Enterprise has, or a later Consul, with what that is. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** Those that cannot be left out. */
  readonly needed?: readonly string[];
}

const text = (...oneOf: readonly string[]): Field =>
  oneOf.length === 0 ? { type: 'text' } : { type: 'text', oneOf };
const duration: Field = { type: 'duration' };
const boolean: Field = { type: 'boolean' };
const any: Field = { type: 'any' };
/** More than Envoy holds nobody has. */
const whole = (least = 0, most = 4_294_967_295): Field => ({ type: 'whole', least, most });
const list = (of: Field): Field => ({ type: 'list', of });
const map = (of: Field): Field => ({ type: 'map', of });
const object = (
  fields: ObjectField['fields'],
  more: Pick<ObjectField, 'elsewhere' | 'needed'> = {},
): ObjectField => ({ type: 'object', fields, ...more });

const ENTERPRISE = 'is in Consul Enterprise only';
const LATER = 'came with a later Consul than 1.16';

/** Namespaces and partitions have names in Enterprise alone; here all are "default". */
const onlyDefault = (what: string): Field => ({
  type: 'text',
  oneOf: ['default', ''],
  others: `${what} other than default are in Consul Enterprise only`,
});
const tenancy = { Namespace: onlyDefault('namespaces'), Partition: onlyDefault('partitions') };

const meshGateway = object({ Mode: text('', 'none', 'local', 'remote') });
const transparentProxy = object({ OutboundListenerPort: whole(0, 65_535), DialedDirectly: boolean });
const expose = object({
  Checks: boolean,
  Paths: list(
    object({
      ListenerPort: whole(0, 65_535),
      Path: text(),
      LocalPathPort: whole(0, 65_535),
      Protocol: text('', 'http', 'http2'),
      ParsedFromCheck: boolean,
    }),
  ),
});
const envoyExtensions = list(
  object(
    { Name: text(), Required: boolean, Arguments: any, ConsulVersion: text(), EnvoyVersion: text() },
    { needed: ['Name'] },
  ),
);
const mode = text('', 'direct', 'transparent');
const mutualTls = text('', 'default', 'strict', 'permissive');

const limits = object({
  MaxConnections: whole(),
  MaxPendingRequests: whole(),
  MaxConcurrentRequests: whole(),
});

const passiveHealthCheck = object({
  Interval: duration,
  MaxFailures: whole(),
  EnforcingConsecutive5xx: whole(0, 100),
  MaxEjectionPercent: whole(0, 100),
  BaseEjectionTime: duration,
});

const upstream = object({
  Name: text(),
  ...tenancy,
  Peer: text(),
  EnvoyListenerJSON: text(),
  EnvoyClusterJSON: text(),
  Protocol: text('', 'tcp', 'http', 'http2', 'grpc'),
  ConnectTimeoutMs: whole(),
  Limits: limits,
  PassiveHealthCheck: passiveHealthCheck,
  MeshGateway: meshGateway,
  BalanceOutboundConnections: text('', 'exact_balance'),
});

const headers = object({ Add: map(text()), Set: map(text()), Remove: list(text()) });

const matchedHeader = object(
  {
    Name: text(),
    Present: boolean,
    Exact: text(),
    Prefix: text(),
    Suffix: text(),
    Regex: text(),
    Invert: boolean,
  },
  { needed: ['Name'], elsewhere: { Contains: LATER, IgnoreCase: LATER } },
);

const methods = list(text('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE'));

/** What RetryOn takes. */
export const retryConditions: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

const localityPolicy = { elsewhere: { PrioritizeByLocality: ENTERPRISE } };

const jwt = object({
  Providers: list(
    object({ Name: text(), VerifyClaims: list(object({ Path: list(text()), Value: text() })) }),
  ),
});

const directionalTls = object({
  TLSMinVersion: text('', 'TLS_AUTO', 'TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'),
  TLSMaxVersion: text('', 'TLS_AUTO', 'TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'),
  CipherSuites: list(text()),
});

const shared = { Kind: text(), Name: text(), Meta: map(text()), ...tenancy };
/** Of what there is one of, without a name. */
const { Name: _name, ...nameless } = shared;

/** The kinds of entries that a lab has a use for, with their fields. */
export const entryKinds = {
  'proxy-defaults': object(
    {
      ...shared,
      Config: any,
      Mode: mode,
      TransparentProxy: transparentProxy,
      MutualTLSMode: mutualTls,
      MeshGateway: meshGateway,
      Expose: expose,
      AccessLogs: object({
        Enabled: boolean,
        DisableListenerLogs: boolean,
        Type: text('', 'stdout', 'stderr', 'file'),
        Path: text(),
        JSONFormat: text(),
        TextFormat: text(),
      }),
      EnvoyExtensions: envoyExtensions,
    },
    { needed: ['Name'], elsewhere: { FailoverPolicy: ENTERPRISE, PrioritizeByLocality: ENTERPRISE } },
  ),
  'service-defaults': object(
    {
      ...shared,
      Protocol: text('', 'tcp', 'http', 'http2', 'grpc'),
      Mode: mode,
      TransparentProxy: transparentProxy,
      MutualTLSMode: mutualTls,
      MeshGateway: meshGateway,
      Expose: expose,
      ExternalSNI: text(),
      UpstreamConfig: object({ Overrides: list(upstream), Defaults: upstream }),
      Destination: object({ Addresses: list(text()), Port: whole(1, 65_535) }),
      MaxInboundConnections: whole(),
      LocalConnectTimeoutMs: whole(),
      LocalRequestTimeoutMs: whole(),
      BalanceInboundConnections: text('', 'exact_balance'),
      EnvoyExtensions: envoyExtensions,
    },
    { needed: ['Name'], elsewhere: { RateLimits: ENTERPRISE } },
  ),
  'service-router': object(
    {
      ...shared,
      Routes: list(
        object({
          Match: object({
            HTTP: object(
              {
                PathExact: text(),
                PathPrefix: text(),
                PathRegex: text(),
                Header: list(matchedHeader),
                QueryParam: list(
                  object(
                    { Name: text(), Present: boolean, Exact: text(), Regex: text() },
                    { needed: ['Name'] },
                  ),
                ),
                Methods: methods,
              },
              { elsewhere: { CaseInsensitive: LATER } },
            ),
          }),
          Destination: object({
            Service: text(),
            ServiceSubset: text(),
            ...tenancy,
            PrefixRewrite: text(),
            RequestTimeout: duration,
            IdleTimeout: duration,
            NumRetries: whole(),
            RetryOnConnectFailure: boolean,
            RetryOn: list(text(...retryConditions)),
            RetryOnStatusCodes: list(whole(100, 599)),
            RequestHeaders: headers,
            ResponseHeaders: headers,
          }),
        }),
      ),
    },
    { needed: ['Name'] },
  ),
  'service-splitter': object(
    {
      ...shared,
      Splits: list(
        object(
          {
            Weight: { type: 'number', least: 0, most: 100 },
            Service: text(),
            ServiceSubset: text(),
            ...tenancy,
            RequestHeaders: headers,
            ResponseHeaders: headers,
          },
          { needed: ['Weight'] },
        ),
      ),
    },
    { needed: ['Name', 'Splits'] },
  ),
  'service-resolver': object(
    {
      ...shared,
      DefaultSubset: text(),
      Subsets: map(object({ Filter: text(), OnlyPassing: boolean })),
      Redirect: object(
        { Service: text(), ServiceSubset: text(), ...tenancy, Datacenter: text(), Peer: text() },
        { elsewhere: { SamenessGroup: ENTERPRISE } },
      ),
      Failover: map(
        object(
          {
            Service: text(),
            ServiceSubset: text(),
            Namespace: onlyDefault('namespaces'),
            Datacenters: list(text()),
            Targets: list(
              object({
                Service: text(),
                ServiceSubset: text(),
                ...tenancy,
                Datacenter: text(),
                Peer: text(),
              }),
            ),
          },
          { elsewhere: { SamenessGroup: ENTERPRISE, Policy: ENTERPRISE } },
        ),
      ),
      ConnectTimeout: duration,
      RequestTimeout: duration,
      LoadBalancer: object({
        Policy: text('', 'random', 'round_robin', 'least_request', 'ring_hash', 'maglev'),
        RingHashConfig: object({ MinimumRingSize: whole(), MaximumRingSize: whole() }),
        LeastRequestConfig: object({ ChoiceCount: whole() }),
        HashPolicies: list(
          object({
            Field: text('', 'header', 'cookie', 'query_parameter'),
            FieldValue: text(),
            CookieConfig: object({ Session: boolean, TTL: duration, Path: text() }),
            SourceIP: boolean,
            Terminal: boolean,
          }),
        ),
      }),
    },
    { needed: ['Name'], ...localityPolicy },
  ),
  'service-intentions': object(
    {
      ...shared,
      Sources: list(
        object(
          {
            Name: text(),
            Action: text('', 'allow', 'deny'),
            Permissions: list(
              object(
                {
                  Action: text('allow', 'deny'),
                  HTTP: object({
                    PathExact: text(),
                    PathPrefix: text(),
                    PathRegex: text(),
                    Header: list(matchedHeader),
                    Methods: methods,
                  }),
                  JWT: jwt,
                },
                { needed: ['Action'] },
              ),
            ),
            Precedence: whole(),
            Type: text('', 'consul'),
            Description: text(),
            Peer: text(),
            ...tenancy,
          },
          { needed: ['Name'], elsewhere: { SamenessGroup: ENTERPRISE } },
        ),
      ),
      JWT: jwt,
    },
    { needed: ['Name'] },
  ),
  'exported-services': object(
    {
      ...shared,
      Services: list(
        object(
          {
            Name: text(),
            Namespace: text('default', ''),
            Consumers: list(
              object(
                { Peer: text() },
                { needed: ['Peer'], elsewhere: { Partition: ENTERPRISE, SamenessGroup: ENTERPRISE } },
              ),
            ),
          },
          { needed: ['Name', 'Consumers'] },
        ),
      ),
    },
    { needed: ['Name', 'Services'] },
  ),
  mesh: object({
    ...nameless,
    TransparentProxy: object({ MeshDestinationsOnly: boolean }),
    AllowEnablingPermissiveMutualTLS: boolean,
    TLS: object({ Incoming: directionalTls, Outgoing: directionalTls }),
    HTTP: object({ SanitizeXForwardedClientCert: boolean }),
    Peering: object({ PeerThroughMeshGateways: boolean }),
  }),
} as const satisfies Record<string, ObjectField>;

export type EntryKind = keyof typeof entryKinds;

export const isEntryKind = (kind: string): kind is EntryKind => Object.hasOwn(entryKinds, kind);

/** Why a lab has no use for a kind that Consul has; undefined for what is no other kind of Consul's. */
export const whyOtherKind = (kind: string): string | undefined =>
  Object.hasOwn(otherKinds, kind) ? otherKinds[kind] : undefined;

/** Kinds of entries that Consul has and a lab has no use for, with why. */
const otherKinds: Readonly<Record<string, string>> = {
  'ingress-gateway': 'the lab has no gateway for callers from outside',
  'api-gateway': 'the lab has no gateway for callers from outside',
  'http-route': 'the lab has no gateway for callers from outside',
  'tcp-route': 'the lab has no gateway for callers from outside',
  'inline-certificate': 'the lab has no gateway for callers from outside',
  'bound-api-gateway': 'the lab has no gateway for callers from outside',
  'terminating-gateway': 'the lab has no services outside of the mesh',
  'jwt-provider': 'the loads of a scenario bring no tokens',
  'sameness-group': 'sameness groups are in Consul Enterprise only',
  'control-plane-request-limit': 'limits of requests to servers are in Consul Enterprise only',
};
