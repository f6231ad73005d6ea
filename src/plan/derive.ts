import { isDeepStrictEqual } from 'node:util';
import type { Fault } from '../faults/index.ts';
import { faultKind } from '../faults/index.ts';
import { sizeOf } from '../load/written.ts';
import { seedOf } from '../model/seed.ts';
import {
  type Instance,
  isGateway,
  isServer,
  type Link,
  linksTo,
  matches,
  namesBytes,
  portsOf,
  type SidecarLife,
  usualLife,
} from '../model/topology.ts';
import { callersOf, type ProbeContext } from '../probes/written.ts';
import { clientsIn, loadsIn, type ScenarioLoad } from '../scenario/loads.ts';
import type { Scenario } from '../scenario/schema.ts';

/** Every replica of the topology, in the order it is written; with a seed each app has one of its own. */
export function replicasOf(scenario: Scenario, seed?: number): Instance[] {
  const { topology } = scenario;
  const clients = clientsIn(scenario);
  const outsiders = outsidersIn(scenario);
  const pods = podsOf(scenario);
  const ofServices = Object.entries(topology.services).flatMap(
    ([service, { workloads, serviceAccount, port, extraPorts, app, bypass, sidecar }]) =>
      workloads.flatMap((workload) =>
        replicasIn(workload, workload.replicas === 1 ? pods.get(service) : undefined).map((replica) => ({
          ...replica,
          service,
          serviceAccount: serviceAccount ?? service,
          port,
          ...(extraPorts.length === 0 ? {} : { extraPorts }),
          ...(bypass.length === 0 ? {} : { bypass }),
          ...lifeOf(sidecar),
          ...(clients.has(service)
            ? { role: 'client' as const, ...(outsiders.has(service) ? { outside: true as const } : {}) }
            : {
                role: 'server' as const,
                app: {
                  ...appOf(app, topology),
                  ...(seed === undefined ? {} : { seed: seedOf(seed, replica.name) }),
                },
              }),
        })),
      ),
  );
  return [...ofServices, ...replicasOfGateways(topology)];
}

/** Every replica of the gateways; what of a gateway's labels a workload says itself holds for that. */
const replicasOfGateways = ({ gateways }: Scenario['topology']): readonly Instance[] =>
  Object.entries(gateways).flatMap(([service, gateway]) =>
    gateway.workloads.flatMap((workload) =>
      replicasIn(workload).map((replica) => ({
        ...replica,
        service,
        serviceAccount: gateway.serviceAccount ?? service,
        port: portOfGateway(gateway),
        role: 'gateway',
        gateway: gateway.kind,
        labels: { ...(gateway.labels ?? usualLabels[gateway.kind]), ...replica.labels },
      })),
    ),
  );

type WrittenGateway = Scenario['topology']['gateways'][string];

/** As the gateways that Istio itself installs have them. */
const usualLabels = {
  'east-west': { istio: 'eastwestgateway' },
  ingress: { istio: 'ingressgateway' },
} as const;
/** Istio's own for other networks, and one that needs no root for clients. */
const usualPorts = { 'east-west': 15_443, ingress: 8_443 } as const;

export const portOfGateway = ({ kind, port }: Pick<WrittenGateway, 'kind' | 'port'>) =>
  port ?? usualPorts[kind];

/** The gateway that has a host; undefined for what is none. */
export const gatewayWith = (host: string, { gateways }: Scenario['topology']): WrittenGateway | undefined =>
  Object.values(gateways).find(({ hosts }) => hosts.includes(host));

/** The clients that send to hosts of gateways: they are outside the mesh. */
export function outsidersIn(scenario: Scenario): ReadonlySet<string> {
  const { topology } = scenario;
  const toHosts = ({ to }: { readonly to: string }) => gatewayWith(to, topology) !== undefined;
  return new Set([
    ...loadsIn(scenario).flatMap(({ load }) => (toHosts(load) ? load.from : [])),
    ...scenario.probes.filter(toHosts).flatMap(callersOf),
  ]);
}

