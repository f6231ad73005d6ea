import type { HostSample, StatisticsSample } from '../../evidence/contract.ts';
import type { MeshStatistics } from '../contract.ts';

const outbound = /^outbound\|\d+\|[^|]*\|([^.]+)\.[^:]*$/;

/** Envoy's circuit breaker, pool and outlier statistics of every service a client calls, and whether it hears from istiod. */
export const statistics: MeshStatistics = {
  paths: [
    `/stats?filter=${encodeURIComponent(
      String.raw`^cluster\.xds-grpc;?\.upstream_rq_total$|^(cluster_manager\.cds|listener_manager\.lds)\.update_success$|^cluster\.outbound.*\.(upstream_rq_pending_overflow|upstream_cx_overflow|upstream_rq_retry_overflow|upstream_cx_active|upstream_rq_pending_active|upstream_rq_active|upstream_rq_retry|outlier_detection\.ejections_(enforced_total|active))$`,
    )}`,
    '/clusters',
  ],
  parse(instance, t, answers) {
    const services = new Map<string, { numbers: Map<string, number>; hosts: Map<string, HostSample> }>();
    const of = (cluster: string) => {
      const service = outbound.exec(cluster)?.[1];
      if (service === undefined) return undefined;
      const entry = services.get(service) ?? { numbers: new Map(), hosts: new Map() };
      services.set(service, entry);
      return entry;
    };
    const [numbers = ''] = answers;
    const total = (counter: RegExp) =>
      [...numbers.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
    const controlPlane = {
      // Streams go by way of the agent, which ends one when its own to istiod ends.
      streams: total(/^cluster\.xds-grpc;?\.upstream_rq_total: (\d+)$/gm),
      updates: total(/^(?:cluster_manager\.cds|listener_manager\.lds)\.update_success: (\d+)$/gm),
    };
    for (const line of numbers.split('\n')) {
      // cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_active: 3
      const match = /^cluster\.(outbound\|[^;:]*?);?\.((?:outlier_detection\.)?\w+): (\d+)$/.exec(line);
      const entry = match && of(match[1] ?? '');
      if (!match || !entry) continue;
      const name = match[2] ?? '';
      // Subsets are clusters of their own; a service is the sum of them.
      entry.numbers.set(name, (entry.numbers.get(name) ?? 0) + Number(match[3]));
    }
    for (const line of (answers[1] ?? '').split('\n')) {
      const [cluster, address, key, flags] = line.split('::');
      if (key !== 'health_flags' || cluster === undefined || address === undefined) continue;
      const entry = of(cluster);
      if (!entry) continue;
      const ejected = flags?.includes('failed_outlier_check') ?? false;
      const before = entry.hosts.get(address);
      entry.hosts.set(address, {
        address,
        ejected: ejected || (before?.ejected ?? false),
        healthy: flags === 'healthy' && (before?.healthy ?? true),
      });
    }
    return [...services].map(([service, { numbers, hosts }]): StatisticsSample => {
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
        hosts: [...hosts.values()],
      };
    });
  },
};
