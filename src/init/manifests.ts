import { isMap, valueAt } from '../kit/path.ts';
import { ProblemsError } from '../kit/problems.ts';
import { readKubernetesYaml } from '../meshes/kubernetes/documents.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';
import type { Found, FoundService, FoundWorkload } from './contract.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A resource of a file, with what everything here asks of it. */
interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Fields;
  readonly spec: Fields;
}

const dnsLabel = /^[a-z]([-a-z0-9]{0,58}[a-z0-9])?$/;
const labelText = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const labelName = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** More sidecars than this on one machine measure each other. */
const mostReplicas = 3;
const mostExtraPorts = 4;
/** Labels that a controller gives, or that a scenario gives itself. */
const givenLabels = [
  'app',
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
];
const controllers = ['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout'];
const zoneLabel = 'topology.kubernetes.io/zone';
const regionLabel = 'topology.kubernetes.io/region';

/**
 * Services with their workloads, as Kubernetes manifests and mesh configuration tell of them: from Services and what
 * their selectors match, and where there are none from the hosts and subsets of mesh configuration. Throws one
 * ProblemsError with what cannot be read.
 */
export function readManifests(files: readonly MeshFile[]): Found {
  const read = files.map(({ file, content }) => readKubernetesYaml(content, file));
  const problems = read.flatMap((each) => each.problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  const all = read.flatMap(({ documents }) => documents.flatMap(({ value }) => resourceOf(value)));
  const notes: string[] = [];
  const namespace = mostCommon(all.filter(isPlaced).map((each) => each.namespace)) ?? 'default';
  const others = [...new Set(all.filter(isPlaced).map((each) => each.namespace))].filter(
    (each) => each !== namespace,
  );
  if (others.length > 0) {
    notes.push(`a scenario has one namespace: ${namespace}; what is in ${others.join(', ')} is left out`);
  }
  const own = all.filter((each) => each.namespace === namespace);
  const written = own.flatMap((each) => serviceOf(each, own, notes));
  const named = hostsIn(own, namespace)
    .filter(({ name }) => !written.some((each) => each.name === name))
    .map(fromHost);
  if (named.length > 0 && written.length > 0) {
    notes.push(`known by mesh configuration alone: ${named.map(({ name }) => name).join(', ')}`);
  }
  return { namespace, services: [...written, ...named], localities: localitiesIn(own), notes };
}

const isPlaced = ({ kind }: Resource) =>
  ['Service', ...controllers, 'VirtualService', 'DestinationRule'].includes(kind);

function resourceOf(value: unknown): Resource[] {
  const kind = valueAt(value, ['kind']);
  const name = valueAt(value, ['metadata', 'name']);
  if (typeof kind !== 'string' || typeof name !== 'string') return [];
  const namespace = valueAt(value, ['metadata', 'namespace']);
  return [
    {
      kind,
      name,
      namespace: typeof namespace === 'string' ? namespace : 'default',
      labels: fields(valueAt(value, ['metadata', 'labels'])),
      spec: fields(valueAt(value, ['spec'])),
    },
  ];
}

/** What a Service says, with the workloads that its selector matches. */
function serviceOf(
  { kind, name, spec }: Resource,
  all: readonly Resource[],
  notes: string[],
): FoundService[] {
  if (kind !== 'Service') return [];
  if (!dnsLabel.test(name)) {
    notes.push(`${name} is left out: a scenario takes DNS labels of at most 60 characters`);
    return [];
  }
  const ports = list(spec['ports'])
    .map(fields)
    .filter((port) => typeof port['port'] === 'number');
  const http = ports.filter(isHttp);
  if (http.length === 0) {
    const why = ports.length === 0 ? 'it has no port' : 'none of its ports speaks HTTP';
    notes.push(`${name} is left out: ${why}`);
    return [];
  }
  const selector = Object.entries(fields(spec['selector']));
  const workloads = all
    .filter((each) => controllers.includes(each.kind) && dnsLabel.test(each.name))
    .filter(({ spec: own }) => {
      const labels = podLabels(own);
      return selector.length > 0 && selector.every(([label, value]) => labels[label] === value);
    })
    .map((each) => workloadOf(each, notes));
  const [first, ...more] = http.map((port) => Number(port['port']));
  if (workloads.length === 0)
    notes.push(`no workload behind ${name} is in these files: two replicas are assumed`);
  const accounts = all
    .filter((each) => workloads.some((workload) => workload.name === each.name))
    .map(({ spec: own }) => valueAt(own, ['template', 'spec', 'serviceAccountName']))
    .filter((account) => typeof account === 'string' && dnsLabel.test(account));
  return [
    {
      name,
      port: first ?? 8_080,
      extraPorts: more.slice(0, mostExtraPorts),
      protocol: http[0] !== undefined && isHttp2(http[0]) ? 'http2' : 'http1',
      ...(typeof accounts[0] === 'string' && accounts[0] !== name ? { serviceAccount: accounts[0] } : {}),
      workloads,
    },
  ];
}

const protocolOf = (port: Fields) =>
  String(port['appProtocol'] ?? String(port['name'] ?? 'http').split('-')[0]).toLowerCase();
const isHttp = (port: Fields) =>
  (port['protocol'] ?? 'TCP') === 'TCP' &&
  !['tcp', 'tls', 'https', 'mongo', 'mysql', 'redis', 'udp'].includes(protocolOf(port));
const isHttp2 = (port: Fields) =>
  ['http2', 'grpc', 'grpc-web', 'kubernetes.io/h2c'].includes(protocolOf(port));

function workloadOf({ name, spec }: Resource, notes: string[]): FoundWorkload {
  const asked = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  const replicas = Math.min(Math.max(1, asked), mostReplicas);
  if (asked > replicas) notes.push(`${name}: ${replicas} of its ${asked} replicas, to suit one machine`);
  const pod = fields(valueAt(spec, ['template', 'spec']));
  const place = { ...fields(valueAt(pod, ['nodeSelector'])), ...affinityOf(pod) };
  const zone = place[zoneLabel];
  const region = place[regionLabel];
  return {
    name,
    replicas,
    labels: kept(podLabels(spec)),
    ...(typeof zone === 'string' && labelText.test(zone)
      ? { locality: `${typeof region === 'string' ? region : 'region1'}/${zone}` }
      : {}),
  };
}

/** The zone that a pod has to be in, where its affinity says just one. */
function affinityOf(pod: Fields): Fields {
  const terms = list(
    valueAt(pod, [
      'affinity',
      'nodeAffinity',
      'requiredDuringSchedulingIgnoredDuringExecution',
      'nodeSelectorTerms',
    ]),
  ).flatMap((term) => list(fields(term)['matchExpressions']).map(fields));
  return Object.fromEntries(
    terms
      .filter(({ operator, values }) => operator === 'In' && list(values).length === 1)
      .map(({ key, values }) => [String(key), list(values)[0]]),
  );
}

const podLabels = (spec: Fields) => fields(valueAt(spec, ['template', 'metadata', 'labels']));

/** Labels as a scenario takes them. */
const kept = (labels: Fields): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .map(([name, value]) => [name, String(value)] as const)
      .filter(
        ([name, value]) => !givenLabels.includes(name) && labelName.test(name) && labelText.test(value),
      ),
  );

