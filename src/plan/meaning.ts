import type { Window } from '../checks/contract.ts';
import { answeredBy, changeOf, faultOf, loadOf, windowName } from '../checks/index.ts';
import { type Fault, faultKind } from '../faults/index.ts';
import { formatMs, plural } from '../kit/format.ts';
import { quote, suggest } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';
import { mistakesInLoad, sizeOf } from '../load/written.ts';
import { mistakeInPort } from '../model/ports.ts';
import { mistakeInTarget } from '../model/target-mistake.ts';
import { type Instance, isClient, portsOf } from '../model/topology.ts';
import { OUTSIDE } from '../probes/planned.ts';
import { callersOf, mistakesInProbes } from '../probes/written.ts';
import { clientsIn, loadsIn, type ScenarioLoad } from '../scenario/loads.ts';
import type { Scenario } from '../scenario/schema.ts';
import { mistakesInCalls } from './chains.ts';
import { GUARDED_REQUESTS } from './contract.ts';
import {
  faultNames,
  gatewayWith,
  goesAsBytes,
  instancesHit,
  mayBeHit,
  portOfGateway,
  probeContext,
  reachableAt,
  replicasOf,
  subjectOf,
} from './derive.ts';
import { mistakesInGateways } from './gateways.ts';
import { mistakesInPort } from './ports.ts';

/** What a schema cannot say: mistakes in how the parts of a scenario fit together. */
export function mistakesInMeaning(scenario: Scenario): Mistake[] {
  const replicas = replicasOf(scenario);
  const inTopology = [
    ...mistakesInTopology(scenario),
    ...mistakesInCalls(scenario),
    ...mistakesInGateways(scenario),
  ];
  const loads = loadsIn(scenario);
  const inLoads = [
    ...mistakesInNames(loads),
    ...loads.flatMap((each) => [
      ...mistakesInRoute(each, scenario),
      ...mistakesInLoad(each.load).map((mistake) => ({ ...mistake, path: [...each.path, ...mistake.path] })),
    ]),
  ];
  // Faults and checks are measured against the loads; without one they would only repeat its mistakes.
  if (inLoads.length > 0) return [...inTopology, ...inLoads];
  return [
    ...inTopology,
    ...mistakesInProbes(scenario.probes, probeContext(scenario)).map((mistake) => ({
      ...mistake,
      path: ['probes', ...mistake.path],
    })),
    ...mistakesInFaults(scenario, replicas),
    ...mistakesInChanges(scenario),
    ...mistakesInChecks(scenario, replicas),
    ...unheardProbes(scenario),
  ];
}

const wrong = (path: Path, message: string, hint?: string): Mistake => ({ path, at: 'value', message, hint });

function mistakesInTopology(scenario: Scenario): Mistake[] {
  const {
    topology: { services },
    probes,
  } = scenario;
  const fromOutside = probes.some((probe) => callersOf(probe).includes(OUTSIDE));
  const seen = new Map<string, string>();
  return Object.entries(services).flatMap(([name, service]) => {
    const path = ['topology', 'services', name];
    const { port, extraPorts } = service;
    return [
      ...(fromOutside && name === OUTSIDE
        ? [
            wrong(
              path,
              `probes are sent from ${OUTSIDE}, which means no service at all`,
              'give the service another name',
            ),
          ]
        : []),
      ...mistakesInPort(port, [...path, 'port']),
      ...extraPorts.flatMap((each, index) => {
        const at = [...path, 'extraPorts', index];
        return each === port || extraPorts.indexOf(each) < index
          ? [wrong(at, `the service has the port ${each} already`, 'each is written once')]
          : mistakesInPort(each, at);
      }),
      ...mistakesInPortName(name, scenario, [...path, 'portName']),
      ...mistakesInKeepAlive(service.app, [...path, 'app', 'keepAlive']),
      ...service.workloads.flatMap((workload, index) => {
        const other = seen.get(workload.name);
        seen.set(workload.name, name);
        if (other === undefined) return [];
        const message = `there is already a workload ${quote(workload.name)} in the service ${other}`;
        return [wrong([...path, 'workloads', index, 'name'], message, 'names are unique over all services')];
      }),
    ];
  });
}

