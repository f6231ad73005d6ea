import type { HostSample, StatisticsSample } from '../../model/evidence.ts';
import type { MeshStatistics } from '../contract.ts';
import { clusterHosts, clustersPath, statsPath } from './admin.ts';
import type { ClusterNames } from './clusters.ts';

/** What Envoy counts up or sets when a host comes, goes, is ejected, is taken back or has another health. */
const hostChanges = [
  'membership_(?:change|total|healthy|degraded|excluded)',
  'update_success',
  String.raw`outlier_detection\.ejections_(?:enforced_total|active)`,
].join('|');
const hostChange = new RegExp(String.raw`^cluster\..*\.(?:${hostChanges}): \d+$`, 'gm');

const counted = [
  'upstream_rq_pending_overflow',
  'upstream_cx_active',
  'upstream_cx_total',
  'upstream_rq_pending_active',
  'upstream_rq_active',
  'upstream_rq_retry',
  'upstream_rq_completed',
  'upstream_rq_[45]xx',
  'lb_healthy_panic',
  String.raw`outlier_detection\.ejections_overflow`,
  String.raw`outlier_detection\.ejections_detected_\w+`,
].join('|');

/** By what a host is told that did worse than the others of its cluster. */
const comparisons = [
  'success_rate',
  'local_origin_success_rate',
  'failure_percentage',
  'local_origin_failure_percentage',
];

/** Envoy's circuit breaker, pool and outlier statistics of every service a client calls, and whether it hears from its control plane. */
export function envoyStatistics(clusters: ClusterNames): MeshStatistics {
  // Istio's parts a cluster's name from the rest with a semicolon as well.
  // A stream that is asked for while nobody listens there is no request yet.
  const streams = String.raw`cluster\.${clusters.controlPlane};?\.upstream_(?:rq_total|cx_connect_fail)`;
  const updates = String.raw`(?:cluster_manager\.cds|listener_manager\.lds)\.update_success`;
  const strayed = String.raw`http\.${clusters.requests.outbound};?\.(?:no_cluster|no_route|fault\.aborts_injected)`;
  const streamCounter = counterOf(streams);
  const updateCounter = counterOf(updates);
  const strayCounter = counterOf(strayed);
  const serviceOf = (cluster: string) => {
    const { service, direction } = clusters.destinationOf(cluster);
    return direction === 'outbound' ? service : undefined;
  };
  return {
    countersPath(services) {
      const names = services.map((service) => clusters.patternOf(service)).join('|');
      return statsPath(
        streams,
        updates,
        strayed,
        String.raw`cluster\.(${names});?\.(${counted}|${hostChanges})`,
      );
    },
    hostsPath: clustersPath,
    hostsVersion: (counters) => counters.match(hostChange)?.join('\n') ?? '',
    hosts(answer) {
      const services = new Map<string, Map<string, HostSample>>();
      for (const { cluster, address, healthy, ejected } of clusterHosts(answer)) {
        const service = serviceOf(cluster);
        if (service === undefined) continue;
        const hosts = services.get(service) ?? new Map<string, HostSample>();
        services.set(service, hosts);
        // Subsets are clusters of their own: what ails a host in one of them ails it.
        const before = hosts.get(address);
        hosts.set(address, {
          address,
          ejected: ejected || (before?.ejected ?? false),
          healthy: healthy && (before?.healthy ?? true),
        });
      }
      return new Map([...services].map(([service, hosts]) => [service, [...hosts.values()]]));
    },
    samples(instance, t, counters, hosts) {
      const controlPlane = {
        streams: total(counters, streamCounter),
        updates: total(counters, updateCounter),
      };
      const astray = total(counters, strayCounter);
      const services = new Map<string, Map<string, number>>();
      for (const line of counters.split('\n')) {
        // cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_active: 3
        const match = /^cluster\.([^;:]*?);?\.((?:outlier_detection\.)?\w+): (\d+)$/.exec(line);
        const service = serviceOf(match?.[1] ?? '');
        if (!match || service === undefined) continue;
        const numbers = services.get(service) ?? new Map<string, number>();
        services.set(service, numbers);
        const name = match[2] ?? '';
        // A service is the sum of its subsets.
        numbers.set(name, (numbers.get(name) ?? 0) + Number(match[3]));
      }
      return [...services].map(([service, numbers]): StatisticsSample => {
        const value = (name: string) => numbers.get(name) ?? 0;
        const detected = (name: string) => value(`outlier_detection.ejections_detected_${name}`);
        return {
          t,
          instance,
          service,
          overflow: value('upstream_rq_pending_overflow'),
          connections: value('upstream_cx_active'),
          opened: value('upstream_cx_total'),
          pending: value('upstream_rq_pending_active'),
          active: value('upstream_rq_active'),
          retries: value('upstream_rq_retry'),
          completed: value('upstream_rq_completed'),
          failed: value('upstream_rq_4xx') + value('upstream_rq_5xx'),
          strayed: astray,
          ejectionsTotal: value('outlier_detection.ejections_enforced_total'),
          ejectionsActive: value('outlier_detection.ejections_active'),
          ejectionsRefused: value('outlier_detection.ejections_overflow'),
          detections: {
            errors: detected('consecutive_5xx'),
            gatewayErrors: detected('consecutive_gateway_failure'),
            localErrors: detected('consecutive_local_origin_failure'),
            comparisons: comparisons.reduce((sum, name) => sum + detected(name), 0),
          },
          panics: value('lb_healthy_panic'),
          controlPlane,
          hosts: hosts.get(service) ?? [],
        };
      });
    },
  };
}

/** Matches every line of a counter whose name the expression matches. */
const counterOf = (name: string) => new RegExp(String.raw`^${name}: (\d+)$`, 'gm');

const total = (counters: string, counter: RegExp) =>
  [...counters.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
