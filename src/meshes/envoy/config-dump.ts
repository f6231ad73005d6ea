import type { Inline } from './credentials.ts';

/**
 * What Envoy's `/config_dump` answers, as far as it is read here: fields as the proto3 JSON mapping writes them.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump_shared.proto
 */

/** Only what the metadata of routes, clusters and filter chains says of where they come from. */
export interface Metadata {
  readonly filter_metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** "0.300s". */
export type Duration = string;

interface Percent {
  readonly value?: number;
}

export interface FractionalPercent {
  readonly numerator?: number;
  readonly denominator?: 'HUNDRED' | 'TEN_THOUSAND' | 'MILLION';
}

interface Thresholds {
  readonly priority?: string;
  readonly max_connections?: number;
  readonly max_pending_requests?: number;
  readonly max_requests?: number;
  readonly max_retries?: number;
}

interface EnvoyOutlierDetection {
  readonly consecutive_5xx?: number;
  readonly enforcing_consecutive_5xx?: number;
  readonly consecutive_gateway_failure?: number;
  readonly enforcing_consecutive_gateway_failure?: number;
  readonly split_external_local_origin_errors?: boolean;
  readonly consecutive_local_origin_failure?: number;
  readonly enforcing_consecutive_local_origin_failure?: number;
  readonly interval?: Duration;
  readonly base_ejection_time?: Duration;
  readonly max_ejection_time?: Duration;
  readonly max_ejection_percent?: number;
  readonly always_eject_one_host?: boolean;
}

export interface TransportSocket {
  readonly name?: string;
  readonly typed_config?: {
    readonly '@type'?: string;
    /** The name that a caller asks for. */
    readonly sni?: string;
    readonly common_tls_context?: {
      readonly tls_params?: {
        readonly tls_minimum_protocol_version?: string;
        readonly tls_maximum_protocol_version?: string;
      };
      readonly tls_certificates?: readonly { readonly certificate_chain?: Inline }[];
      readonly validation_context?: {
        readonly trusted_ca?: Inline;
        readonly match_subject_alt_names?: readonly StringMatcher[];
        readonly match_typed_subject_alt_names?: readonly { readonly matcher?: StringMatcher }[];
      };
      readonly tls_certificate_sds_secret_configs?: readonly { readonly name?: string }[];
      readonly combined_validation_context?: {
        readonly default_validation_context?: {
          readonly match_subject_alt_names?: readonly StringMatcher[];
          readonly match_typed_subject_alt_names?: readonly { readonly matcher?: StringMatcher }[];
        };
      };
    };
    readonly require_client_certificate?: boolean;
  };
}

export interface StringMatcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly safe_regex?: { readonly regex?: string };
  readonly ignore_case?: boolean;
}

export interface EnvoyCluster {
  readonly name: string;
  readonly type?: string;
  /** What its statistics are called in place of its name. */
  readonly alt_stat_name?: string;
  /** Of an aggregate: the clusters that it is made of, in the order in which they are used. */
  readonly cluster_type?: { readonly typed_config?: { readonly clusters?: readonly string[] } };
  readonly connect_timeout?: Duration;
  readonly lb_policy?: string;
  readonly per_connection_buffer_limit_bytes?: number;
  readonly circuit_breakers?: { readonly thresholds?: readonly Thresholds[] };
  readonly outlier_detection?: EnvoyOutlierDetection;
  readonly metadata?: Metadata;
  readonly common_lb_config?: {
    readonly healthy_panic_threshold?: Percent;
    readonly locality_weighted_lb_config?: object;
  };
  readonly typed_extension_protocol_options?: Readonly<
    Record<
      string,
      {
        readonly common_http_protocol_options?: {
          readonly idle_timeout?: Duration;
          readonly max_requests_per_connection?: number;
        };
        readonly explicit_http_config?: {
          readonly http2_protocol_options?: {
            readonly max_concurrent_streams?: number;
            readonly connection_keepalive?: { readonly interval?: Duration; readonly timeout?: Duration };
          };
        };
        readonly use_downstream_protocol_config?: object;
      }
    >
  >;
  readonly transport_socket?: TransportSocket;
  readonly transport_socket_matches?: readonly {
    readonly name?: string;
    readonly transport_socket?: TransportSocket;
  }[];
}

export interface EnvoyHeaderMatcher extends StringMatcher {
  readonly name: string;
  readonly string_match?: StringMatcher;
  readonly exact_match?: string;
  readonly prefix_match?: string;
  readonly safe_regex_match?: { readonly regex?: string };
  readonly present_match?: boolean;
  readonly invert_match?: boolean;
  readonly treat_missing_header_as_empty?: boolean;
}

