import { clusterNames } from '../clusters.ts';

const http2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicit_http_config: { http2_protocol_options: {} },
  },
} as const;

/** What metrics are told apart by: the name of a cluster has dots in it, at which Envoy by itself would cut it off. */
const tags = [
  { tag_name: 'cluster_name', regex: String.raw`^cluster\.(([^.]+(?:\.[^.]+)*?\.consul)\.)` },
  { tag_name: 'response_code', regex: String.raw`_rq(_(\d{3}))$` },
  { tag_name: 'response_code_class', regex: String.raw`_rq(_(\dxx))$` },
] as const;

/** An address, or a name, and a port there. */
interface Place {
  readonly address: string;
  readonly port: number;
}

interface BootstrapRequest {
  /** By which the agent knows it. */
  readonly id: string;
  readonly service: string;
  /** Where its admin interface listens. */
  readonly admin: Place;
  /** Where it asks for everything else. */
  readonly agent: Place;
  /** How it finds that: by an address, or by a name. */
  readonly finds: 'STATIC' | 'STRICT_DNS';
}

/**
 * What a sidecar's Envoy starts with: who it is, and where it asks for everything else. It is what `consul connect envoy
 * -bootstrap` prints, but for what is said beside it.
 */
export function bootstrap({ id, service, admin, agent, finds }: BootstrapRequest): object {
  const at = ({ address, port }: Place) => ({ socket_address: { address, port_value: port } });
  const cluster = clusterNames.controlPlane;
  const configuration = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  return {
    // Without a log of who asks: it would never be written.
    admin: { address: at(admin) },
    node: { id, cluster: service, metadata: { namespace: 'default', partition: 'default' } },
    // It sums up its histograms when it flushes statistics, and whoever reads them soon after a load wants all of it.
    stats_flush_interval: '1s',
    stats_config: { stats_tags: tags, use_all_default_tags: false },
    layered_runtime: {
      layers: [{ name: 'base', static_layer: { 're2.max_program_size.error_level': 1_048_576 } }],
    },
    static_resources: {
      clusters: [
        {
          name: cluster,
          connect_timeout: '1s',
          type: finds,
          typed_extension_protocol_options: http2,
          load_assignment: {
            cluster_name: cluster,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(agent) } }] }],
          },
        },
      ],
    },
    dynamic_resources: {
      lds_config: configuration,
      cds_config: configuration,
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: {
          initial_metadata: [{ key: 'x-consul-token', value: '' }],
          envoy_grpc: {
            cluster_name: cluster,
            // One that has lost the agent would wait up to half a minute before it asks again: longer than most loads.
            retry_policy: { retry_back_off: { base_interval: '0.5s', max_interval: '2s' } },
          },
        },
      },
    },
  };
}

/** Options of an Envoy that is a sidecar, beside where its bootstrap is. */
export const envoyOptions = (concurrency = 1): readonly string[] => [
  '--concurrency',
  String(concurrency),
  '--disable-hot-restart',
  // A listener that another has replaced keeps its connections for so long; Envoy's own ten minutes are longer
  // than a trial.
  '--drain-time-s',
  '5',
  // A trial waits at its end until all of it is written.
  '--file-flush-interval-msec',
  '100',
  '-l',
  'warning',
  '--log-format',
  '%Y-%m-%dT%T.%e\t%l\t%v',
];
