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
import { dumped } from '../envoy/config-dump.ts';
import { clusterName, clusterNames } from './clusters.ts';
import { credentials } from './credentials.ts';
import { MARKER_SERVICE, serviceHost } from './names.ts';

/** How much Envoy buffers of a connection unless told otherwise; a revision is that many bytes more, which changes nothing. */
const USUAL_BUFFER = 1_048_576;

/** "/per_connection_buffer_limit_bytes" as a number of revisions. */
const bufferOf = (revision: string) => USUAL_BUFFER + Number(revision);

/** An extension of every sidecar that writes the revision into the clusters of what is called. */
function marker({ name, hostsSince }: MarkedRevision): object {
  const patch = (revision: string, services: object) => ({
    ResourceFilter: { ResourceType: 'cluster', TrafficDirection: 'outbound', ...services },
    Op: 'add',
    Path: '/per_connection_buffer_limit_bytes',
    Value: bufferOf(revision),
  });
  return {
    Name: 'builtin/property-override',
    Required: true,
    Arguments: {
      ProxyType: 'connect-proxy',
      Patches: [patch(hostsSince, {}), patch(name, { Services: [{ Name: MARKER_SERVICE }] })],
    },
  };
}

/**
 * What Envoy says of itself. The agent makes the whole configuration of a sidecar anew when its extensions change, of
 * all that it knows by then; so a sidecar that has the marker of a revision has all else of it. A cluster with another
 * buffer is a new one, with hosts that nobody has ejected yet: a change under load leaves those of services as they are.
 */
export const sidecarAdmin: MeshSidecar = {
  marker,
  arrival: {
    paths: [
      `/config_dump?${new URLSearchParams({
        resource: 'dynamic_active_clusters',
        name_regex: String.raw`${MARKER_SERVICE}\..*`,
        mask: 'cluster.name,cluster.per_connection_buffer_limit_bytes',
      })}`,
      arrivalPath,
    ],
    answer([clusters = '', counters = ''], { revision, rejectedBefore }) {
      if (countRejected(counters) > rejectedBefore) return undefined;
      const [held] = dumped(clusters === '' ? '{}' : clusters, 'cluster');
      if (held === undefined) return notYet('it has no clusters yet');
      const bytes = held.per_connection_buffer_limit_bytes ?? USUAL_BUFFER;
      if (bytes !== bufferOf(revision)) {
        return notYet(`its clusters are of revision ${bytes - USUAL_BUFFER}, not ${revision}`);
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