/** What the replicas of a workload have from it, as many as it says unless there is another number. */
const replicasIn = (
  { name, locality, network, labels, replicas }: WrittenWorkload,
  count: number = replicas,
): readonly Pick<Instance, 'name' | 'workload' | 'replica' | 'locality' | 'network' | 'labels'>[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${name}-${index + 1}`,
    workload: name,
    replica: index + 1,
    locality,
    ...(network === undefined ? {} : { network }),
    labels,
  }));

type WrittenWorkload = Scenario['topology']['services'][string]['workloads'][number];

/** How a sidecar starts and stops, where that is not as usual. */
function lifeOf({
  holdsApp,
  drain: drainMs,
  exitsWhenIdle,
}: Scenario['topology']['services'][string]['sidecar']): Pick<Instance, 'sidecar'> {
  const life: SidecarLife = { holdsApp, drainMs, exitsWhenIdle };
  return isDeepStrictEqual(life, usualLife) ? {} : { sidecar: life };
}

/** An app as it is written, with what its calls go to worked out. */
function appOf(
  {
    maxAge,
    keepAlive,
    propagates,
    calls,
    startCalls,
    drain,
    ...app
  }: Scenario['topology']['services'][string]['app'],
  topology: Scenario['topology'],
): NonNullable<Instance['app']> {
  const worked = (all: typeof calls) =>
    all.map((call) => ({ to: call.to, port: portCalled(call, topology), path: call.path }));
  return {
    ...app,
    ...(keepAlive === undefined ? {} : { keepAliveMs: keepAlive }),
    ...(maxAge === undefined ? {} : { maxAgeS: maxAge / 1_000 }),
    ...(propagates ? {} : { propagates }),
    ...(startCalls.length === 0 ? {} : { startCalls: worked(startCalls) }),
    ...(drain === 0 ? {} : { drainMs: drain }),
    calls: worked(calls),
  };
}

/** The port that a request goes to; 0 where there is no such service or host. */
export const portCalled = (
  { to, port }: { readonly to: string; readonly port?: number | undefined },
  topology: Scenario['topology'],
): number => {
  const gateway = gatewayWith(to, topology);
  return port ?? topology.services[to]?.port ?? (gateway === undefined ? 0 : portOfGateway(gateway));
};

/**
 * Whether the requests of a load are meant as connections of bytes. Where they share connections the name of the port
 * may be a mistake, which a run is to find.
 */
export function goesAsBytes(
  { to, port, reuse }: ScenarioLoad['load'],
  { services }: Scenario['topology'],
): boolean {
  const { portName, port: usual } = services[to] ?? {};
  return !reuse && portName !== undefined && namesBytes(portName) && (port ?? usual) === usual;
}

/** How many pods the loads of a client ask for. */
function podsOf(scenario: Scenario): ReadonlyMap<string, number> {
  const pods = new Map<string, number>();
  for (const { load } of loadsIn(scenario))
    pods.set(load.from, Math.max(load.pods, pods.get(load.from) ?? 1));
  return pods;
}

/** What the probes of a scenario are held against. */
export function probeContext(scenario: Scenario): ProbeContext {
  const clients = clientsIn(scenario);
  const services = Object.entries(scenario.topology.services);
  const hosts = Object.values(scenario.topology.gateways).flatMap((gateway) =>
    gateway.hosts.map((host) => [host, [portOfGateway(gateway)]] as [string, number[]]),
  );
  return {
    clients: [...clients],
    servers: new Map([
      ...services
        .filter(([name]) => !clients.has(name))
        .map(([name, each]) => [name, portsOf(each)] as const),
      ...hosts,
    ]),
    replicas: replicasOf(scenario),
    durationMs: Math.max(...loadsIn(scenario).map(({ load }) => sizeOf(load).durationMs)),
    warmupMs: Math.max(...loadsIn(scenario).map(({ load }) => load.warmup)),
  };
}

/**
 * The replicas that a fault hits; none where it hits something else. The client observes: most faults on its zone
 * spare it.
 */
export function instancesHit(fault: Fault, replicas: readonly Instance[]): Instance[] {
  const may = replicas.filter(mayBeHit(fault));
  if ('on' in fault) return may.filter((each) => matches(each, fault.on));
  const { hit, hits } = faultKind(fault);
  if (hit !== undefined) return [...hit(fault, replicas)];
  return hits === 'everyone' ? may : [];
}

/** Every link to the replicas that faults of the network disturb. */
export function linksDisturbed(faults: readonly Fault[], replicas: readonly Instance[]): readonly Link[] {
  const disturbed = new Set(
    faults.flatMap((fault) =>
      (faultKind(fault).links?.(fault, instancesHit(fault, replicas), replicas) ?? []).map(({ to }) => to),
    ),
  );
  return linksTo(
    replicas.filter(({ name }) => disturbed.has(name)),
    replicas,
  );
}

/** Whether a fault of that kind can hit a replica at all. */
export function mayBeHit(fault: Fault): (each: Instance) => boolean {
  const { hits, halts } = faultKind(fault);
  if (hits === 'everyone') return () => true;
  if (hits === 'ingress') return ({ gateway }) => gateway === 'ingress';
  // A gateway runs no app that could misbehave, but it can be gone.
  return halts === 'ended' ? (each) => isServer(each) || isGateway(each) : isServer;
}

/** What a fault hits where nobody has a choice: "the control plane". */
export const subjectOf = (fault: Fault) => faultKind(fault).subject ?? fault.kind;

/** When sidecars can first hear of a change, as planned: at once, or at the end of an outage that it comes in. */
export function reachableAt({ changes, faults }: Scenario, index: number): number {
  const at = changes[index]?.at ?? Number.NaN;
  const outages = faults.filter(
    (fault) => fault.kind === 'control-plane-outage' && at >= fault.at && at < fault.at + fault.for,
  );
  return Math.max(at, ...outages.map((outage) => outage.at + outage.for));
}

/** A name for every fault: its own, or its kind with a number where there are several. */
export function faultNames(faults: readonly Fault[]): string[] {
  const free = freeNames(faults);
  return faults.map((fault) => fault.name ?? free(fault.kind, (number) => `${fault.kind}-${number}`));
}

/** Names for what has none of its own: what is wanted, or with the next number where that is taken. */
export function freeNames(named: readonly { readonly name?: string | undefined }[]) {
  const taken = new Set(named.flatMap(({ name }) => name ?? []));
  const next = new Map<string, number>();
  return (wanted: string, numbered: (number: number) => string): string => {
    let name = wanted;
    for (let number = next.get(wanted) ?? 2; taken.has(name); number++) {
      name = numbered(number);
      next.set(wanted, number + 1);
    }
    taken.add(name);
    return name;
  };
}
