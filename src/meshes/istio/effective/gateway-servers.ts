import { isMap, valueAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { TopologyPlan } from '../../../model/topology.ts';
import { type Place, within, writtenAt } from '../../told.ts';
import { list, texts } from '../configuration-hosts.ts';
import { hasLabels, labelsText, type Workload } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/** What a gateway is read with. */
export interface GatewayContext {
  readonly under: ResourcesUnderTest;
  /** Whose proxy it is. */
  readonly workload: Workload;
  readonly topology: TopologyPlan;
  /** Full host → the name of a service of the topology. */
  readonly serviceOf: (host: string) => string;
}

/** Something written that has no effect, and why. */
export interface Idle {
  readonly place: Place;
  readonly why: string;
}

/** A server of a Gateway, and where it is written. */
export interface Server {
  readonly resource: MeshResource;
  readonly place: Place;
}

export const serversIn = (under: ResourcesUnderTest): readonly Server[] =>
  under.ofKind('Gateway').flatMap((resource) =>
    list(valueAt(resource.value, ['spec', 'servers'])).map((_, index) => ({
      resource,
      place: { resource, path: ['spec', 'servers', index] },
    })),
  );

export const portOf = (place: Place) => Number(writtenAt(within(place, 'port', 'number')));

/** What becomes of TLS at a server; undefined where it takes none. */
export const modeOf = (place: Place): string | undefined => {
  if (writtenAt(within(place, 'tls')) === undefined) return undefined;
  return String(writtenAt(within(place, 'tls', 'mode')) ?? 'PASSTHROUGH');
};

/** Its hosts without the namespaces that may stand before them. */
export const hostsAt = (place: Place): readonly string[] =>
  texts(writtenAt(within(place, 'hosts'))).map((host) => host.replace(/^[^/]*\//, ''));

/** Whether a host of a server, which may be a wildcard, takes in a full host name. */
export const covers = (pattern: string, host: string) =>
  pattern === host || (pattern.startsWith('*') && host.endsWith(pattern.slice(1)));

/** The servers of Gateways under test that are for this proxy, and on a port. */
export const serversFor = (port: number, { under, workload }: Pick<GatewayContext, 'under' | 'workload'>) =>
  serversIn(under)
    .filter(({ resource }) => whyNotSelected(resource, workload) === undefined)
    .filter(({ place }) => portOf(place) === port);

/** The labels that a Gateway wants of a proxy. */
export function selectorOf(resource: MeshResource): Readonly<Record<string, string>> {
  const written = valueAt(resource.value, ['spec', 'selector']);
  return isMap(written) ? (written as Readonly<Record<string, string>>) : {};
}

/** Why a Gateway is for other proxies; undefined where it is for this one. A Gateway selects in every namespace. */
export function whyNotSelected(resource: MeshResource, { labels, instance }: Workload): Idle | undefined {
  const selector = selectorOf(resource);
  if (hasLabels(labels, selector)) return undefined;
  const [name = ''] = Object.keys(selector).filter((each) => labels[each] !== selector[each]);
  const own = labels[name] === undefined ? `no label ${name}` : labelsText({ [name]: labels[name] });
  return {
    place: { resource, path: ['spec', 'selector', name] },
    why: `it selects proxies with ${labelsText(selector)}, and ${instance.service} has ${own}`,
  };
}
