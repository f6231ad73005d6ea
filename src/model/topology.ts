import type { TracingPlan } from './tracing.ts';

/** What a replica is for: a client sends the load and runs no app, a server runs one, a gateway is only a proxy. */
export type Role = 'client' | 'server' | 'gateway';

/** What an app speaks: HTTP/1.1, or HTTP/2 without TLS, known beforehand, be it gRPC or not. */
export type Protocol = 'http1' | 'http2' | 'grpc';

/** Settings of the sample app behind a service, as the app itself reads them. */
interface AppSettings {
  /** What it speaks on every port of its service; HTTP/1.1 unless given. */
  readonly protocol?: Protocol;
  /** "constant:5ms", "exponential:5ms" or "lognormal:5ms,20ms". */
  readonly serviceTime: string;
  readonly concurrency: number;
  readonly queue: number;
  /** How long it keeps an idle connection of HTTP/1.1; longer than any sidecar unless given. */
  readonly keepAliveMs?: number;
  /** What its random choices are drawn from; a random one unless the run has a seed. */
  readonly seed?: number;
  /** Size of an answer's body; as long as it takes unless given. */
  readonly bytes?: number | undefined;
  /** For how many seconds an answer may be cached; nothing is said of that unless given. */
  readonly maxAgeS?: number | undefined;
  /** What it calls through its own sidecar for every request, one after the other, before it answers. */
  readonly calls: readonly OnwardCall[];
  /** Whether its calls carry the trace of the request that they are made for; they do unless given. */
  readonly propagates?: false;
  /** What it calls once when it starts, before it listens: without an answer it serves nobody. Nothing unless given. */
  readonly startCalls?: readonly OnwardCall[];
  /** How long it goes on serving when it is told to stop; it closes its port at once unless given. */
  readonly drainMs?: number;
}

/** In which order a sidecar and its app start and stop, as far as settings decide it. */
export interface SidecarLife {
  /** Whether the app starts only once its sidecar is ready. */
  readonly holdsApp: boolean;
  /** How long a sidecar that is told to stop goes on, whatever is still under way. */
  readonly drainMs: number;
  /** Whether it goes on after that for as long as it has connections. */
  readonly exitsWhenIdle: boolean;
}

/** As Istio has it where nobody says anything. */
export const usualLife: SidecarLife = { holdsApp: false, drainMs: 5_000, exitsWhenIdle: false };

/** A call that an app makes for a request: a GET. */
interface OnwardCall {
  /** Name of the service. */
  readonly to: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
}

/**
 * What a gateway is for. east-west: it takes connections from other networks, and passes them on to the services of its
 * own by the name that their TLS asks for, without looking into them. ingress: it takes requests from outside the mesh
 * by host names of its own, and sends them on to services.
 */
export type GatewayKind = 'east-west' | 'ingress';

/** One replica that will run: `edge-app-east-1`. */
export interface Instance {
  readonly name: string;
  readonly service: string;
  readonly workload: string;
  /** Counted from 1. */
  readonly replica: number;
  /** region/zone[/sub-zone]. */
  readonly locality: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly role: Role;
  /** Of a gateway: what it is for. */
  readonly gateway?: GatewayKind;
  /** Of a client: it is outside the mesh, which it calls by the hosts of gateways and knows nothing else of. */
  readonly outside?: true;
  /** The network that it is in: others of it reach it directly. None unless the topology has networks. */
  readonly network?: string;
  /** Port of its service, where others call it unless they name another. */
  readonly port: number;
  /** Further ports of its service; none unless given. */
  readonly extraPorts?: readonly number[];
  /** The app that it runs; a server has one. */
  readonly app?: AppSettings;
  /** Ports to which its calls go past its sidecar; none unless given. */
  readonly bypass?: readonly number[];
  /** How its sidecar starts and stops beside its app; as usual unless given. */
  readonly sidecar?: SidecarLife;
}

/** A service as its callers know it, or a host of an ingress gateway, which is called like one. */
export interface TopologyService {
  readonly name: string;
  /** Where it is called unless another is named. */
  readonly port: number;
  /** Where else it is; none unless given. */
  readonly extraPorts?: readonly number[];
  /** What its app speaks; HTTP/1.1 unless given. */
  readonly protocol?: Protocol;
  /** What its usual port is called, and where that is written; after what its app speaks unless given. */
  readonly portName?: { readonly text: string; readonly source: string };
  /** The identity of its workloads. */
  readonly serviceAccount: string;
  readonly role: Role;
}

/** A proxy without an app, and where others find it. */
export interface TopologyGateway {
  readonly name: string;
  readonly kind: GatewayKind;
  readonly port: number;
  /** Names by which it is called from outside the mesh; only of an ingress gateway. */
  readonly hosts: readonly string[];
  /** The certificates that it has, by the names that they are for; without any it is called without TLS. */
  readonly certificates: readonly GatewayCertificate[];
}

/** A certificate of a gateway's own, which everybody outside the mesh trusts. */
interface GatewayCertificate {
  /** As a Gateway's `credentialName` says it. */
  readonly name: string;
  readonly hosts: readonly string[];
}

