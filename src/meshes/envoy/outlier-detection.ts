import { durationMs, type EnvoyCluster } from './config-dump.ts';

/** What Envoy does where nothing is said. https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto */
export const outlierDefaults = {
  consecutiveErrors: 5,
  consecutiveGatewayErrors: 0,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  longestEjectionMs: 300_000,
  mostEjected: 0.1,
} as const;

/** The values that `OutlierDetection` of the model has, without where each comes from. */
export function outlierValues(outlier: NonNullable<EnvoyCluster['outlier_detection']>) {
  const counts = (count: number | undefined, enforcing: number) => (enforcing === 0 ? 0 : (count ?? 5));
  const split = outlier.split_external_local_origin_errors ?? false;
  return {
    consecutiveErrors: counts(outlier.consecutive_5xx, outlier.enforcing_consecutive_5xx ?? 100),
    consecutiveGatewayErrors: counts(
      outlier.consecutive_gateway_failure,
      outlier.enforcing_consecutive_gateway_failure ?? 0,
    ),
    splitLocalOrigin: split,
    consecutiveLocalOrigin: split
      ? counts(
          outlier.consecutive_local_origin_failure,
          outlier.enforcing_consecutive_local_origin_failure ?? 100,
        )
      : 0,
    intervalMs: durationMs(outlier.interval ?? '10s'),
    baseEjectionMs: durationMs(outlier.base_ejection_time ?? '30s'),
    longestEjectionMs: durationMs(outlier.max_ejection_time ?? '300s'),
    mostEjected: (outlier.max_ejection_percent ?? 10) / 100,
    alwaysOne: outlier.always_eject_one_host ?? false,
  };
}