/**
 * The name of a port says what a sidecar speaks to the app, which takes nothing else. On a port of bytes a caller's
 * sidecar cannot tell services apart: it must be one service's own.
 */
function mistakesInPortName(name: string, scenario: Scenario, path: Path): Mistake[] {
  const { services } = scenario.topology;
  const { port = 0, portName, app } = services[name] ?? {};
  const [named] = portName?.split('-') ?? [];
  if (named === undefined) return [];
  if (named !== 'tcp') {
    const isOverHttp1 = app?.protocol === 'http1';
    if ((named === 'http') === isOverHttp1) return [];
    const [says, speaks] = isOverHttp1 ? ['HTTP/2', 'HTTP/1.1'] : ['HTTP/1.1', 'HTTP/2'];
    const message = `its sidecar would speak ${says} to the app, and the app speaks ${speaks} alone (app.protocol: ${app?.protocol})`;
    return [wrong(path, message, `${isOverHttp1 ? 'http' : 'http2 or grpc'}; or tcp, which is any bytes`)];
  }
  const clients = clientsIn(scenario);
  const other = Object.entries(services).find(
    ([each, service]) => each !== name && !clients.has(each) && portsOf(service).includes(port),
  );
  if (other === undefined) return [];
  const message = `${other[0]} has the port ${port} as well, and of bytes on it nobody knows whom they are for`;
  return [wrong(path, message, `give ${name} another port`)];
}

function mistakesInKeepAlive(
  { keepAlive, protocol }: Scenario['topology']['services'][string]['app'],
  path: Path,
): Mistake[] {
  if (keepAlive === undefined) return [];
  if (protocol !== 'http1')
    return [
      wrong(path, 'an app that speaks HTTP/2 closes no idle connection', 'leave it out, or the protocol'),
    ];
  const hint = 'leave it out for an app that keeps idle connections longer than its sidecar does';
  return keepAlive < 1 ? [wrong(path, 'expected a duration above 0', hint)] : [];
}

function mistakesInNames(loads: readonly ScenarioLoad[]): Mistake[] {
  const isFirst = firstOfName(loads);
  return loads.flatMap(({ name, path }, index) =>
    isFirst(name, index)
      ? []
      : [wrong([...path, 'name'], `there is already a load ${quote(name)}`, 'names are unique')],
  );
}

function mistakesInRoute({ load, path }: ScenarioLoad, scenario: Scenario): Mistake[] {
  const { topology } = scenario;
  const services = Object.keys(topology.services);
  const hosts = Object.values(topology.gateways).flatMap((gateway) => gateway.hosts);
  const found: Mistake[] = [];
  const add = (field: string, message: string, hint?: string) =>
    found.push(wrong([...path, field], message, hint));
  for (const end of ['from', 'to'] as const) {
    if (Object.hasOwn(topology.gateways, load[end])) {
      const isIngress = topology.gateways[load[end]]?.kind === 'ingress';
      const message = `${quote(load[end])} is a gateway${isIngress ? '' : ' between networks'}`;
      const hint = isIngress
        ? `it is called by its hosts: ${hosts.join(', ')}`
        : `requests go to services, and through it where that is the way: ${services.join(', ')}`;
      add(end, message, hint);
    } else if (end === 'to' && hosts.includes(load.to)) {
      // Called as a service is.
    } else if (!services.includes(load[end])) {
      add(
        end,
        `there is no service ${quote(load[end])} in the topology`,
        suggest(load[end], end === 'to' ? [...services, ...hosts] : services),
      );
    }
  }
  if (load.from === load.to)
    add('to', 'from and to are the same service', 'the client needs a service of its own');
  const others = loadsIn(scenario).filter((other) => other.load !== load);
  if (load.from !== load.to && clientsIn(scenario).has(load.to))
    add('to', `${quote(load.to)} sends loads or probes and runs no app`, 'a service sends or answers');
  const called = topology.services[load.to];
  if (called?.app.protocol === 'grpc') {
    for (const field of fieldsOfHttp(load)) {
      const message = `${load.to} speaks gRPC, and a load calls the one method that it has`;
      add(field, message, `leave ${field} out; headers are sent as metadata`);
    }
  }
  const gateway = gatewayWith(load.to, topology);
  const ports = gateway ? [portOfGateway(gateway)] : called && portsOf(called);
  const noPort = mistakeInPort(load, ports);
  if (noPort) found.push({ ...noPort, path: [...path, 'port'] });
  const replicasIn = (workloads: readonly { readonly replicas: number }[] = []) =>
    workloads.reduce((sum, workload) => sum + workload.replicas, 0);
  if (load.direct && gateway !== undefined) {
    const message = `${load.to} is a host of a gateway: past the mesh nobody knows whom it leads to`;
    add('direct', message, 'leave direct out, or call a service');
  }
  if (load.direct && replicasIn(called?.workloads) > 1) {
    const message = `${load.to} has several replicas: past the mesh nobody spreads requests over them`;
    add('direct', message, `give ${load.to} one workload with one replica`);
  }
  if (load.direct && load.pods > 1)
    add('direct', 'several generators cannot tell percentiles of all', 'leave pods out');
  const replicas = replicasIn(topology.services[load.from]?.workloads);
  if (load.pods > 1 && replicas > 1) {
    const message = `${load.from} has ${replicas} replicas, and each is a generator; pods would be a second number for that`;
    add('pods', message, `leave pods out, or give ${load.from} one workload without replicas`);
  }
  const shared = others.find((other) => other.load.from === load.from && other.load.pods !== load.pods);
  if (shared && others.indexOf(shared) < loadsIn(scenario).findIndex((each) => each.load === load)) {
    const message = `${shared.name} has ${shared.load.pods} pods of ${load.from}, and they are the same`;
    add('pods', message, 'give both loads the same number');
  }
  return found;
}