/** Everything that an environment needs to bring a mesh up; pure data. */
export interface TopologyPlan {
  /** Name of the scenario that it belongs to, and its file as the user named it. */
  readonly name: string;
  readonly file: string;
  readonly namespace: string;
  /** Whether workloads refuse plaintext. */
  readonly mtls: 'strict' | 'permissive';
  readonly services: readonly TopologyService[];
  /** None unless given. */
  readonly gateways?: readonly TopologyGateway[];
  readonly instances: readonly Instance[];
  /** Whether something without a sidecar calls services, too. */
  readonly outside: boolean;
  /** Threads that each sidecar serves requests with; one unless given. */
  readonly concurrency?: number;
  /** Where sidecars report spans; nowhere unless given. */
  readonly tracing?: TracingPlan;
  /** Who calls whom, by service, apps that call onward among them: a mesh works in which each is answered. */
  readonly calls: readonly (Way & { readonly port: number })[];
  /** Those that a relay stands on, so that the network can be disturbed there; none unless given. */
  readonly links?: readonly Link[];
}

/** What of the network lies between all callers of one locality and a replica. */
export interface Link {
  /** Locality of the callers. */
  readonly from: string;
  /** Name of the instance that is called. */
  readonly to: string;
}

/** Every link to these replicas: one from each locality that somebody calls from. */
export function linksTo(called: readonly Instance[], all: readonly Instance[]): readonly Link[] {
  const localities = new Set(all.filter(isCaller).map(({ locality }) => locality));
  return called.filter(isServer).flatMap(({ name }) => [...localities].map((from) => ({ from, to: name })));
}

/** Every port of a service, the usual one first. */
export const portsOf = ({ port, extraPorts = [] }: Pick<TopologyService, 'port' | 'extraPorts'>) => [
  port,
  ...extraPorts,
];

/** Whether a port of that name is one of bytes. */
export const namesBytes = (portName: string) => portName.split('-')[0] === 'tcp';

/** Whether the usual port of a service is one of bytes, of whose requests nobody is to know. */
export const isOfBytes = ({ portName }: Pick<TopologyService, 'portName'>) =>
  portName !== undefined && namesBytes(portName.text);

export const isClient = ({ role }: { readonly role: Role }) => role === 'client';
export const isServer = ({ role }: { readonly role: Role }) => role === 'server';
export const isGateway = ({ role }: { readonly role: Role }) => role === 'gateway';

type InNetwork = Pick<Instance, 'network'>;

/** The gateways through which one replica reaches another; none where it reaches that itself. */
export const gatewaysBetween = <Each extends Pick<Instance, 'network' | 'gateway'>>(
  from: InNetwork,
  to: InNetwork,
  instances: readonly Each[],
): readonly Each[] =>
  from.network === undefined || from.network === to.network
    ? []
    : instances.filter(({ gateway, network }) => gateway === 'east-west' && network === to.network);

/** Whether a replica's proxy makes calls of its own: of a load, of an app that calls onward, or as an ingress gateway. */
export const isCaller = ({ role, app, gateway }: Pick<Instance, 'role' | 'app' | 'gateway'>) =>
  role === 'client' ||
  gateway === 'ingress' ||
  (app !== undefined && app.calls.length + (app.startCalls?.length ?? 0) > 0);

/** The services that can be called, in the order they are written. */
export const servedBy = ({ services }: TopologyPlan) => services.filter(isServer);

/** The gateway that has a host; undefined for what is none. */
export const gatewayOf = (host: string, { gateways = [] }: Pick<TopologyPlan, 'gateways'>) =>
  gateways.find(({ hosts }) => hosts.includes(host));

/** Who calls whom, by service. */
export interface Way {
  readonly from: string;
  readonly to: string;
}

/**
 * The services that are worth telling of a sidecar's calls: a client's are all of them, since routes lead from one to
 * another; those of an app or a gateway are the ones that it calls onward; outside the mesh they are the hosts called.
 */
export const calledFrom =
  (topology: TopologyPlan) =>
  ({ role, service }: Pick<Instance, 'role' | 'service'>): readonly string[] => {
    const called = topology.calls.filter(({ from }) => from === service).map(({ to }) => to);
    const hosts = called.filter((name) => gatewayOf(name, topology) !== undefined);
    if (hosts.length > 0) return [...new Set(hosts)];
    return servedBy(topology)
      .map(({ name }) => name)
      .filter((name) => role === 'client' || called.includes(name));
  };

/** A way and all that lead on from it, since gateways and apps call onward. */
export function waysOn(first: Way, topology: Pick<TopologyPlan, 'calls' | 'gateways'>): readonly Way[] {
  const ways = [first];
  for (const { to } of ways) {
    const caller = gatewayOf(to, topology)?.name ?? to;
    for (const way of topology.calls.filter(({ from }) => from === caller)) {
      if (!ways.some((each) => each.from === way.from && each.to === way.to)) ways.push(way);
    }
  }
  return ways;
}

/** Which replicas: all that every given field matches; without any field, all. */
export interface InstanceSelector {
  readonly service?: string | undefined;
  readonly workload?: string | undefined;
  readonly replica?: number | undefined;
  /** region[/zone[/sub-zone]]; it takes in whatever lies in it. */
  readonly zone?: string | undefined;
}

/** Whether a replica is what a selector names. */
export function matches(
  instance: Pick<Instance, 'service' | 'workload' | 'replica' | 'locality'>,
  { service, workload, replica, zone }: InstanceSelector,
): boolean {
  return (
    (service === undefined || instance.service === service) &&
    (workload === undefined || instance.workload === workload) &&
    (replica === undefined || instance.replica === replica) &&
    (zone === undefined || isWithin(instance.locality, zone))
  );
}

/** Whether a locality is another one, or lies in it: "region1/zone-east" in "region1". */
export const isWithin = (locality: string, zone: string) => `${locality}/`.startsWith(`${zone}/`);