interface Host {
  readonly name: string;
  readonly port: number | undefined;
  /** Subset → its labels. */
  readonly subsets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The services of this namespace that rules and routes are about. */
function hostsIn(all: readonly Resource[], namespace: string): readonly Host[] {
  const hosts = new Map<string, { port: number | undefined; subsets: Map<string, Record<string, string>> }>();
  const seen = (text: unknown, port?: unknown) => {
    const name = typeof text === 'string' ? serviceIn(text, namespace) : undefined;
    if (name === undefined) return undefined;
    const host = hosts.get(name) ?? { port: undefined, subsets: new Map() };
    if (typeof port === 'number') host.port ??= port;
    hosts.set(name, host);
    return host;
  };
  for (const { kind, spec } of all) {
    if (kind === 'DestinationRule') {
      const host = seen(spec['host']);
      for (const subset of list(spec['subsets']).map(fields)) {
        if (typeof subset['name'] === 'string') {
          host?.subsets.set(subset['name'], kept(fields(subset['labels'])));
        }
      }
    } else if (kind === 'VirtualService') {
      for (const route of list(spec['http']).map(fields)) {
        for (const each of [...list(route['route']), { destination: route['mirror'] }]) {
          const destination = fields(fields(each)['destination']);
          seen(destination['host'], valueAt(destination, ['port', 'number']));
        }
      }
      // What it is for may be a name of its own; where it leads to is a service.
      for (const host of list(spec['hosts'])) {
        const name = typeof host === 'string' ? serviceIn(host, namespace) : undefined;
        if (name !== undefined && hosts.size === 0) seen(name);
      }
    }
  }
  return [...hosts].map(([name, host]) => ({ name, ...host }));
}

/** "cart", "cart.shop", "cart.shop.svc.cluster.local" → "cart", where it is of this namespace. */
function serviceIn(host: string, namespace: string): string | undefined {
  const [name = '', of, svc] = host.split('.');
  if (!dnsLabel.test(name)) return undefined;
  if (of === undefined) return name;
  return of === namespace && (svc === undefined || svc === 'svc') ? name : undefined;
}

/** A service of which mesh configuration knows only the host: a workload for each subset. */
function fromHost({ name, port, subsets }: Host): FoundService {
  const labelled = [...subsets].filter(([, labels]) => Object.keys(labels).length > 0);
  return {
    name,
    port: port ?? 8_080,
    extraPorts: [],
    protocol: 'http1',
    workloads: labelled
      .map(([subset, labels]) => ({ name: `${name}-${subset}`, replicas: 1, labels }))
      .filter((workload) => dnsLabel.test(workload.name)),
  };
}

/** Localities that rules name: distribute says zones, failover whole regions. */
function localitiesIn(all: readonly Resource[]): readonly string[] {
  const found = all
    .filter(({ kind }) => kind === 'DestinationRule')
    .flatMap(({ spec }) => settingsIn(spec))
    .flatMap((setting) => [
      ...list(setting['distribute'])
        .map(fields)
        .flatMap(({ from, to }) => [from, ...Object.keys(fields(to))]),
      ...list(setting['failover'])
        .map(fields)
        .flatMap(({ from, to }) => [from, to]),
    ])
    .filter((text): text is string => typeof text === 'string')
    .map((text) => text.split('/').filter((part) => part !== '*' && part !== ''))
    .filter((parts) => parts.length > 0 && parts.every((part) => labelText.test(part)))
    .map(([region, zone = 'zone-a']) => `${region}/${zone}`);
  return [...new Set(found)];
}

const settingsIn = (spec: Fields): Fields[] =>
  [spec, ...list(spec['subsets']).map(fields)].map((each) =>
    fields(valueAt(each, ['trafficPolicy', 'loadBalancer', 'localityLbSetting'])),
  );

function mostCommon(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

const fields = (value: unknown): Fields => (isMap(value) ? (value as Fields) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
