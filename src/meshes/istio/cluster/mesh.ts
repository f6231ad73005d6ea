import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { isClient } from '../../../model/topology.ts';
import type { ClusterMesh } from '../../contract.ts';
import { portName, ROOT_NAMESPACE } from '../names.ts';
import { plaintextPolicy } from '../plaintext.ts';
import { checksOf } from './checks.ts';
import { imageSource, operatorConfiguration } from './operator.ts';

/** This version of Istio in a cluster, as istioctl installs it. */
export const clusterOf = (version: string): ClusterMesh => ({
  programs: ['istioctl'],
  images(settings) {
    const { hub, tag } = imageSource(settings, version);
    return { controlPlane: [`${hub}/pilot:${tag}`], sidecar: [`${hub}/proxyv2:${tag}`] };
  },
  unsupported: () => [],
  podMetadata: (instance, excludedPorts) => ({
    labels: {
      app: instance.service,
      version: 'v1',
      ...instance.labels,
      'sidecar.istio.io/inject': 'true',
      // A client runs beside the control plane, not on a node of its zone; this counts before the node's labels.
      ...(isClient(instance) ? { 'istio-locality': instance.locality.replaceAll('/', '.') } : {}),
    },
    annotations: {
      'traffic.sidecar.istio.io/excludeInboundPorts': excludedPorts.join(','),
      ...(instance.bypass === undefined
        ? {}
        : { 'traffic.sidecar.istio.io/excludeOutboundPorts': instance.bypass.join(',') }),
    },
  }),
  portName,
  appHost: '0.0.0.0',
  calledAt: (appPorts) => appPorts,
  sidecar: { container: 'istio-proxy', adminPort: 15_000 },
  controlPlane: { namespace: ROOT_NAMESPACE, deployment: 'istiod', labelSelector: 'app=istiod' },
  // A kept cluster has sidecars of earlier runs.
  revision: (run, number) => `${run}.${number}`,
  configurationHint: ['Change the mesh configuration:', '  kubectl apply -f my-rules.yaml'],
  control: {
    by: 'resources',
    apiGroupSuffix: '.istio.io',
    async installation(settings, directory) {
      const file = join(directory, 'istio-operator.yaml');
      const configuration = stringify(operatorConfiguration(settings, version));
      await writeFile(file, configuration);
      return {
        configuration,
        what: 'istioctl install',
        program: 'istioctl',
        args: ['install', '--skip-confirmation', '-f', file],
        problems: () => [],
      };
    },
    checks: checksOf(version),
    namespaceLabels: { 'istio-injection': 'enabled' },
    outsideLabels: { 'sidecar.istio.io/inject': 'false' },
    known: { port: 15_014, path: '/debug/configz', resources: (answer) => JSON.parse(answer) },
    resources: plaintextPolicy,
  },
});
