import { notYet, type Ready } from '../../kit/eventually.ts';
import type { MarkedRevision, MeshSidecar, ServiceAddresses } from '../contract.ts';
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
import { dumped, durationMs } from '../envoy/config-dump.ts';
import { clusterName, clusterNames, isExported } from './clusters.ts';
import { credentials } from './credentials.ts';
import { MARKER_SERVICE, serviceHost } from './names.ts';

/** How much Envoy buffers of a connection unless told otherwise: a few bytes more change nothing. */
const USUAL_BUFFER = 1_048_576;
/** No lab has as many revisions. */
const MOST_REVISIONS = 100_000;

/**
 * An extension of every sidecar that makes the clusters of what is called new ones, with hosts that nobody has ejected
 * yet. Consul then makes all of a sidecar's configuration anew, so it is no matter for changes under load.
 */
export const freshHosts = (hostsSince: string): object => ({
  Name: 'builtin/property-override',
  Required: true,
  Arguments: {
    ProxyType: 'connect-proxy',
    Patches: [
      {
        ResourceFilter: { ResourceType: 'cluster', TrafficDirection: 'outbound' },
        Op: 'add',
        Path: '/per_connection_buffer_limit_bytes',
        Value: USUAL_BUFFER + Number(hostsSince),
      },
    ],
  },
});

/** The entry of a service that nobody calls, and that every sidecar has a route to: its time limit is the revision. */
const marker = ({ name, hostsSince }: MarkedRevision) => ({
  Kind: 'service-resolver',
  Name: MARKER_SERVICE,
  RequestTimeout: `${Number(hostsSince) * MOST_REVISIONS + Number(name)}ms`,
});

const dump = (resource: string, query: Readonly<Record<string, string>>) =>
  `/config_dump?${new URLSearchParams({ resource, ...query })}`;

/** An Envoy that holds nothing of a kind says so in words. */
const heldIn = (answer: string) => (answer.startsWith('{') ? answer : '{}');

/**
 * What Envoy says of itself. The marker is the last that the agent is given, and routes come last on a sidecar's stream:
 * who has it has been sent all else before.
 */
export const sidecarAdmin: MeshSidecar = {
  marker,
  arrival: {
    paths: [
      dump('dynamic_route_configs', { name_regex: MARKER_SERVICE }),
      dump('dynamic_active_clusters', {
        name_regex: String.raw`(.*~)?${MARKER_SERVICE}\..*`,
        mask: 'cluster.name,cluster.per_connection_buffer_limit_bytes',
      }),
      arrivalPath,
    ],
    answer([routes = '', clusters = '', counters = ''], { revision, rejectedBefore }) {
      if (countRejected(counters) > rejectedBefore) return undefined;
      const [route] = dumped(heldIn(routes), 'route_config').flatMap(({ virtual_hosts = [] }) =>
        virtual_hosts.flatMap((host) => host.routes ?? []),
      );
      const all = dumped(heldIn(clusters), 'cluster');
      const [cluster] = all;
      const timeout = route?.route?.timeout;
      if (timeout === undefined || cluster === undefined) return notYet('it has no routes yet');
      const marked = durationMs(timeout);
      const held = String(marked % MOST_REVISIONS);
      if (held !== revision) return notYet(`its routes are of revision ${held}, not ${revision}`);
      const bytes = cluster.per_connection_buffer_limit_bytes ?? USUAL_BUFFER;
      // Extensions are for sidecars: those of a gateway stay as they are.
      const isGateway = all.some(({ name }) => isExported(name));
      if (!isGateway && bytes !== USUAL_BUFFER + Math.floor(marked / MOST_REVISIONS)) {
        return notYet('its clusters are of an earlier revision');
      }
      return warmedUp(counters);
    },
  },
  ready: {
    paths: [readyPath, clustersPath],
    answer: ([counters = '', clusters = ''], hosts) => initialised(counters) ?? seesHosts(clusters, hosts),
  },
  credentials,
  ...envoyAdmin(clusterNames),
};

/** Whether a list of clusters has these hosts, healthy, and none beside them. */
function seesHosts(clusters: string, hosts: ServiceAddresses): Ready {
  const seen = clusterHosts(clusters);
  for (const [host, addresses] of hosts) {
    const own = seen.filter(({ cluster }) => {
      const name = clusterName(cluster);
      return name !== undefined && serviceHost(name.service) === host;
    });
    const healthy = new Set(own.filter((each) => each.healthy).map(({ address }) => address));
    const missing = addresses.filter((address) => !healthy.has(address));
    if (missing.length > 0) return notYet(`it does not see ${missing.join(', ')} of ${host} yet`);
    const strangers = own.map(({ address }) => address).filter((address) => !addresses.includes(address));
    if (strangers.length > 0) return notYet(`it still sees ${strangers.join(', ')} of ${host}`);
  }
  return undefined;
}