/** What a load says that a call of gRPC has no place for. */
const fieldsOfHttp = ({ method, path, body, reuse, script }: ScenarioLoad['load']) =>
  script === undefined
    ? [
        ...(method === 'GET' ? [] : ['method']),
        ...(path === '/' ? [] : ['path']),
        ...(body === undefined ? [] : ['body']),
        ...(reuse ? [] : ['reuse']),
      ]
    : [];

/** Probes that no check asks about: whatever came of them, nothing would fail. */
function unheardProbes({ probes, checks }: Scenario): Mistake[] {
  const asked = checks.filter((check) => check.kind === 'expectations');
  if (asked.some(({ probe }) => probe === undefined)) return [];
  return probes.flatMap(({ name }, index) => {
    if (asked.some(({ probe }) => probe === name)) return [];
    const message = `no check asks whether ${name} met its expectation`;
    return [wrong(['probes', index, 'name'], message, 'add the check { kind: expectations, during: run }')];
  });
}

function mistakesInFaults(scenario: Scenario, replicas: readonly Instance[]): Mistake[] {
  const { faults } = scenario;
  const { warmupMs, durationMs: loadMs } = spanOf(scenario);
  const names = faultNames(faults);
  const hits = faults.map((fault) => hitBy(fault, replicas));
  const isFirst = firstOfName(faults);
  const found: Mistake[] = [];
  for (const [index, fault] of faults.entries()) {
    const add = (field: Path, message: string, hint?: string) =>
      found.push(wrong(['faults', index, ...field], message, hint));
    if (!isFirst(fault.name, index)) {
      add(['name'], `there is already a fault ${quote(fault.name)}`, 'names are unique');
    }
    const target = 'on' in fault ? mistakeInTarget(fault.on, replicas, mayBeHit(fault)) : undefined;
    if (target) add(['on', ...target.path], target.message, target.hint);
    const ofBytes = fault.kind === 'error' ? calledAsBytes(fault, replicas, scenario) : undefined;
    if (ofBytes !== undefined) {
      const message = `${ofBytes} is called as bytes (portName), and of a status in them no sidecar knows`;
      add(['kind'], message, 'kill, latency or a fault of the network shows there');
    }
    if (fault.for < 1) add(['for'], 'expected a duration above 0', 'every fault lasts and ends');
    if (faultKind(fault).links !== undefined && replicas.some(({ network }) => network !== undefined)) {
      const message = `no relay stands between networks that are joined by gateways, and ${fault.kind} takes one`;
      add(['kind'], message, 'leave the networks out, or the fault');
    }
    const mistakes = faultKind(fault).mistakes?.(fault, instancesHit(fault, replicas), replicas) ?? [];
    for (const { path, message, hint } of mistakes) add(path, message, hint);
    if (fault.at <= warmupMs) {
      const message = `it starts at ${formatMs(fault.at)}, when the warmup of ${formatMs(warmupMs)} is not over`;
      add(['at'], message, 'between the two lies the steady state that the fault is compared with');
    }
    if (fault.at + fault.for > loadMs) {
      const message = `it ends at ${formatMs(fault.at + fault.for)}, after the load, which lasts ${formatMs(loadMs)}`;
      add([fault.at >= loadMs ? 'at' : 'for'], message);
    }
    for (const [before, other] of faults.slice(0, index).entries()) {
      const clash = clashOf(fault, other);
      if (clash === undefined) continue;
      if (fault.at > other.at + other.for || other.at > fault.at + fault.for) continue;
      const hit = new Set(hits[before]);
      const who = hits[index]?.find((name) => hit.has(name));
      if (who === undefined) continue;
      const message = `${who} has the fault ${names[before]} at the same time, and ${clash}`;
      add(['at'], message, 'let one end before the other starts');
    }
  }
  return found;
}

