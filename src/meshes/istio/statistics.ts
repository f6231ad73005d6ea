import type { HostSample, StatisticsSample } from '../../model/evidence.ts';
import type { MeshStatistics } from '../contract.ts';

const outbound = /^outbound\|\d+\|[^|]*\|([^.]+)\.[^:]*$/;

/** What Envoy counts up or sets when a host comes, goes, is ejected, is taken back or has another health. */
const hostChanges = [
  'membership_(change|total|healthy|degraded|excluded)',
  'update_success',
  String.raw`outlier_detection\.ejections_(enforced_total|active)`,
].join('|');
const hostChange = new RegExp(String.raw`^cluster\.outbound.*\.(?:${hostChanges}): \d+$`, 'gm');

const counted = [
  'upstream_rq_pending_overflow',
  'upstream_cx_active',
  'upstream_rq_pending_active',
  'upstream_rq_active',
  'upstream_rq_retry',
].join('|');

/** Envoy's circuit breaker, pool and outlier statistics of every service a client calls, and whether it hears from istiod. */
export const statistics: MeshStatistics = {
  countersPath(services) {
    const filter = [
      String.raw`^cluster\.xds-grpc;?\.upstream_rq_total$`,
      String.raw`^(cluster_manager\.cds|listener_manager\.lds)\.update_success$`,
      String.raw`^cluster\.outbound\|\d+\|[^|]*\|(${services.join('|')})\..*\.(${counted}|${hostChanges})$`,
    ];
    return `/stats?filter=${encodeURIComponent(filter.join('|'))}`;
  },
  hostsPath: '/clusters',
  hostsVersion: (counters) => counters.match(hostChange)?.join('\n') ?? '',
  hosts(answer) {
    const services = new Map<string, Map<string, HostSample>>();
    for (const line of answer.split('\n')) {
      const [cluster, address, key, flags] = line.split('::');
      if (key !== 'health_flags' || cluster === undefined || address === undefined) continue;
      const service = serviceOf(cluster);
      if (service === undefined) continue;
      const hosts = services.get(service) ?? new Map<string, HostSample>();
      services.set(service, hosts);
      const ejected = flags?.includes('failed_outlier_check') ?? false;
      const before = hosts.get(address);
      hosts.set(address, {
        address,
        ejected: ejected || (before?.ejected ?? false),
        healthy: flags === 'healthy' && (before?.healthy ?? true),
      });
    }
    return new Map([...services].map(([service, hosts]) => [service, [...hosts.values()]]));
  },
  samples(instance, t, counters, hosts) {
    const total = (counter: RegExp) =>
      [...counters.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
    const controlPlane = {
      // Streams go by way of the agent, which ends one when its own to istiod ends.
      streams: total(/^cluster\.xds-grpc;?\.upstream_rq_total: (\d+)$/gm),
      updates: total(/^(?:cluster_manager\.cds|listener_manager\.lds)\.update_success: (\d+)$/gm),
    };
    const services = new Map<string, Map<string, number>>();
    for (const line of counters.split('\n')) {
      // cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_active: 3
      const match = /^cluster\.(outbound\|[^;:]*?);?\.((?:outlier_detection\.)?\w+): (\d+)$/.exec(line);
      const service = serviceOf(match?.[1] ?? '');
      if (!match || service === undefined) continue;
      const numbers = services.get(service) ?? new Map<string, number>();
      services.set(service, numbers);
      const name = match[2] ?? '';
      // Subsets are clusters of their own; a service is the sum of them.
      numbers.set(name, (numbers.get(name) ?? 0) + Number(match[3]));
    }
    return [...services].map(([service, numbers]): StatisticsSample => {
      const value = (name: string) => numbers.get(name) ?? 0;
      return {
        t,
        instance,
        service,
        overflow: value('upstream_rq_pending_overflow'),
        connections: value('upstream_cx_active'),
        pending: value('upstream_rq_pending_active'),
        active: value('upstream_rq_active'),
        retries: value('upstream_rq_retry'),
        ejectionsTotal: value('outlier_detection.ejections_enforced_total'),
        ejectionsActive: value('outlier_detection.ejections_active'),
        controlPlane,
        hosts: hosts.get(service) ?? [],
      };
    });
  },
};

/** "outbound|8080||edge-app.default.svc.cluster.local" → "edge-app". */
const serviceOf = (cluster: string) => outbound.exec(cluster)?.[1];
