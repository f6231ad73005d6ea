import { quote, suggest } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';
import { OUTSIDE } from '../probes/planned.ts';
import { callersOf } from '../probes/written.ts';
import { clientsIn, loadsIn } from '../scenario/loads.ts';
import type { Scenario } from '../scenario/schema.ts';
import { gatewayWith, outsidersIn, portOfGateway } from './derive.ts';
import { mistakesInPort } from './ports.ts';

type Topology = Scenario['topology'];
type Gateway = Topology['gateways'][string];

/** What is wrong with the gateways of a topology, with who calls them, and with the networks that they join. */
export function mistakesInGateways(scenario: Scenario): Mistake[] {
  const { topology } = scenario;
  const found = [...mistakesInNames(topology), ...mistakesInEach(topology), ...mistakesOfCallers(scenario)];
  return found.length > 0 ? found : mistakesInNetworks(scenario);
}

const wrong = (path: Path, message: string, hint?: string): Mistake => ({ path, at: 'value', message, hint });

function mistakesInNames({ services, gateways }: Topology): Mistake[] {
  const taken = new Map<string, string>(
    Object.entries(services).flatMap(([service, { workloads }]) =>
      workloads.map(({ name }) => [name, `the service ${service}`] as const),
    ),
  );
  return Object.entries(gateways).flatMap(([name, { workloads }]): Mistake[] => {
    const path = ['topology', 'gateways', name];
    if (Object.hasOwn(services, name)) {
      return [wrong(path, `there is a service ${quote(name)} already`, 'give the gateway another name')];
    }
    return workloads.flatMap((workload, index) => {
      const other = taken.get(workload.name);
      taken.set(workload.name, `the gateway ${name}`);
      if (other === undefined) return [];
      const message = `there is already a workload ${quote(workload.name)} in ${other}`;
      return [wrong([...path, 'workloads', index, 'name'], message, 'names are unique in a topology')];
    });
  });
}

function mistakesInEach({ gateways }: Topology): Mistake[] {
  const seen = new Map<string, string>();
  return Object.entries(gateways).flatMap(([name, gateway]) => {
    const path = ['topology', 'gateways', name];
    const ofPort =
      portOfGateway(gateway) < 1_024
        ? [wrong([...path, 'port'], 'ports below 1024 are for root', 'take a higher one, such as 8443')]
        : mistakesInPort(portOfGateway(gateway), [...path, 'port']);
    if (gateway.kind === 'east-west') return [...ofPort, ...ofOtherKind(gateway, path)];
    return [...ofPort, ...mistakesInHosts(name, gateway, path, seen)];
  });
}

/** What an east-west gateway has no use for. */
function ofOtherKind({ hosts, certificates }: Gateway, path: Path): Mistake[] {
  const hint = 'leave it out, or make the gateway kind: ingress';
  const why = 'a gateway between networks passes on what sidecars ask for, with their own certificates';
  return [
    ...(hosts.length === 0 ? [] : [wrong([...path, 'hosts'], why, hint)]),
    ...(Object.keys(certificates).length === 0 ? [] : [wrong([...path, 'certificates'], why, hint)]),
  ];
}

function mistakesInHosts(name: string, { hosts }: Gateway, path: Path, seen: Map<string, string>): Mistake[] {
  if (hosts.length === 0) {
    return [wrong([...path, 'hosts'], 'no client could call it', 'hosts: [shop.example.com]')];
  }
  return hosts.flatMap((host, index): Mistake[] => {
    const at = [...path, 'hosts', index];
    const other = seen.get(host);
    seen.set(host, name);
    if (other !== undefined) {
      const by = other === name ? 'it has this host already' : `the gateway ${other} has this host already`;
      return [wrong(at, by, 'a host leads to one gateway')];
    }
    if (/\.(local|svc)$/.test(host)) {
      return [
        wrong(
          at,
          `${quote(host)} looks like a name inside the mesh`,
          'take one as clients outside know it, such as shop.example.com',
        ),
      ];
    }
    return [];
  });
}