/** A service that a fault hits and that every load calls as bytes; undefined where there is none. */
function calledAsBytes(fault: Fault, replicas: readonly Instance[], scenario: Scenario): string | undefined {
  return instancesHit(fault, replicas)
    .map(({ service }) => service)
    .find((service) => {
      const callers = loadsIn(scenario).filter(({ load }) => load.to === service);
      return callers.length > 0 && callers.every(({ load }) => goesAsBytes(load, scenario.topology));
    });
}

function mistakesInChanges(scenario: Scenario): Mistake[] {
  const { changes } = scenario;
  const { warmupMs, durationMs } = spanOf(scenario);
  const loads = loadsIn(scenario);
  const isFirst = firstOfName(changes);
  const found: Mistake[] = [];
  for (const [index, change] of changes.entries()) {
    const add = (field: Path, message: string, hint?: string) =>
      found.push(wrong(['changes', index, ...field], message, hint));
    const { name, at, guard } = change;
    if (!isFirst(name, index)) add(['name'], `there is already a change ${quote(name)}`, 'names are unique');
    if (change.apply.length === 0 && change.delete.length === 0)
      add([], `${name} changes nothing`, 'name files under apply, or resources under delete');
    const before = changes[index - 1];
    if (at <= warmupMs) {
      const message = `it comes at ${formatMs(at)}, when the warmup of ${formatMs(warmupMs)} is not over`;
      add(['at'], message, 'between the two lies the steady state that the change is compared with');
    } else if (at >= durationMs) {
      add(['at'], `it comes at ${formatMs(at)}, when the load, which lasts ${formatMs(durationMs)}, is over`);
    } else if (before !== undefined && at <= before.at) {
      const message = `it comes at ${formatMs(at)}, and ${before.name}, which stands before it, at ${formatMs(before.at)}`;
      add(['at'], message, 'write changes in the order of their times');
    } else if (before !== undefined && at < reachableAt(scenario, index - 1)) {
      const message = `it comes at ${formatMs(at)}, and ${before.name}, which stands before it, reaches no sidecar before the control plane is back at ${formatMs(reachableAt(scenario, index - 1))}`;
      add(['at'], message, 'make one change of the two, or let this one come later');
    }
    if (scenario.faults.some((fault) => fault.kind === 'control-plane-outage' && fault.at === at)) {
      const message = `the control plane goes at ${formatMs(at)} too, and whether sidecars hear of the change before is chance`;
      add(['at'], message, 'let it come half a second sooner or later');
    }
    const reachesMs = reachableAt(scenario, index);
    if (at < durationMs && reachesMs >= durationMs) {
      const message = `the control plane is gone until ${formatMs(reachesMs)}, and with it the load ends: no sidecar would hear of the change`;
      add(['at'], message, 'let the load go on for longer, or the outage end sooner');
    }
    if (guard === undefined) continue;
    if (guard.load !== undefined && !loads.some((load) => load.name === guard.load)) {
      const names = loads.map((load) => load.name);
      add(['guard', 'load'], `there is no load ${quote(guard.load)}`, suggest(guard.load, names));
      continue;
    }
    const next = changes[index + 1];
    const watched = loads.filter((load) => guard.load === undefined || load.name === guard.load);
    const mingled = loads.find((other) =>
      watched.some(
        ({ load }) => !watched.includes(other) && other.load.from === load.from && other.load.to === load.to,
      ),
    );
    if (mingled !== undefined) {
      const { from, to } = mingled.load;
      const message = `${mingled.name} calls ${to} from ${from} as well, and sidecars count the two together`;
      add(['guard', 'load'], message, 'let it watch all loads, or give one of the two a client of its own');
      continue;
    }
    for (const { path, message, hint } of mistakesInGuard(guard, reachesMs, next, watched))
      add(['guard', ...path], message, hint);
  }
  return found;
}

