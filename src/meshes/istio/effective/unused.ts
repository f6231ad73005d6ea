import { isMap, valueAt } from '../../../kit/path.ts';
import type { Cluster, Route, Setting, Subject, Unused, VirtualHost } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { portsOf } from '../../../model/topology.ts';
import { type Place, pathText, settingAt, within, writtenAt } from '../../told.ts';
import { fullHost, list, texts } from '../configuration-hosts.ts';
import { ROOT_NAMESPACE, serviceHost } from '../names.ts';
import { idleDistribute, idleFailover, idlePriorities, type LocatedHosts } from './localities.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { type Block, blocks, mergedWith, type Policy, policyOf } from './policies.ts';
import {
  closeness,
  hasLabels,
  labelsText,
  selectorOf,
  type Workload,
  whyNotExported,
  whyNotSelected,
} from './selection.ts';
import { writtenRoutes } from './virtual-services.ts';
import type { ResourcesUnderTest } from './written.ts';

/** One service as a sidecar calls it. */
export interface CalledService {
  readonly name: string;
  /** "edge-app.default.svc.cluster.local". */
  readonly host: string;
  readonly namespace: string;
  readonly port: number;
  /** Every port that it is called on by this sidecar: "8080 and 9090". */
  readonly calledOn: string;
  /** Whether this sidecar calls it by its name, and not only where routes lead. */
  readonly isCalled: boolean;
  /** Its clusters in the sidecar, subsets too. */
  readonly clusters: readonly Cluster[];
  readonly virtualHost: VirtualHost | undefined;
  /** Names of the clusters to which the sidecar passes on connections as bytes. */
  readonly bytesTo: readonly string[];
  /** Labels of its replicas. */
  readonly labels: LocatedHosts['labels'];
}

export interface UnusedContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
}

interface CallerContext extends UnusedContext {
  /** Every service that the sidecar calls. */
  readonly calls: readonly CalledService[];
}

const subjects: Readonly<Record<Block, Subject>> = {
  connectionPool: 'limits',
  outlierDetection: 'outlier-detection',
  loadBalancer: 'locality',
  tls: 'tls',
};

/** What is written about a service that this caller's sidecar does not hold, or that no call of it meets. */
export function unusedByCaller(service: CalledService, context: CallerContext): readonly Unused[] {
  return [
    ...unusedRules(service, context),
    ...unusedLocalities(service, context),
    // Of a gateway its hosts tell which routes it has.
    ...(context.workload.gateways === undefined ? unusedRoutes(service, context) : []),
  ];
}

/** A block of a traffic policy as it is written: for the host, a subset, a port. */
interface WrittenBlock {
  readonly place: Place;
  readonly block: Block;
  readonly subset: string | undefined;
  readonly port: number | undefined;
}

function unusedRules(service: CalledService, { under, workload }: UnusedContext): readonly Unused[] {
  const about = under.ofKind('DestinationRule').filter((rule) => isAbout(hostsOf(rule), rule, service));
  if (about.length === 0) return [];
  const routed = routedClusters(service);
  const policies = new Map<Cluster, Policy>();
  for (const cluster of service.clusters) {
    const rule = cluster.rule;
    const first = rule?.by === 'setting' || rule?.by === 'resource' ? under.find(rule.resource) : undefined;
    if (first) policies.set(cluster, policyOf(first, cluster.subset, cluster.port, under));
  }
  const inEffect = [...policies].filter(([cluster]) => routed.has(cluster.name));
  const subsets = about.flatMap((rule): readonly Unused[] => {
    const why = whyNotRule(rule, service, [...policies.values()], { under, workload });
    if (why === undefined) return [];
    return list(valueAt(rule.value, ['spec', 'subsets'])).map((_, index) => ({
      about: 'subset',
      service: service.name,
      side: 'client',
      setting: settingAt({ resource: rule, path: ['spec', 'subsets', index, 'name'] }),
      why,
    }));
  });
  const blocks = about.flatMap((rule) =>
    writtenBlocks(rule).flatMap(({ place, block, subset, port }): readonly Unused[] => {
      if (inEffect.some(([, policy]) => isSame(policy.block(block), place))) return [];
      const why =
        whyNotRule(rule, service, [...policies.values()], { under, workload }) ??
        whyNotBlock({ place, block, subset, port }, service, inEffect);
      return [
        { about: subjects[block], service: service.name, side: 'client', setting: settingAt(place), why },
      ];
    }),
  );
  return [...subsets, ...blocks];
}