interface EnvoyQueryMatcher {
  readonly name: string;
  readonly string_match?: StringMatcher;
  readonly present_match?: boolean;
}

export interface EnvoyRouteMatch {
  readonly prefix?: string;
  readonly path?: string;
  readonly path_separated_prefix?: string;
  readonly safe_regex?: { readonly regex?: string };
  readonly case_sensitive?: boolean;
  readonly headers?: readonly EnvoyHeaderMatcher[];
  readonly query_parameters?: readonly EnvoyQueryMatcher[];
  readonly runtime_fraction?: object;
  readonly dynamic_metadata?: readonly object[];
}

export interface EnvoyRetryPolicy {
  readonly retry_on?: string;
  readonly num_retries?: number;
  readonly per_try_timeout?: Duration;
  readonly retriable_status_codes?: readonly number[];
}

export interface EnvoyRoute {
  readonly name?: string;
  readonly match: EnvoyRouteMatch;
  readonly metadata?: Metadata;
  readonly route?: {
    readonly cluster?: string;
    readonly cluster_header?: string;
    readonly weighted_clusters?: {
      readonly clusters?: readonly { readonly name?: string; readonly weight?: number }[];
    };
    readonly timeout?: Duration;
    readonly retry_policy?: EnvoyRetryPolicy;
    readonly prefix_rewrite?: string;
    readonly regex_rewrite?: {
      readonly pattern?: { readonly regex?: string };
      readonly substitution?: string;
    };
    readonly host_rewrite_literal?: string;
    readonly rate_limits?: readonly EnvoyRateLimit[];
    readonly request_mirror_policies?: readonly {
      readonly cluster?: string;
      readonly runtime_fraction?: { readonly default_value?: FractionalPercent };
    }[];
  };
  readonly direct_response?: { readonly status?: number };
  readonly redirect?: {
    readonly host_redirect?: string;
    readonly path_redirect?: string;
    readonly scheme_redirect?: string;
    readonly response_code?: string;
  };
  readonly typed_per_filter_config?: PerFilterConfig;
  readonly response_headers_to_add?: readonly {
    readonly header?: { readonly key?: string; readonly value?: string };
  }[];
}

/** What filters do otherwise for a route or a host, by their names. */
type PerFilterConfig = Readonly<Record<string, object | undefined>>;

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/fault/v3/fault.proto */
export interface EnvoyFault {
  readonly delay?: { readonly fixed_delay?: Duration; readonly percentage?: FractionalPercent };
  readonly abort?: { readonly http_status?: number; readonly percentage?: FractionalPercent };
}

interface EnvoyVirtualHost {
  readonly name: string;
  readonly domains?: readonly string[];
  readonly routes?: readonly EnvoyRoute[];
  readonly rate_limits?: readonly EnvoyRateLimit[];
  readonly typed_per_filter_config?: PerFilterConfig;
}

export interface EnvoyRouteConfiguration {
  readonly name?: string;
  readonly virtual_hosts?: readonly EnvoyVirtualHost[];
}