/** Statistics come every 200 ms: in less a guard sees no two of them. */
const leastLookMs = 500;

/** What keeps a guard from ever acting; paths are within the guard. */
function mistakesInGuard(
  guard: NonNullable<Scenario['changes'][number]['guard']>,
  at: number,
  next: Scenario['changes'][number] | undefined,
  watched: readonly ScenarioLoad[],
): Mistake[] {
  const sizes = watched.map(({ load }) => sizeOf(load));
  const overMs = Math.max(...sizes.map(({ durationMs }) => durationMs));
  const endMs = Math.min(next?.at ?? overMs, overMs);
  const the = guard.load === undefined ? 'the load' : `the load ${guard.load}`;
  if (guard.over < leastLookMs) {
    const message = `it looks at ${formatMs(guard.over)} each time, in which nothing is to be seen`;
    return [wrong(['over'], message, `expected at least ${formatMs(leastLookMs)}`)];
  }
  if (guard.over > guard.for) {
    const message = `it looks at ${formatMs(guard.over)} each time and watches for ${formatMs(guard.for)}, so it would never have seen enough`;
    return [wrong(['over'], message, 'let it watch longer, or look at less')];
  }
  if (at < overMs && at + guard.for > endMs) {
    const ends = next === undefined || overMs < next.at ? `${the} ends` : `${next.name} comes`;
    const message = `it watches until ${formatMs(at + guard.for)}, and ${ends} at ${formatMs(endMs)}`;
    return [wrong(['for'], message)];
  }
  if (at >= overMs && guard.load !== undefined) {
    return [
      wrong(['load'], `${the} is over at ${formatMs(overMs)}, and the change comes at ${formatMs(at)}`),
    ];
  }
  if (guard.atLeast === 0 || guard.atMost === 1) {
    const field = guard.atLeast === 0 ? 'atLeast' : 'atMost';
    return [wrong([field], 'whatever comes is within this, so that nothing would be rolled back')];
  }
  const peak = sizes.reduce((sum, { peakRate }) => sum + (peakRate ?? Number.POSITIVE_INFINITY), 0);
  const most = Math.floor((peak * guard.over) / 1_000);
  if (most >= GUARDED_REQUESTS) return [];
  const message = `in the ${formatMs(guard.over)} that it looks at come at most ${plural(most, 'request')}, and of fewer than ${GUARDED_REQUESTS} it says nothing`;
  return [wrong(['over'], message, 'let it look at more, or the load be heavier')];
}

/** Why a check looks at no change; undefined where it looks at one. */
function mistakeInChangeOf(check: Scenario['checks'][number], names: readonly string[]): Mistake | undefined {
  const of = changeOf(check);
  const field = 'during' in check ? ['during'] : ['kind'];
  if (windowName(check) !== 'change') {
    if (of === undefined) return undefined;
    return wrong(['change'], `${windowName(check)} belongs to no change; leave the name out`);
  }
  if (names.length === 0)
    return wrong(field, 'this looks at a change of the mesh configuration, and there is none');
  if (of === undefined && names.length > 1) {
    return wrong(field, `there are ${names.length} changes; say which one`, `change: ${names.join(', ')}`);
  }
  if (of === undefined || names.includes(of)) return undefined;
  return wrong(['change'], `there is no change ${quote(of)}`, suggest(of, names));
}