const isSame = (a: Place | undefined, b: Place) =>
  a !== undefined && a.resource === b.resource && a.path.join('.') === b.path.join('.');

function writtenBlocks(rule: MeshResource): readonly WrittenBlock[] {
  const policy = (place: Place, subset: string | undefined): readonly WrittenBlock[] =>
    [
      { place, port: undefined },
      ...list(writtenAt(within(place, 'portLevelSettings'))).map((entry, index) => ({
        place: within(place, 'portLevelSettings', index),
        port: Number(valueAt(entry, ['port', 'number'])),
      })),
    ].flatMap((each) =>
      blocks
        .map((block) => ({ place: within(each.place, block), block, subset, port: each.port }))
        .filter((one) => writtenAt(one.place) !== undefined),
    );
  return [
    ...policy({ resource: rule, path: ['spec', 'trafficPolicy'] }, undefined),
    ...list(valueAt(rule.value, ['spec', 'subsets'])).flatMap((subset, index) =>
      policy(
        { resource: rule, path: ['spec', 'subsets', index, 'trafficPolicy'] },
        String(valueAt(subset, ['name'])),
      ),
    ),
  ];
}

/** Why a rule as a whole is not the one that the sidecar has; undefined when it is. */
function whyNotRule(
  rule: MeshResource,
  service: CalledService,
  policies: readonly Policy[],
  { under, workload }: UnusedContext,
): string | undefined {
  const [host = ''] = hostsOf(rule);
  if (closeness(host, rule, service.host) < 0) return otherHost(host, rule, service);
  if (policies.some(({ rules }) => rules.includes(rule))) return undefined;
  const readers = [workload.namespace, service.namespace, ROOT_NAMESPACE];
  if (!readers.includes(rule.namespace)) {
    return `nobody reads it in the namespace ${rule.namespace}: callers are in ${workload.namespace}, the service is in ${service.namespace}`;
  }
  const hidden = whyNotExported(rule, workload.namespace);
  if (hidden !== undefined) return hidden;
  const selector = selectorOf(rule);
  if (selector && rule.namespace !== workload.namespace) {
    return `its workloadSelector is for callers in its own namespace ${rule.namespace}, and ${workload.instance.name} is in ${workload.namespace}`;
  }
  if (selector && !hasLabels(workload.labels, selector)) {
    return `it is for callers with ${labelsText(selector)}, and ${workload.instance.name} has not`;
  }
  const winner = policies[0]?.rules[0];
  if (winner === undefined)
    return `the sidecar of ${workload.instance.name} has nothing of it; why is not known`;
  return `${nameAndPlace(winner)} is in effect instead: ${whyWins(winner, rule, service, workload, under)}`;
}

function whyWins(
  winner: MeshResource,
  rule: MeshResource,
  service: CalledService,
  workload: Workload,
  under: ResourcesUnderTest,
): string {
  if (winner.namespace !== rule.namespace) {
    return winner.namespace === workload.namespace
      ? `a rule in the caller's namespace ${winner.namespace} comes first`
      : `a rule in the service's namespace ${winner.namespace} comes first`;
  }
  if (selectorOf(winner) && !selectorOf(rule)) return 'it is for this caller in particular';
  const [ours = '', theirs = ''] = [hostsOf(winner)[0], hostsOf(rule)[0]];
  if (closeness(ours, winner, service.host) > closeness(theirs, rule, service.host))
    return 'its host is closer';
  return mergedWith(winner, under).includes(rule)
    ? 'it is the first for this host'
    : 'Istio takes one rule for a host';
}