/** Whoever sends to a host is outside the mesh, and sends to nobody in it. */
function mistakesOfCallers(scenario: Scenario): Mistake[] {
  const { topology, probes } = scenario;
  const outsiders = outsidersIn(scenario);
  const calls = [
    ...loadsIn(scenario).map(({ load, path }) => ({ from: [load.from], to: load.to, path })),
    ...probes.map((probe, index) => ({ from: callersOf(probe), to: probe.to, path: ['probes', index] })),
  ];
  return calls.flatMap(({ from, to, path }) => {
    const at = [...path, 'to'];
    if (gatewayWith(to, topology) !== undefined) {
      if (!from.includes(OUTSIDE)) return [];
      const message = `${OUTSIDE} is a place without a sidecar, whose requests nobody logs, and a gateway is called from one that has`;
      return [wrong([...path, 'from'], message, 'name a service of its own, which is outside the mesh then')];
    }
    const [outsider] = from.filter((each) => outsiders.has(each));
    if (outsider === undefined) return [];
    const message = `${quote(outsider)} sends to the host of a gateway, so that it is outside the mesh and cannot call ${quote(to)} in it`;
    return [wrong(at, message, 'let another service send this')];
  });
}

/** A workload of the topology, and where it is written. */
interface Placed {
  /** The service or gateway. */
  readonly of: string;
  readonly name: string;
  readonly network: string | undefined;
  readonly path: Path;
}

function placed(kind: 'services' | 'gateways', topology: Topology): Placed[] {
  const all: Readonly<Record<string, Pick<Gateway, 'workloads'>>> = topology[kind];
  return Object.entries(all).flatMap(([of, { workloads }]) =>
    workloads.map(({ name, network }, index) => ({
      of,
      name,
      network,
      path: ['topology', kind, of, 'workloads', index],
    })),
  );
}

function mistakesInNetworks(scenario: Scenario): Mistake[] {
  const { topology } = scenario;
  const outsiders = outsidersIn(scenario);
  const ofServices = placed('services', topology).filter(({ of }) => !outsiders.has(of));
  const ofGateways = placed('gateways', topology);
  const joining = ofGateways.filter(({ of }) => topology.gateways[of]?.kind === 'east-west');
  const networks = [...new Set(ofServices.flatMap(({ network }) => network ?? []))];
  const abroad = placed('services', topology).filter(
    ({ of, network }) => outsiders.has(of) && network !== undefined,
  );
  if (abroad.length > 0) {
    return abroad.map(({ name, path }) =>
      wrong(
        [...path, 'network'],
        `${quote(name)} is outside the mesh, and in none of its networks`,
        'leave it out',
      ),
    );
  }
  if (networks.length === 0) {
    return joining.map(({ of, path }) =>
      wrong(
        path,
        `${quote(of)} is to join networks, and no service is in one`,
        'say the network of every workload',
      ),
    );
  }
  const nowhere = [...ofServices, ...ofGateways].filter(({ network }) => network === undefined);
  if (nowhere.length > 0) {
    return nowhere.map(({ name, path }) => {
      const message = `${quote(name)} is in no network, and others are: Istio takes such a workload to be in all of them`;
      return wrong(path, message, `network: ${networks.join(' or ')}`);
    });
  }
  const stray = ofGateways.filter(({ network = '' }) => !networks.includes(network));
  if (stray.length > 0) {
    return stray.map(({ network = '', path }) =>
      wrong(
        [...path, 'network'],
        `no service is in the network ${quote(network)}`,
        suggest(network, networks),
      ),
    );
  }
  return unreachable(
    scenario,
    [...ofServices, ...ofGateways],
    new Set(joining.map(({ network }) => network)),
  );
}

/** Networks that are called from others, and have no gateway: Istio would take their workloads to be reached directly. */
function unreachable(
  scenario: Scenario,
  all: readonly Placed[],
  joined: ReadonlySet<string | undefined>,
): Mistake[] {
  const { topology } = scenario;
  const clients = clientsIn(scenario);
  const servers = Object.keys(topology.services).filter((name) => !clients.has(name));
  const calls = [
    ...loadsIn(scenario).map(({ load }) => load),
    ...Object.entries(topology.services).flatMap(([from, { app }]) =>
      app.calls.map(({ to }) => ({ from, to })),
    ),
    ...Object.entries(topology.gateways)
      .filter(([, { kind }]) => kind === 'ingress')
      .flatMap(([from]) => servers.map((to) => ({ from, to }))),
  ];
  const workloadsOf = (name: string) => all.filter(({ of }) => of === name);
  const found = new Map<string, Mistake>();
  for (const { from, to } of calls) {
    if (clients.has(to)) continue;
    for (const caller of workloadsOf(from)) {
      for (const { network = '', name, path } of workloadsOf(to)) {
        if (network === caller.network || joined.has(network) || found.has(network)) continue;
        const message = `${quote(caller.name)} in the network ${caller.network} calls ${quote(name)} in ${network}, which has no gateway`;
        const hint = `add a gateway of kind east-west to topology.gateways, with a workload in the network ${network}`;
        found.set(network, wrong([...path, 'network'], message, hint));
      }
    }
  }
  return [...found.values()];
}
