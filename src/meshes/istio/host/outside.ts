import { gatewayOf, type Instance, type TopologyPlan } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { INSTANCE_LABEL, OUTSIDE_NAMESPACE } from '../names.ts';
import { trustedRoot } from './host-certificates.ts';

/** Where a replica's proxy is. */
export const namespaceOf = ({ outside }: Pick<Instance, 'outside'>, { namespace }: TopologyPlan): string =>
  outside ? OUTSIDE_NAMESPACE : namespace;

type Request = Pick<HostMeshRequest, 'topology' | 'instances'>;

/**
 * The proxy of a client outside the mesh, which is only there to log what its client sees: it knows the hosts of
 * gateways, and nothing of what is under test.
 */
export function outsiderResources(instance: HostInstance, { topology }: Request): object[] {
  const hosts = topology.services.filter(({ name }) => gatewayOf(name, topology) !== undefined);
  const ports = [...new Set(hosts.map(({ port }) => port))];
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: `breakwater-${instance.name}`, namespace: OUTSIDE_NAMESPACE },
      spec: {
        workloadSelector: { labels: { [INSTANCE_LABEL]: instance.name } },
        ingress: [],
        egress: ports.map((number) => ({
          port: { number, protocol: 'HTTP', name: `http-${number}` },
          bind: instance.egressAddress,
          captureMode: 'NONE',
          hosts: ['./*'],
        })),
      },
    },
  ];
}

/**
 * Hosts of gateways as DNS and a load balancer show them to whoever is outside the mesh: every replica that takes
 * connections, and one that does not is left alone for a moment. Where a gateway has certificates, its callers speak
 * TLS, ask for the host by name and hold the certificate against it.
 */
export function hostResources({ topology, instances }: Request): object[] {
  return (topology.gateways ?? []).flatMap(({ name: gateway, port, hosts, certificates }) => {
    const replicas = instances.filter(({ service }) => service === gateway);
    return hosts.flatMap((host) => [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: `breakwater-${host}`, namespace: OUTSIDE_NAMESPACE },
        spec: {
          hosts: [host],
          exportTo: ['.'],
          location: 'MESH_EXTERNAL',
          resolution: 'STATIC',
          ports: [{ number: port, name: 'http', protocol: 'HTTP' }],
          endpoints: replicas.map(({ address, locality }) => ({ address, locality })),
        },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: `breakwater-${host}`, namespace: OUTSIDE_NAMESPACE },
        spec: {
          host,
          exportTo: ['.'],
          trafficPolicy: {
            loadBalancer: { simple: 'ROUND_ROBIN', localityLbSetting: { enabled: false } },
            outlierDetection: {
              splitExternalLocalOriginErrors: true,
              consecutiveLocalOriginFailures: 3,
              consecutive5xxErrors: 0,
              interval: '500ms',
              baseEjectionTime: '1s',
              maxEjectionPercent: 100,
            },
            ...(certificates.length === 0
              ? {}
              : {
                  tls: { mode: 'SIMPLE', sni: host, subjectAltNames: [host], caCertificates: trustedRoot },
                }),
          },
        },
      },
    ]);
  });
}
