import type { ClusterMeshSettings } from '../../contract.ts';
import { accessLogFormat } from '../../envoy/access-log-format.ts';
import { proxySettings } from '../proxy-settings.ts';

/** Where Istio's images are. An istioctl that was built from source would take the newest of its testers. */
export function imageSource({ hub = 'docker.io/istio', tag }: ClusterMeshSettings, version: string) {
  return { hub, tag: tag ?? version };
}

/** What istioctl installs: istiod alone, with the access log and the statistics that evidence is made of. */
export function operatorConfiguration(settings: ClusterMeshSettings, version: string): object {
  const small = (cpu: string, memory: string) => ({ requests: { cpu, memory } });
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      profile: 'minimal',
      ...imageSource(settings, version),
      meshConfig: {
        accessLogFile: '/dev/stdout',
        accessLogEncoding: 'TEXT',
        accessLogFormat: `${accessLogFormat}\n`,
        enableTracing: false,
        enablePrometheusMerge: false,
        defaultConfig: {
          ...proxySettings,
          terminationDrainDuration: '1s',
        },
      },
      values: {
        defaultRevision: 'default',
        ...(settings.stockEnvoy ? { telemetry: { enabled: false } } : {}),
        pilot: {
          autoscaleEnabled: false,
          resources: small('50m', '128Mi'),
          nodeSelector: settings.controlPlaneNodes,
          tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
          env: settings.stockEnvoy
            ? { PILOT_ENABLE_METADATA_EXCHANGE: 'false', PILOT_ENABLE_ALPN_FILTER: 'false' }
            : {},
        },
        global: {
          imagePullPolicy: 'IfNotPresent',
          proxy: { resources: small('20m', '64Mi') },
        },
      },
    },
  };
}
