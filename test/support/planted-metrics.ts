import { type Planted, plantedFile } from './planted.ts';

/** A setting after which metrics do not say any more what clients saw. */
type PlantedMetrics = Planted<'telemetry'>;

/** Puts a patch of what the sidecar of the frontend calls beside the scenario's configuration. */
const patch = (applyTo: string, match: string, value: string) => (folder: string) => [
  '--config',
  plantedFile(
    folder,
    'telemetry.yaml',
    (text) => `${text}---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: frontend-metrics
  namespace: default
spec:
  workloadSelector: { labels: { app: frontend } }
  configPatches:
    - applyTo: ${applyTo}
      match:
        context: SIDECAR_OUTBOUND
${match}
      patch:
        operation: MERGE
        value:
${value}
`,
  ),
];

const manager = (sub: string) => `        listener:
          filterChain:
            filter:
              name: envoy.filters.network.http_connection_manager${sub}`;

export const plantedMetrics: readonly PlantedMetrics[] = [
  {
    name: 'metrics of answers switched off, to save what they cost',
    scenario: 'telemetry',
    fails: 'metrics-agree',
    args: patch(
      'HTTP_FILTER',
      manager('\n              subFilter: { name: envoy.filters.http.router }'),
      `          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
            dynamic_stats: false`,
    ),
    names:
      /^EnvoyFilter\/frontend-metrics spec\.configPatches\[0\]\.patch\.value\.typed_config\.dynamic_stats: false$/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'metrics of a service under a name that nobody looks for',
    scenario: 'telemetry',
    fails: 'metrics-agree',
    args: patch(
      'CLUSTER',
      '        cluster: { service: edge-app.default.svc.cluster.local }',
      '          alt_stat_name: edge-app-calls;',
    ),
    names:
      /^EnvoyFilter\/frontend-metrics spec\.configPatches\[0\]\.patch\.value\.alt_stat_name: edge-app-calls;$/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'what is refused is another status to callers than to metrics',
    scenario: 'telemetry',
    fails: 'metrics-agree',
    args: patch(
      'NETWORK_FILTER',
      manager(''),
      `          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            local_reply_config:
              mappers:
                - filter:
                    response_flag_filter: { flags: [UO] }
                  status_code: 429`,
    ),
    names:
      /^EnvoyFilter\/frontend-metrics spec\.configPatches\[0\]\.patch\.value\.typed_config\.local_reply_config\.mappers/,
    source: /planted\.yaml:\d+$/,
  },
];