/** Tells whether a name is none, or that of the first that has it; to look for that each time would be quadratic. */
function firstOfName(named: readonly { readonly name?: string | undefined }[]) {
  const first = new Map<string, number>();
  for (const [index, { name }] of named.entries()) {
    if (name !== undefined && !first.has(name)) first.set(name, index);
  }
  return (name: string | undefined, index: number) => name === undefined || first.get(name) === index;
}

/** Why two faults cannot be made on one target at the same time; undefined where they can. */
function clashOf(one: Fault, other: Fault): string | undefined {
  const [kind, otherKind] = [faultKind(one), faultKind(other)];
  if (kind.halts || otherKind.halts) return 'one of the two stops its process';
  return kind.certifies && otherKind.certifies ? 'each of the two gives it a certificate' : undefined;
}

/** Whether nobody sends anything to what is hit. */
const isOfClients = (hit: readonly Instance[]) => hit.length > 0 && hit.every(isClient);

/** Whether it says which instances it hits. */
const isAimed = (fault: Fault) => 'on' in fault || faultKind(fault).hit !== undefined;

/** What a fault hits, one by one. */
const hitBy = (fault: Fault, replicas: readonly Instance[]) => [
  ...('on' in fault ? [] : [subjectOf(fault)]),
  ...instancesHit(fault, replicas).map(({ name }) => name),
];

/** Of less, one stretch differs from the next by single requests. */
const leastStretchMs = 100;