export interface EnvoyEndpoints {
  readonly cluster_name: string;
  readonly endpoints?: readonly {
    readonly locality?: { readonly region?: string; readonly zone?: string; readonly sub_zone?: string };
    readonly priority?: number;
    readonly load_balancing_weight?: number;
    readonly lb_endpoints?: readonly {
      readonly endpoint?: {
        readonly address?: {
          readonly socket_address?: { readonly address?: string; readonly port_value?: number };
        };
      };
    }[];
  }[];
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto */
interface EnvoyTracing {
  readonly random_sampling?: Percent;
  readonly provider?: { readonly name?: string };
}

/** A filter of a listener or of HTTP, with as much of its settings as is read for some of them. */
export interface EnvoyFilterConfig {
  readonly name?: string;
  readonly typed_config?: {
    readonly '@type'?: string;
    /** Of the proxy of TCP: where bytes go. */
    readonly cluster?: string;
    readonly weighted_clusters?: { readonly clusters?: readonly { readonly name?: string }[] };
    /** Of the limit of connections. */
    readonly max_connections?: number | string;
    /** Of the HTTP connection manager. */
    readonly http_filters?: readonly EnvoyFilterConfig[];
    readonly tracing?: EnvoyTracing;
    readonly local_reply_config?: { readonly mappers?: readonly unknown[] };
    /** Of the router. */
    readonly dynamic_stats?: boolean;
    /** Of RBAC. */
    readonly rules?: EnvoyRbac;
    readonly shadow_rules?: EnvoyRbac;
    readonly route_config?: EnvoyRouteConfiguration;
    /** Where it is an untyped struct, of what type, and all that it says, as its author wrote it. */
    readonly type_url?: string;
    readonly value?: object;
  };
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto */
export interface EnvoyLocalRateLimit {
  readonly token_bucket?: EnvoyTokenBucket;
  readonly descriptors?: readonly {
    readonly entries?: readonly { readonly key?: string; readonly value?: string }[];
    readonly token_bucket?: EnvoyTokenBucket;
  }[];
  readonly filter_enabled?: EnvoyRuntimeShare;
  readonly filter_enforced?: EnvoyRuntimeShare;
  readonly rate_limits?: readonly EnvoyRateLimit[];
}

/** A share that may be changed while Envoy runs; nothing unless given. */
export interface EnvoyRuntimeShare {
  readonly default_value?: FractionalPercent;
}

export interface EnvoyTokenBucket {
  readonly max_tokens?: number;
  readonly tokens_per_fill?: number;
  readonly fill_interval?: Duration;
}

/** What a request is told apart by: each action gives an entry of its descriptor. */
export interface EnvoyRateLimit {
  readonly actions?: readonly EnvoyRateLimitAction[];
}

export interface EnvoyRateLimitAction {
  readonly request_headers?: { readonly header_name?: string; readonly descriptor_key?: string };
  readonly generic_key?: { readonly descriptor_key?: string; readonly descriptor_value?: string };
  readonly header_value_match?: {
    readonly descriptor_key?: string;
    readonly descriptor_value?: string;
    readonly expect_match?: boolean;
    readonly headers?: readonly EnvoyHeaderMatcher[];
  };
}

export interface EnvoyRbac {
  readonly action?: 'ALLOW' | 'DENY' | 'LOG';
  readonly policies?: Readonly<Record<string, object>>;
}

export interface EnvoyFilterChain {
  readonly filter_chain_match?: {
    readonly destination_port?: number;
    readonly transport_protocol?: string;
    readonly server_names?: readonly string[];
  };
  readonly filters?: readonly EnvoyFilterConfig[];
  readonly transport_socket?: TransportSocket;
}

export interface EnvoyListener {
  readonly name?: string;
  readonly traffic_direction?: 'INBOUND' | 'OUTBOUND' | 'UNSPECIFIED';
  readonly address?: {
    readonly socket_address?: { readonly address?: string; readonly port_value?: number };
  };
  readonly filter_chains?: readonly EnvoyFilterChain[];
}

interface ListenerState {
  readonly listener?: EnvoyListener;
}

interface Dumped {
  readonly cluster?: EnvoyCluster;
  readonly route_config?: EnvoyRouteConfiguration;
  readonly endpoint_config?: EnvoyEndpoints;
  readonly active_state?: ListenerState;
  readonly warming_state?: ListenerState;
}

/** The resources in an answer of `/config_dump?resource=…`; none when it names nothing. */
export function dumped<Kind extends 'cluster' | 'route_config' | 'endpoint_config'>(
  answer: string,
  kind: Kind,
): readonly NonNullable<Dumped[Kind]>[] {
  return configs(answer).flatMap((config) => config[kind] ?? []);
}

/** The listeners in an answer of `/config_dump?resource=dynamic_listeners`: those in use, and those about to be that replace none. */
export function dumpedListeners(answer: string): readonly EnvoyListener[] {
  return configs(answer).flatMap(
    ({ active_state, warming_state }) => (active_state ?? warming_state)?.listener ?? [],
  );
}

function configs(answer: string): readonly Dumped[] {
  return (JSON.parse(answer) as { readonly configs?: readonly Dumped[] }).configs ?? [];
}

/** "0.300s" → 300. */
export function durationMs(text: Duration): number {
  return Number((Number.parseFloat(text) * 1_000).toFixed(6));
}

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

/** A share of 0 to 1; without one, nothing. */
export function shareOf(percent: FractionalPercent | undefined): number {
  return (percent?.numerator ?? 0) / denominators[percent?.denominator ?? 'HUNDRED'];
}

/** Names of the clusters to which listeners lead without routes. */
export const bytesIn = (listeners: readonly EnvoyListener[]): readonly string[] =>
  listeners
    .flatMap(({ filter_chains }) => filter_chains ?? [])
    .flatMap(({ filters }) => filters ?? [])
    .flatMap(({ typed_config }) => [
      ...(typed_config?.cluster === undefined ? [] : [typed_config.cluster]),
      ...(typed_config?.weighted_clusters?.clusters ?? []).flatMap(({ name }) => name ?? []),
    ]);