/** Why a block of a rule that the sidecar has is not in effect. */
function whyNotBlock(
  { place, block, subset, port }: WrittenBlock,
  { name, port: called, calledOn }: CalledService,
  inEffect: readonly (readonly [Cluster, Policy])[],
): string {
  if (port !== undefined && port !== called)
    return `it is for port ${port}, and ${name} is called on ${calledOn}`;
  const [cluster, policy] = inEffect[0] ?? [];
  if (subset !== undefined) {
    const holder = policy?.rules.find((rule) =>
      list(valueAt(rule.value, ['spec', 'subsets'])).some((each) => valueAt(each, ['name']) === subset),
    );
    if (holder && holder !== place.resource)
      return `the subset ${subset} is in ${nameAndPlace(holder)} already`;
    if (!inEffect.some(([each]) => each.subset === subset))
      return `no route of the caller leads to the subset ${subset}`;
    return `the subset ${subset} has an entry for port ${called}, which replaces it`;
  }
  const winner = policy?.block(block);
  if (policy && policy.rules[0] !== place.resource && winner?.resource !== place.resource) {
    const holder = policy.rules.find((rule) => valueAt(rule.value, ['spec', 'trafficPolicy']) !== undefined);
    if (holder && holder !== place.resource) {
      return `Istio takes the trafficPolicy of one rule for a host, and ${nameAndPlace(holder)} comes before and has one`;
    }
  }
  if (winner) {
    const { file, line } = settingAt(winner);
    const by = winner.path.includes('subsets')
      ? `the subset ${cluster?.subset}`
      : `the entry for port ${called}`;
    return `${by} sets its own in ${file}:${line}, which replaces this whole block`;
  }
  if (cluster === undefined) return `no route of the caller leads to ${name}`;
  return `an entry for port ${called} replaces the whole policy around it, and has no ${block}`;
}

/**
 * Failover between localities needs outlier detection, and distribute takes its place; what either names may be
 * nowhere, or not where this caller is.
 */
function unusedLocalities(service: CalledService, { under, workload }: UnusedContext): readonly Unused[] {
  const routed = routedClusters(service);
  return service.clusters
    .filter(({ name }) => routed.has(name))
    .flatMap(({ rule, subset, port, outlierDetection, zones }): readonly Unused[] => {
      const first = rule?.by === 'setting' ? under.find(rule.resource) : undefined;
      const block = first && policyOf(first, subset, port, under).block('loadBalancer');
      const locality = block && within(block, 'localityLbSetting');
      const written = locality && writtenAt(locality);
      if (locality === undefined || !isMap(written) || written['enabled'] === false) return [];
      const fields = (['failover', 'failoverPriority'] as const).filter(
        (field) => written[field] !== undefined,
      );
      const unused = (place: Place, why: string): Unused => ({
        about: 'locality',
        service: service.name,
        side: 'client',
        setting: settingAt(place),
        why,
      });
      const hosts: LocatedHosts = {
        service: service.name,
        localities: zones.map((zone) => zone.locality),
        labels: service.labels,
      };
      if (written['distribute'] !== undefined) {
        return [
          ...fields.map((field) =>
            unused(within(locality, field), 'distribute is set beside it, and Istio takes one of the two'),
          ),
          ...idleDistribute(within(locality, 'distribute'), hosts, workload).map(({ place, why }) =>
            unused(place, why),
          ),
        ];
      }
      if (outlierDetection !== undefined) {
        return [
          ...idleFailover(within(locality, 'failover'), hosts, workload),
          ...idlePriorities(within(locality, 'failoverPriority'), hosts, workload),
        ].map(({ place, why }) => unused(place, why));
      }
      const places = fields.length > 0 ? fields.map((field) => within(locality, field)) : [locality];
      return places.map((place) => unused(place, 'without outlierDetection Istio does not fail over'));
    });
}

function routedClusters({ virtualHost, bytesTo }: CalledService): ReadonlySet<string> {
  return new Set([
    ...bytesTo,
    ...(virtualHost?.routes ?? []).flatMap(({ action }) =>
      action.does === 'forward' ? [...action.to, ...action.mirrors].map(({ cluster }) => cluster) : [],
    ),
  ]);
}

const isOfBytes = ({ clusters, bytesTo }: CalledService) =>
  clusters.some(({ name }) => bytesTo.includes(name));

const routeSubjects: Readonly<Record<string, Subject>> = {
  timeout: 'timeout',
  retries: 'retries',
  fault: 'fault',
};