function mistakesInChecks(scenario: Scenario, replicas: readonly Instance[]): Mistake[] {
  const names = faultNames(scenario.faults);
  const changes = scenario.changes.map(({ name }) => name);
  const isFirst = firstOfName(scenario.checks);
  const loads = loadsIn(scenario).map(({ name }) => name);
  const probes = scenario.probes.map(({ name }) => name);
  const lengths = new Map<string, number>();
  const found: Mistake[] = [];
  for (const [index, check] of scenario.checks.entries()) {
    const add = (field: Path, message: string, hint?: string) =>
      found.push(wrong(['checks', index, ...field], message, hint));
    if (!isFirst(check.name, index))
      add(['name'], `there is already a check ${quote(check.name)}`, 'names are unique');
    if ('of' in check && typeof check.of === 'object') {
      const of = check.kind === 'proportion' ? answeredBy(check) : check.of;
      const target = of && mistakeInTarget(of, replicas);
      if (target) add(['of', ...target.path], target.message, target.hint);
    }
    if (check.kind === 'attempts' && check.service !== undefined) {
      const target = mistakeInTarget({ service: check.service }, replicas);
      if (target) add(target.path, target.message, target.hint);
    }
    if ('sidecars' in check && check.sidecars !== undefined) {
      const target = mistakeInTarget(check.sidecars, replicas, () => true);
      if (target) add(['sidecars', ...target.path], target.message, target.hint);
    }
    if (check.kind === 'added-latency' && !loadsIn(scenario).some(({ load: each }) => each.direct)) {
      add(['kind'], 'no load goes past the mesh as well', 'write direct: true into the load');
    }
    const aboutTraces =
      check.kind === 'complete-traces' || (check.kind === 'proportion' && check.of.traced !== undefined);
    if (aboutTraces && scenario.mesh.tracing === undefined) {
      add(['kind'], 'nobody takes the spans that sidecars report', 'write mesh.tracing: {}');
    }
    const uncounted = check.kind === 'metrics-agree' ? mistakeInMetrics(scenario) : undefined;
    if (uncounted) add(uncounted.path, uncounted.message, uncounted.hint);
    if (aboutTraces && scenario.mesh.tracing !== undefined) {
      const watched = loadsIn(scenario).filter(({ name }) => (loadOf(check) ?? name) === name);
      const [first] = watched;
      if (first !== undefined && watched.every(({ load }) => goesAsBytes(load, scenario.topology))) {
        const message = `${first.load.to} is called as bytes (portName), of which no sidecar makes a trace`;
        add(['kind'], message, 'check a load whose service speaks HTTP to its callers');
      }
    }
    if (check.kind === 'complete-traces') {
      const ended = scenario.faults.findIndex(
        (fault) => faultKind(fault).halts === 'ended' && instancesHit(fault, replicas).length > 0,
      );
      if (ended >= 0) {
        const message = `${names[ended]} ends sidecars, and what those have not reported yet is in no trace, whatever the mesh does`;
        add(['kind'], message, 'check it in a scenario without that fault');
      }
    }
    if ('atLeast' in check && 'atMost' in check && Number(check.atLeast) > Number(check.atMost)) {
      add(['atLeast'], 'nothing is that large and that small: atLeast is above atMost');
    }
    const load = loadOf(check);
    if (check.kind === 'expectations' && check.probe !== undefined && !probes.includes(check.probe)) {
      add(['probe'], `there is no probe ${quote(check.probe)}`, suggest(check.probe, probes));
    } else if (check.kind === 'expectations' && probes.length === 0) {
      add(['kind'], 'the scenario has no probes', 'expectations are those of probes');
    }
    if (load !== undefined && !loads.includes(load)) {
      add(['load'], `there is no load ${quote(load)}`, suggest(load, loads));
      continue;
    }
    const window = windowName(check);
    const field = 'during' in check ? ['during'] : ['kind'];
    const named = faultOf(check);
    const ofChange = mistakeInChangeOf(check, changes);
    if (ofChange) {
      add(ofChange.path, ofChange.message, ofChange.hint);
      continue;
    }
    if (check.kind === 'convergence') {
      const mistake = mistakeInConvergence(check, scenario);
      if (mistake) add(mistake.path, mistake.message, mistake.hint);
    } else if (window === 'steady' || window === 'run' || window === 'change') {
      if (named !== undefined) add(['fault'], `${window} belongs to no fault; leave the name out`);
    } else if (named !== undefined && !names.includes(named)) {
      add(['fault'], `there is no fault ${quote(named)}`, suggest(named, names));
      continue;
    } else if (names.length === 0) {
      add(
        field,
        `this looks at ${window === 'fault' ? 'a fault' : 'the recovery from a fault'}, and there is none`,
      );
      continue;
    } else if (named === undefined && names.length > 1) {
      add(field, `there are ${names.length} faults; say which one`, `fault: ${names.join(', ')}`);
      continue;
    }
    const disturbed = scenario.faults[names.indexOf(named ?? names[0] ?? '')];
    if (
      window !== 'change' &&
      !('during' in check) &&
      !('of' in check && check.of) &&
      disturbed &&
      !(isAimed(disturbed) && !isOfClients(instancesHit(disturbed, replicas)))
    ) {
      add(
        ['kind'],
        `${disturbed.kind} hits no instance that could leave or return`,
        'check the success rate or the latency during the fault',
      );
      continue;
    }
    const looked =
      window === 'change'
        ? changes.indexOf(changeOf(check) ?? changes[0] ?? '')
        : names.indexOf(named ?? names[0] ?? '');
    const span = [window, looked, load].join(' ');
    const lengthMs = lengths.get(span) ?? windowMs(scenario, window, looked, load);
    lengths.set(span, lengthMs);
    const waitedMs =
      check.kind === 'convergence' && named === undefined
        ? lengthMs + reachableAt(scenario, looked) - (scenario.changes[looked]?.at ?? 0)
        : lengthMs;
    const called = window === 'run' ? 'the run' : window === 'steady' ? 'the steady state' : `the ${window}`;
    if (lengthMs <= 0) add(field, `${called} lasts 0 s: there is nothing to look at`, windowHint(window));
    else if ('after' in check && check.after >= lengthMs) {
      add(['after'], `${called} lasts ${formatMs(lengthMs)}; nothing is left after ${formatMs(check.after)}`);
    } else if ('over' in check && check.over !== undefined && check.over < leastStretchMs) {
      const message = `it looks at ${formatMs(check.over)} at a time, in which hardly anything comes`;
      add(['over'], message, `expected at least ${formatMs(leastStretchMs)}, such as 1s`);
    } else if ('over' in check && check.over !== undefined && check.over > lengthMs - check.after) {
      const message = `${called} lasts ${formatMs(lengthMs - check.after)}, in which there is no stretch of ${formatMs(check.over)}`;
      add(['over'], message, 'leave it out, or look at less at a time');
    } else if (!('during' in check) && check.atMost > waitedMs) {
      const message = `${called} lasts ${formatMs(waitedMs)}, so nobody can wait ${formatMs(check.atMost)} in it`;
      add(['atMost'], message, windowHint(window));
    }
  }
  return found;
}

