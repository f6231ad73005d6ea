import { type Instance, isGateway, type TopologyPlan, usualLife } from '../../model/topology.ts';
import { instanceLabels } from './labels.ts';
import { TRUST_DOMAIN } from './names.ts';
import { proxySettings } from './proxy-settings.ts';

/** What a pilot-agent outside a cluster is told of its replica in its environment, wherever it runs. */
export function agentEnvironment(
  instance: Instance & { readonly address: string },
  namespace: string,
  version: string,
): Record<string, string> {
  return {
    INSTANCE_IP: instance.address,
    POD_NAME: instance.name,
    POD_NAMESPACE: namespace,
    SERVICE_ACCOUNT: instance.serviceAccount,
    TRUST_DOMAIN,
    ISTIO_META_CLUSTER_ID: 'Kubernetes',
    ISTIO_META_SERVICE_ACCOUNT: instance.serviceAccount,
    ISTIO_META_ISTIO_VERSION: version,
    ISTIO_META_NETWORK: '',
    ISTIO_META_WORKLOAD_NAME: instance.workload,
    ISTIO_METAJSON_LABELS: JSON.stringify(instanceLabels(instance)),
    ...drainOf(instance),
    GOMAXPROCS: '1',
  };
}

/** Whether it waits for its connections when it is told to stop. */
function drainOf({ sidecar: { exitsWhenIdle, drainMs } = usualLife }: Instance): Record<string, string> {
  if (!exitsWhenIdle) return { EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'false' };
  return { EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true', MINIMUM_DRAIN_DURATION: `${drainMs / 1_000}s` };
}

/** Its proxy configuration, but for where things are. */
export const agentSettings = ({ service, sidecar = usualLife }: Instance, { concurrency }: TopologyPlan) => ({
  controlPlaneAuthPolicy: 'NONE',
  // Relative: a Unix socket below it may have 108 characters, and what makes the bootstrap quotes nothing.
  configPath: 'envoy',
  serviceCluster: service,
  terminationDrainDuration: `${sidecar.drainMs / 1_000}s`,
  ...proxySettings,
  ...(concurrency === undefined ? {} : { concurrency }),
  // A trial waits at its end until all of it is written.
  fileFlushInterval: '0.1s',
});

/** `template`: path of what it makes its Envoy's bootstrap of. */
export const agentArguments = (instance: Instance, namespace: string, template: string) => [
  'proxy',
  isGateway(instance) ? 'router' : 'sidecar',
  '--domain',
  `${namespace}.svc.${TRUST_DOMAIN}`,
  '--serviceCluster',
  instance.service,
  '--templateFile',
  template,
  '--proxyLogLevel=warning',
  '--log_output_level=default:warn',
];

/** Istio's template of a bootstrap, all of whose listeners are on one address. */
export function bootstrapTemplate(template: string, address: string): string {
  return asksAgainSoon(withoutAdminLog(template)).replaceAll(
    /\{\{ \.(additional_)?(wildcard|localhost) \}\}/g,
    address,
  );
}

/**
 * Who asks a sidecar whether its log is written would otherwise be logged himself, to /dev/null, and it never
 * would be.
 */
function withoutAdminLog(template: string): string {
  const own = template.replace(/("admin": \{)\s*"access_log": \[[^\]]*\],/, '$1');
  if (own === template)
    throw new Error('the bootstrap template has no log of its admin interface to leave out');
  return own;
}

/**
 * A sidecar that has lost the control plane asks again, and waits up to twice as long each time, half a minute in the
 * end: longer than most loads. Here it never waits for more than two seconds.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto
 */
function asksAgainSoon(template: string): string {
  const own = template.replace(
    /("envoy_grpc": \{\s*"cluster_name": "xds-grpc")/,
    '$1, "retry_policy": { "retry_back_off": { "base_interval": "0.5s", "max_interval": "2s" } }',
  );
  if (own === template) throw new Error('the bootstrap template asks no control plane');
  return own;
}
