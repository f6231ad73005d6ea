import type { MeshSidecar, ServiceAddresses } from '../contract.ts';
import { ROOT_NAMESPACE } from './names.ts';

const marked = 'breakwater';

const stats = (...names: readonly string[]) =>
  `/stats?filter=${encodeURIComponent(`^(${names.join('|')})$`)}`;

const rejections = String.raw`(?:listener_manager\.lds|cluster_manager\.cds|http\..*\.rds\..*)\.update_rejected`;
const warming = String.raw`listener_manager\.total_listeners_warming|cluster_manager\.warming_clusters`;

/**
 * What Envoy says of itself. The revision is written into the metadata of what clients' sidecars hold, where it
 * changes nothing: routes come last on the stream, so whoever holds them has been sent all else before; and a
 * cluster with other metadata is a new one, with hosts that nobody has ejected yet.
 */
export const sidecarAdmin: MeshSidecar = {
  marker: (revision) => {
    const value = { metadata: { filter_metadata: { [marked]: { revision } } } };
    const patch = (applyTo: string) => ({
      applyTo,
      match: { context: 'SIDECAR_OUTBOUND' },
      patch: { operation: 'MERGE', value },
    });
    return {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'breakwater-revision', namespace: ROOT_NAMESPACE },
      spec: { configPatches: [patch('CLUSTER'), patch('ROUTE_CONFIGURATION')] },
    };
  },
  arrival: {
    paths: [
      '/config_dump?resource=dynamic_route_configs&mask=route_config.name,route_config.metadata',
      stats(warming, rejections),
    ],
    answer([routes = '', counters = ''], { revision, rejectedBefore }) {
      if (countRejected(counters) > rejectedBefore) return {};
      const held = revisionsIn(routes);
      if (held.length === 0) return 'it has no routes yet';
      const other = held.find((each) => each !== revision);
      if (other !== undefined) return `its routes are of revision ${other}, not ${revision}`;
      return stillWarming(counters) ?? {};
    },
  },
  ready: {
    paths: [
      stats(
        String.raw`(?:listener_manager\.lds|cluster_manager\.cds)\.update_success`,
        warming,
        String.raw`server\.state`,
      ),
      '/clusters',
    ],
    answer([counters = '', clusters = ''], hosts) {
      const said = parseStats(counters);
      if (!(Number(said.get('listener_manager.lds.update_success')) > 0)) return 'it has no listeners yet';
      if (!(Number(said.get('cluster_manager.cds.update_success')) > 0)) return 'it has no clusters yet';
      if (said.get('server.state') !== '0') return 'its Envoy is still initialising';
      return stillWarming(counters) ?? seesHosts(clusters, hosts) ?? {};
    },
  },
  idle: allZero(String.raw`http\.(?:in|out)bound_.*\.downstream_rq_active`),
  written: allZero(String.raw`filesystem\.write_total_buffered`),
  rejected: {
    paths: [stats(rejections)],
    count: ([counters = '']) => countRejected(counters),
  },
  reopenLogPath: '/reopen_logs',
};

function allZero(gauges: string) {
  return {
    paths: [stats(gauges)],
    answer([said = '']: readonly string[]) {
      const [first] = [...parseStats(said)].filter(([, value]) => value !== '0');
      return first === undefined ? {} : `${first[0]} is ${first[1]}`;
    },
  };
}

function countRejected(counters: string): number {
  return [...parseStats(counters)].reduce(
    (sum, [name, value]) => sum + (name.endsWith('.update_rejected') ? Number(value) : 0),
    0,
  );
}

function stillWarming(counters: string): string | undefined {
  const said = parseStats(counters);
  if (Number(said.get('listener_manager.total_listeners_warming') ?? 0) > 0)
    return 'its listeners are warming';
  if (Number(said.get('cluster_manager.warming_clusters') ?? 0) > 0) return 'its clusters are warming';
  return undefined;
}

interface RouteDump {
  readonly configs?: readonly {
    readonly route_config?: {
      readonly metadata?: {
        readonly filter_metadata?: Readonly<Record<string, { readonly revision?: string }>>;
      };
    };
  }[];
}

/** Of the routes that carry one: those of the inbound side do not. */
function revisionsIn(dump: string): string[] {
  const { configs = [] } = JSON.parse(dump === '' ? '{}' : dump) as RouteDump;
  return configs.flatMap(
    ({ route_config }) => route_config?.metadata?.filter_metadata?.[marked]?.revision ?? [],
  );
}

/** What a list of clusters lacks of the hosts, or has beside them: endpoints of an earlier run would get requests too. */
function seesHosts(clusters: string, hosts: ServiceAddresses): string | undefined {
  const lines = clusters.split('\n');
  for (const [host, addresses] of hosts) {
    const seen = (address: string) =>
      lines.some((line) => line.includes(`|${host}::${address}::health_flags::healthy`));
    const missing = addresses.filter((address) => !seen(address));
    if (missing.length > 0) return `it does not see ${missing.join(', ')} of ${host} yet`;
    const strangers = lines.flatMap((line) => {
      const match = /^outbound\|\d+\|[^|]*\|([^:]+)::([\d.]+:\d+)::health_flags::/.exec(line);
      return match && match[1] === host && !addresses.includes(match[2] ?? '') ? [match[2]] : [];
    });
    if (strangers.length > 0) return `it still sees ${strangers.join(', ')} of ${host}`;
  }
  return undefined;
}

/** "name: value" lines of Envoy's /stats → map. */
function parseStats(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(': ');
    if (colon > 0) found.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return found;
}