/** Why sidecars count other requests than the loads; undefined where they count the same. */
function mistakeInMetrics(scenario: Scenario): Mistake | undefined {
  for (const each of loadsIn(scenario)) {
    const { from, to } = each.load;
    if (goesAsBytes(each.load, scenario.topology)) {
      const message = `${to} is called as bytes (portName), of which sidecars count connections and no requests`;
      return wrong(['kind'], message, 'leave it out, or call a service that speaks HTTP to its callers');
    }
    const probe = scenario.probes.find((one) => one.to === to && callersOf(one).includes(from));
    if (probe !== undefined) {
      const message = `the sidecar of ${from} counts what the probe ${probe.name} sends to ${to} as well, which is of no load`;
      return wrong(['kind'], message, 'let the probe come from another service');
    }
  }
  return undefined;
}

/** Why the time of a change cannot count from the end of a fault; undefined where it can, or is not to. */
function mistakeInConvergence(
  { fault: named, change: of }: Extract<Scenario['checks'][number], { kind: 'convergence' }>,
  { faults, changes }: Scenario,
): Mistake | undefined {
  if (named === undefined) return undefined;
  const names = faultNames(faults);
  const fault = faults[names.indexOf(named)];
  const change = changes.find(({ name }) => of === undefined || name === of);
  if (fault === undefined)
    return wrong(['fault'], `there is no fault ${quote(named)}`, suggest(named, names));
  if (fault.kind !== 'control-plane-outage') {
    const message = `${named} keeps no change from the sidecars, so that no time counts from its end`;
    return wrong(['fault'], message, 'leave it out, or name a control-plane-outage');
  }
  if (change === undefined || (change.at >= fault.at && change.at < fault.at + fault.for)) return undefined;
  const message = `${change.name} comes at ${formatMs(change.at)}, and ${named} lasts from ${formatMs(fault.at)} to ${formatMs(fault.at + fault.for)}`;
  return wrong(['fault'], message, 'leave it out: time then counts from when the change is made');
}

/** What the steady state leaves out, and how long the longest load lasts. */
function spanOf(scenario: Scenario): { readonly warmupMs: number; readonly durationMs: number } {
  const loads = loadsIn(scenario);
  return {
    warmupMs: Math.max(...loads.map(({ load }) => load.warmup)),
    durationMs: Math.max(...loads.map(({ load }) => sizeOf(load).durationMs)),
  };
}

/** How long a window lasts when everything happens as planned; of one load, at most as long as that. */
function windowMs(scenario: Scenario, window: Window['name'], index: number, of: string | undefined): number {
  const { faults, changes } = scenario;
  const { warmupMs, durationMs } = spanOf(scenario);
  const load = loadsIn(scenario).find(({ name }) => name === of);
  const endMs = load ? sizeOf(load.load).durationMs : durationMs;
  const fault = faults[index];
  const firstAt = (fromMs: number) =>
    Math.min(endMs, ...faults.map(({ at }) => at).filter((at) => at >= fromMs));
  if (window === 'fault') return fault ? Math.max(0, Math.min(fault.at + fault.for, endMs) - fault.at) : 0;
  if (window === 'recovery') return fault ? firstAt(fault.at + fault.for) - (fault.at + fault.for) : 0;
  if (window === 'change') {
    const fromMs = index in changes ? reachableAt(scenario, index) : endMs;
    return Math.min(endMs, changes[index + 1]?.at ?? endMs) - fromMs;
  }
  const [firstChange] = changes;
  return (window === 'steady' ? Math.min(firstAt(0), firstChange?.at ?? endMs) : endMs) - warmupMs;
}

function windowHint(window: Window['name']): string {
  if (window === 'recovery') return 'let the load go on after the fault has ended';
  if (window === 'fault') return 'let the fault last longer';
  if (window === 'change') return 'let the next change come later, or the load go on for longer';
  return 'let the fault start later';
}