function unusedRoutes(service: CalledService, { under, workload, calls }: CallerContext): readonly Unused[] {
  const all = under.ofKind('VirtualService');
  const isAboutAny = (resource: MeshResource) =>
    calls.some((called) => called.isCalled && isAbout(hostsOf(resource), resource, called));
  const made = new Set(
    (service.virtualHost?.routes ?? []).flatMap(({ from }) => (from.by === 'setting' ? [keyOf(from)] : [])),
  );
  const isMade = (place: Place) => made.has(keyAt(place));
  const about = all
    .filter(
      (each) =>
        isAbout(hostsOf(each), each, service) ||
        // One for a name that nobody calls was meant for what it leads to.
        (hostsOf(each).length > 0 && leadsTo(each, service) && !isAboutAny(each)),
    )
    .map((resource) => ({
      resource,
      routes: writtenRoutes(resource, workload, service.port, all, service.calledOn),
    }));
  const holders = about
    .filter(({ routes }) => routes.some(({ places: [place] }) => isMade(place)))
    .map(({ resource }) => resource);
  const behind = routesBehindOthers(service.virtualHost?.routes ?? []);
  return about.flatMap(({ resource, routes }) => {
    const whole = whyNotVirtualService(resource, service, holders, workload);
    return routes.flatMap(({ places: [place], why }) => {
      const reason = whole ?? (isMade(place) ? behind.get(keyAt(place)) : why);
      if (reason === undefined) return [];
      const parts = Object.entries(routeSubjects).flatMap(([field, about]) => {
        const inner = within(place, field);
        return writtenAt(inner) === undefined ? [] : [{ about, setting: settingAt(inner) }];
      });
      return [{ about: 'route' as const, setting: settingAt(place) }, ...parts].map(
        (part): Unused => ({ ...part, service: service.name, side: 'client', why: reason }),
      );
    });
  });
}

/** Routes that get no request, since one before takes all of theirs, and why; those alone of which no part gets any. */
function routesBehindOthers(routes: readonly Route[]): ReadonlyMap<string, string> {
  const takers = new Map<string, Route>();
  const written = routes.flatMap((route) => {
    const before = takerOf(route, takers);
    const { path, headers, query, more } = route.match;
    const takesAllBelow = path.kind === 'prefix' && headers.length === 0 && query.length === 0 && !more;
    if (takesAllBelow && !path.ignoreCase && !takers.has(path.value)) takers.set(path.value, route);
    return route.from.by === 'setting' ? [{ key: keyOf(route.from), before }] : [];
  });
  return new Map(
    [...Map.groupBy(written, ({ key }) => key)].flatMap(([key, parts]) => {
      const [taker] = parts.map((part) => part.before);
      if (taker?.from.by !== 'setting' || parts.some((part) => part.before === undefined)) return [];
      const { path, file, line } = taker.from;
      return [
        [key, `${path.replace(/^spec\./, '')} before it (${file}:${line}) takes every request that it would`],
      ];
    }),
  );
}

/** A route before that takes whatever another one would, by its path alone; `takers` by how the paths begin. */
function takerOf({ match: { path } }: Route, takers: ReadonlyMap<string, Route>): Route | undefined {
  const begins = path.kind === 'exact' || path.kind === 'prefix' || path.kind === 'segments';
  if (!begins || path.ignoreCase || takers.size === 0) return undefined;
  for (let length = 0; length <= path.value.length; length += 1) {
    const taker = takers.get(path.value.slice(0, length));
    if (taker !== undefined) return taker;
  }
  return undefined;
}

const keyOf = ({ resource, path }: Setting) => `${resource.namespace}/${resource.name} ${path}`;
const keyAt = ({ resource, path }: Place) => `${resource.namespace}/${resource.name} ${pathText(path)}`;

function whyNotVirtualService(
  resource: MeshResource,
  service: CalledService,
  holders: readonly MeshResource[],
  workload: Workload,
): string | undefined {
  if (holders.includes(resource)) return undefined;
  const hosts = hostsOf(resource);
  if (!hosts.some((host) => closeness(host, resource, service.host) >= 0)) {
    return otherHost(hosts[0] ?? '', resource, service);
  }
  const gateways = texts(valueAt(resource.value, ['spec', 'gateways']));
  if (gateways.length > 0 && !gateways.includes('mesh')) {
    return `it is for gateways only: ${gateways.join(', ')}; calls inside the mesh need the gateway "mesh"`;
  }
  const hidden = whyNotExported(resource, workload.namespace);
  if (hidden !== undefined) return hidden;
  if (isOfBytes(service)) {
    return `port ${service.calledOn} of ${service.name} is one of bytes, on which no request is routed`;
  }
  const [holder] = holders;
  return holder === undefined
    ? undefined
    : `${nameAndPlace(holder)} has this host already, and Istio takes one of them`;
}

