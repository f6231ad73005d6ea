import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { clusterNames } from '../clusters.ts';
import { proxyId } from '../names.ts';
import { ADMIN_PORT, agentPorts } from './ports.ts';

const BOOTSTRAP = 'bootstrap.json';

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

/**
 * Writes what an Envoy starts with: who it is, and where it asks for everything else. It is what `consul connect envoy
 * -bootstrap` prints, but for what is said beside it.
 */
export async function prepareSidecar(instance: HostInstance, request: HostMeshRequest): Promise<void> {
  const address = (host: string, port: number) => ({ socket_address: { address: host, port_value: port } });
  const agent = clusterNames.controlPlane;
  const configuration = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  const bootstrap = {
    // Without a log of who asks: it would never be written.
    admin: { address: address(instance.address, request.port(ADMIN_PORT)) },
    node: {
      id: proxyId(instance.name),
      cluster: instance.service,
      metadata: { namespace: 'default', partition: 'default' },
    },
    // It sums up its histograms when it flushes statistics, and whoever reads them soon after a load wants all of it.
    stats_flush_interval: '1s',
    stats_config: { stats_tags: tags, use_all_default_tags: false },
    layered_runtime: {
      layers: [{ name: 'base', static_layer: { 're2.max_program_size.error_level': 1_048_576 } }],
    },
    static_resources: {
      clusters: [
        {
          name: agent,
          connect_timeout: '1s',
          type: 'STATIC',
          typed_extension_protocol_options: http2,
          load_assignment: {
            cluster_name: agent,
            endpoints: [
              {
                lb_endpoints: [
                  {
                    endpoint: {
                      address: address(request.address, request.port(agentPorts.discovery)),
                    },
                  },
                ],
              },
            ],
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
            cluster_name: agent,
            // One that has lost the agent would wait up to half a minute before it asks again: longer than most loads.
            retry_policy: { retry_back_off: { base_interval: '0.5s', max_interval: '2s' } },
          },
        },
      },
    },
  };
  await writeFile(join(instance.directory, BOOTSTRAP), JSON.stringify(bootstrap, undefined, 2));
}

/** Where a sidecar's own words go. */
export function sidecarLog(instance: string, logs: string): string {
  return join(logs, `${instance}.sidecar.log`);
}

/** The Envoy of one replica. */
export function sidecarProgram(instance: HostInstance, request: HostMeshRequest): ProgramSpec {
  return {
    name: `${instance.name}/sidecar`,
    command: request.programs['envoy'] ?? '',
    args: [
      '-c',
      join(instance.directory, BOOTSTRAP),
      '--concurrency',
      String(request.topology.concurrency ?? 1),
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
    ],
    env: { PATH: process.env['PATH'] ?? '', HOME: instance.directory },
    cwd: instance.directory,
    log: sidecarLog(instance.name, request.logs),
  };
}
