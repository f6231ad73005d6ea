import { notYet, type Ready } from '../../kit/eventually.ts';
import type { MeshSidecar } from '../contract.ts';
import type { ClusterNames } from './clusters.ts';
import { COLLECTOR } from './collector.ts';

/** What Envoy's admin interface is asked, and what it answers. https://www.envoyproxy.io/docs/envoy/latest/operations/admin */

/** Path of the statistics whose whole name one of the regular expressions matches. */
export function statsPath(...patterns: readonly string[]): string {
  return `/stats?filter=${encodeURIComponent(`^(${patterns.join('|')})$`)}`;
}

/** "name: value" lines of an answer to `statsPath` → map. */
export function parseStats(answer: string): Map<string, string> {
  const stats = new Map<string, string>();
  for (const line of answer.split('\n')) {
    const colon = line.lastIndexOf(': ');
    if (colon > 0) stats.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return stats;
}

/** Path of the state of every host of every cluster. */
export const clustersPath = '/clusters';

/** A host of a cluster, and what ails it. */
interface ClusterHost {
  readonly cluster: string;
  /** "127.1.2.3:8080". */
  readonly address: string;
  readonly healthy: boolean;
  readonly ejected: boolean;
}

/** Every host of every cluster, from the answer to `clustersPath`. */
export function clusterHosts(answer: string): ClusterHost[] {
  return answer.split('\n').flatMap((line) => {
    // outbound|8080||edge-app.default.svc.cluster.local::127.1.2.11:8080::health_flags::/failed_outlier_check
    const [cluster, address, key, flags] = line.split('::');
    if (key !== 'health_flags' || cluster === undefined || address === undefined) return [];
    const healthy = flags === 'healthy';
    return [{ cluster, address, healthy, ejected: flags?.includes('failed_outlier_check') ?? false }];
  });
}

const rejections = String.raw`(?:listener_manager\.lds|cluster_manager\.cds|http\..*\.rds\..*)\.update_rejected`;
const warming = String.raw`listener_manager\.total_listeners_warming|cluster_manager\.warming_clusters`;

/** Path of the counters that `warmedUp` and `countRejected` read. */
export const arrivalPath = statsPath(warming, rejections);

export function countRejected(counters: string): number {
  return [...parseStats(counters)].reduce(
    (sum, [name, value]) => sum + (name.endsWith('.update_rejected') ? Number(value) : 0),
    0,
  );
}

/** Whether all that is there is in use. */
export function warmedUp(counters: string): Ready {
  const stats = parseStats(counters);
  if (Number(stats.get('listener_manager.total_listeners_warming') ?? 0) > 0)
    return notYet('its listeners are warming');
  if (Number(stats.get('cluster_manager.warming_clusters') ?? 0) > 0)
    return notYet('its clusters are warming');
  return undefined;
}

/** Path of the counters that `initialised` reads. */
export const readyPath = statsPath(
  String.raw`(?:listener_manager\.lds|cluster_manager\.cds)\.update_success`,
  warming,
  String.raw`server\.state`,
);

/** Whether an Envoy has all of its configuration, and uses it. */
export function initialised(counters: string): Ready {
  const stats = parseStats(counters);
  if (!(Number(stats.get('listener_manager.lds.update_success')) > 0))
    return notYet('it has no listeners yet');
  if (!(Number(stats.get('cluster_manager.cds.update_success')) > 0)) return notYet('it has no clusters yet');
  if (stats.get('server.state') !== '0') return notYet('its Envoy is still initialising');
  return warmedUp(counters);
}

/** The questions to which the answer is the same in every mesh. */
export const envoyAdmin = ({ requests }: Pick<ClusterNames, 'requests'>) =>
  ({
    idle: allZero(String.raw`http\.(?:${requests.inbound}|${requests.outbound});?\.downstream_rq_active`),
    written: allZero(String.raw`filesystem\.write_total_buffered`),
    rejected: {
      paths: [statsPath(rejections)],
      count: ([counters = '']: readonly string[]) => countRejected(counters),
    },
    spans: {
      paths: [
        statsPath(
          String.raw`tracing\..*`,
          String.raw`cluster\..*${COLLECTOR.host.replaceAll('.', '\\.')}.*\.upstream_rq_active`,
        ),
      ],
      read([said = '']: readonly string[]) {
        const stats = [...parseStats(said)];
        const sum = (name: RegExp) =>
          stats.reduce((total, [key, value]) => total + (name.test(key) ? Number(value) : 0), 0);
        return {
          sent: sum(/^tracing\.\w+\.spans_sent$/),
          lost: sum(
            /^tracing\.\w+\.(?:reports_(?:dropped|failed|skipped_no_cluster)|http_reports_(?:dropped|failed))$/,
          ),
          rounds: sum(/^tracing\.\w+\.timer_flushed$/),
          underWay: sum(/\.upstream_rq_active$/),
        };
      },
    },
    reopenLogPath: '/reopen_logs',
  }) satisfies Partial<MeshSidecar>;

function allZero(gauges: string) {
  return {
    paths: [statsPath(gauges)],
    answer([said = '']: readonly string[]): Ready {
      const [first] = [...parseStats(said)].filter(([, value]) => value !== '0');
      return first && notYet(`${first[0]} is ${first[1]}`);
    },
  };
}
