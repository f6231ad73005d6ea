import { notYet, type Ready } from '../../kit/eventually.ts';
import type { MeshSidecar, ServiceAddresses } from '../contract.ts';
import {
  arrivalPath,
  clusterHosts,
  clustersPath,
  countRejected,
  envoyAdmin,
  initialised,
  readyPath,
  warmedUp,
} from '../envoy/admin.ts';
import { envoyCredentials } from '../envoy/credentials.ts';
import { clusterNames } from './clusters.ts';
import { ROOT_NAMESPACE } from './names.ts';

const marked = 'breakwater';

/**
 * What Envoy says of itself. The revision is written into the metadata of what clients' sidecars hold, where it
 * changes nothing: routes come last on the stream, so whoever holds them has been sent all else before; and a
 * cluster with other metadata is a new one, with hosts that nobody has ejected yet. A change under load leaves the
 * clusters' as it was.
 */
export const sidecarAdmin: MeshSidecar = {
  marker: ({ name, hostsSince }) => {
    const patch = (context: string, applyTo: string, revision: string) => ({
      applyTo,
      match: { context },
      patch: {
        operation: 'MERGE',
        value: { metadata: { filter_metadata: { [marked]: { revision } } } },
      },
    });
    return {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'breakwater-revision', namespace: ROOT_NAMESPACE },
      spec: {
        configPatches: ['SIDECAR_OUTBOUND', 'GATEWAY'].flatMap((context) => [
          patch(context, 'CLUSTER', hostsSince),
          patch(context, 'ROUTE_CONFIGURATION', name),
        ]),
      },
    };
  },
  arrival: {
    paths: [
      '/config_dump?resource=dynamic_route_configs&mask=route_config.name,route_config.metadata',
      arrivalPath,
    ],
    answer([routes = '', counters = ''], { revision, rejectedBefore }) {
      if (countRejected(counters) > rejectedBefore) return undefined;
      const held = revisionsIn(routes);
      if (held.length === 0) return notYet('it has no routes yet');
      const other = held.find((each) => each !== revision);
      if (other !== undefined) return notYet(`its routes are of revision ${other}, not ${revision}`);
      return warmedUp(counters);
    },
  },
  ready: {
    paths: [readyPath, clustersPath],
    answer: ([counters = '', clusters = ''], hosts) => initialised(counters) ?? seesHosts(clusters, hosts),
  },
  // What pilot-agent calls them.
  credentials: envoyCredentials({ certificate: 'default', roots: 'ROOTCA' }),
  ...envoyAdmin(clusterNames),
};

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

/** Whether a list of clusters has these hosts, healthy, and none beside them: endpoints of an earlier run would get requests too. */
function seesHosts(clusters: string, hosts: ServiceAddresses): Ready {
  const seen = clusterHosts(clusters).filter(
    ({ cluster }) => clusterNames.destinationOf(cluster).direction === 'outbound',
  );
  for (const [host, addresses] of hosts) {
    const own = seen.filter(({ cluster }) => cluster.endsWith(`|${host}`));
    const healthy = new Set(own.filter((each) => each.healthy).map(({ address }) => address));
    const missing = addresses.filter((address) => !healthy.has(address));
    if (missing.length > 0) return notYet(`it does not see ${missing.join(', ')} of ${host} yet`);
    const strangers = own.map(({ address }) => address).filter((address) => !addresses.includes(address));
    if (strangers.length > 0) return notYet(`it still sees ${strangers.join(', ')} of ${host}`);
  }
  return undefined;
}