function leadsTo(resource: MeshResource, { host }: CalledService): boolean {
  return list(valueAt(resource.value, ['spec', 'http'])).some((http) =>
    list(valueAt(http, ['route'])).some((route) =>
      texts([valueAt(route, ['destination', 'host'])]).some(
        (each) => fullHost(each, resource.namespace) === host,
      ),
    ),
  );
}

/** The hosts that a resource is about. */
export function hostsOf(resource: MeshResource): readonly string[] {
  const { kind, value } = resource;
  return kind === 'DestinationRule'
    ? texts([valueAt(value, ['spec', 'host'])])
    : texts(valueAt(value, ['spec', 'hosts']));
}

/** Whether hosts of a resource name a service, or look as if they were meant to. */
function isAbout(hosts: readonly string[], resource: MeshResource, { name, host }: CalledService): boolean {
  return hosts.some((each) => closeness(each, resource, host) >= 0 || each.split('.')[0] === name);
}

function otherHost(host: string, resource: MeshResource, service: CalledService): string {
  return `its host is ${fullHost(host, resource.namespace)}, and ${service.name} is ${service.host}`;
}

function nameAndPlace(resource: MeshResource): string {
  return `${resource.kind}/${resource.name} (${resource.file}:${resource.line})`;
}

/** What a server's sidecar makes nothing of: policies for other workloads, and what is for callers alone. */
export function unusedByServer(service: string, context: UnusedContext): readonly Unused[] {
  return [...unusedPolicies(service, context), ...poolsOfSubsets(service, context)];
}

/** The sidecar of a server has the connection pool of its host, towards its app; a subset is how callers see it. */
function poolsOfSubsets(service: string, { under, workload }: UnusedContext): readonly Unused[] {
  const host = serviceHost(service, workload.namespace);
  return under
    .ofKind('DestinationRule')
    .filter((rule) => hostsOf(rule).some((each) => closeness(each, rule, host) >= 0))
    .flatMap((rule) => writtenBlocks(rule))
    .filter(({ block, subset }) => block === 'connectionPool' && subset !== undefined)
    .map(({ place, subset }) => ({
      about: 'limits',
      service,
      side: 'server',
      setting: settingAt(place),
      why: `the subset ${subset} is for callers; towards its app a sidecar has the connectionPool of the host`,
    }));
}

/** Policies that are not for this workload, or that another one of its kind keeps from it. */
function unusedPolicies(service: string, { under, workload }: UnusedContext): readonly Unused[] {
  const kept = new Map(
    peerAuthentications(under, workload).flatMap(([first, ...others]) =>
      others.map((resource) => [resource, first] as const),
    ),
  );
  return (
    [
      ['AuthorizationPolicy', 'authorization'],
      ['PeerAuthentication', 'tls'],
    ] as const
  ).flatMap(([kind, about]) =>
    under.ofKind(kind).flatMap((resource): readonly Unused[] => {
      const first = kept.get(resource);
      const why =
        first === undefined
          ? whyNotSelected(resource, workload)
          : `${nameAndPlace(first)} is for ${workload.instance.name} as well, and of several Istio takes the oldest, or the first by name`;
      if (why === undefined)
        return unusedPorts(resource, workload).map((each) => ({ about, service, side: 'server', ...each }));
      const setting: Setting = settingAt({ resource, path: ['spec'] });
      return [{ about, service, side: 'server', setting, why }];
    }),
  );
}

/** What a PeerAuthentication says of ports that its workload does not have. */
function unusedPorts(
  resource: MeshResource,
  { instance }: Workload,
): readonly Pick<Unused, 'setting' | 'why'>[] {
  const ports = valueAt(resource.value, ['spec', 'portLevelMtls']);
  return Object.keys(isMap(ports) ? ports : {})
    .filter((port) => !portsOf(instance).includes(Number(port)))
    .map((port) => ({
      setting: settingAt({ resource, path: ['spec', 'portLevelMtls', port] }),
      why: `${instance.name} listens on ${portsOf(instance).join(' and ')}, and not on ${port}`,
    }));
}
