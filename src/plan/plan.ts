import { EDGE_CALL } from '../../apps/edge-app/src/edge-proto.ts';
import { changeOf, checkKind, faultOf, formatLimits, loadOf, windowName } from '../checks/index.ts';
import { faultKind } from '../faults/index.ts';
import { formatMs, formatPercent } from '../kit/format.ts';
import type { Path } from '../kit/path.ts';
import { ProblemsError } from '../kit/problems.ts';
import type { PlannedLoad } from '../load/planned.ts';
import { shapeOf, sizeOf } from '../load/written.ts';
import { describeResource, type ResourceName } from '../model/mesh-configuration.ts';
import { seedOf } from '../model/seed.ts';
import { describeTarget } from '../model/target.ts';
import {
  type Instance,
  portsOf,
  type TopologyGateway,
  type TopologyPlan,
  type TopologyService,
} from '../model/topology.ts';
import { OUTSIDE } from '../probes/planned.ts';
import { callersOf, plannedProbes } from '../probes/written.ts';
import { clientsIn, loadsIn, type ScenarioLoad } from '../scenario/loads.ts';
import type { LoadedScenario, Scenario } from '../scenario/schema.ts';
import type {
  Plan,
  PlannedChange,
  PlannedCheck,
  PlannedFault,
  PlannedGuard,
  PlannedSetting,
  RestartedService,
  TrialPlan,
} from './contract.ts';
import {
  faultNames,
  freeNames,
  goesAsBytes,
  instancesHit,
  linksDisturbed,
  portCalled,
  portOfGateway,
  probeContext,
  replicasOf,
  subjectOf,
} from './derive.ts';
import { mistakesInMeaning } from './meaning.ts';

/**
 * What a run of the scenario will do, worked out in full; without a seed, its random choices are new each time. Throws one ProblemsError with every mistake
 * in how the parts of the scenario fit together.
 */
export function planScenario(loaded: LoadedScenario, seed?: number): Plan {
  const { scenario, file } = loaded;
  const mistakes = mistakesInMeaning(scenario);
  if (mistakes.length > 0) throw new ProblemsError(mistakes.map((mistake) => loaded.locate(mistake)));
  const topology = planTopology(loaded, seed);
  const loads = loadsIn(scenario);
  return {
    name: scenario.name,
    description: scenario.description,
    file,
    profile: loaded.profile,
    seed,
    mesh: scenario.mesh.kind,
    meshVersion: scenario.mesh.version,
    topology,
    trial: {
      configuration: loaded.meshFiles,
      loads: loads.map((load) => planLoad(load, scenario, loaded.directory, seed)),
      warmupMs: Math.max(...loads.map(({ load }) => load.warmup)),
      durationMs: Math.max(...loads.map(({ load }) => sizeOf(load).durationMs)),
      probes: plannedProbes(scenario.probes, probeContext(scenario), (path) =>
        loaded.isGiven(['probes', ...path]),
      ),
      faults: planFaults(loaded, topology.instances),
      changes: planChanges(loaded),
      checks: planChecks(scenario),
      ...planUnpropagated(loaded),
      ...planBypassing(loaded),
      ...planRestarted(loaded, topology.instances),
    },
  };
}

/** What has to run for a scenario, and how its parts know each other. */
function planTopology({ scenario, file, locate }: LoadedScenario, seed: number | undefined): TopologyPlan {
  const { topology, mesh } = scenario;
  const clients = clientsIn(scenario);
  const way = (from: string, called: { readonly to: string; readonly port?: number | undefined }) => ({
    from,
    to: called.to,
    port: portCalled(called, topology),
  });
  const gateways = Object.entries(topology.gateways).map(
    ([name, gateway]): TopologyGateway => ({
      name,
      kind: gateway.kind,
      port: portOfGateway(gateway),
      hosts: gateway.hosts,
      certificates: Object.entries(gateway.certificates).map(([of, hosts]) => ({ name: of, hosts })),
    }),
  );
  const calls = [
    ...loadsIn(scenario).map(({ load }) => way(load.from, load)),
    ...scenario.probes.flatMap((probe) =>
      callersOf(probe)
        .filter((from) => from !== OUTSIDE)
        .map((from) => way(from, probe)),
    ),
    ...Object.entries(topology.services).flatMap(([from, { app }]) =>
      app.calls.map((call) => way(from, call)),
    ),
    // Where an ingress gateway leads is up to what is under test.
    ...Object.entries(topology.gateways)
      .filter(([, { kind }]) => kind === 'ingress')
      .flatMap(([from]) =>
        Object.entries(topology.services)
          .filter(([name]) => !clients.has(name))
          .flatMap(([to, service]) => portsOf(service).map((port) => way(from, { to, port }))),
      ),
  ];
  const instances = replicasOf(scenario, seed);
  const links = linksDisturbed(scenario.faults, instances);
  return {
    name: scenario.name,
    file,
    namespace: topology.namespace,
    mtls: mesh.mtls,
    services: [
      ...Object.entries(topology.services).map(
        ([name, { port, portName, extraPorts, app, serviceAccount }]): TopologyService => ({
          name,
          port,
          ...(portName === undefined
            ? {}
            : {
                portName: {
                  text: portName,
                  source: placeOf(['topology', 'services', name, 'portName'], locate),
                },
              }),
          ...(extraPorts.length === 0 ? {} : { extraPorts }),
          ...(app.protocol === 'http1' ? {} : { protocol: app.protocol }),
          serviceAccount: serviceAccount ?? name,
          role: clients.has(name) ? 'client' : 'server',
        }),
      ),
      ...gateways.flatMap(({ name, hosts, port }) =>
        hosts.map(
          (host): TopologyService => ({
            name: host,
            port,
            serviceAccount: topology.gateways[name]?.serviceAccount ?? name,
            role: 'gateway',
          }),
        ),
      ),
    ],
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(mesh.concurrency === 1 ? {} : { concurrency: mesh.concurrency }),
    ...(mesh.tracing === undefined ? {} : { tracing: mesh.tracing }),
    instances,
    outside: scenario.probes.some((probe) => callersOf(probe).includes(OUTSIDE)),
    calls: [...new Map(calls.map((call) => [`${call.from} ${call.to} ${call.port}`, call])).values()],
    ...(links.length === 0 ? {} : { links }),
  };
}

function planLoad(
  { name, load }: ScenarioLoad,
  { topology }: Scenario,
  directory: string,
  seed: number | undefined,
): PlannedLoad {
  const port = portCalled(load, topology);
  const called = topology.services[load.to];
  const isGrpc = called?.app.protocol === 'grpc' && load.script === undefined;
  return {
    name,
    from: load.from,
    to: load.to,
    port,
    ...(isGrpc ? { protocol: 'grpc' } : {}),
    ...(load.reuse ? {} : { reuse: false }),
    ...(goesAsBytes(load, topology) ? { ofBytes: true } : {}),
    request: {
      method: isGrpc ? 'POST' : load.method,
      path: isGrpc ? EDGE_CALL : load.path,
      headers: load.headers,
      body: load.body,
      timeoutMs: load.timeout,
    },
    shape: shapeOf(load, directory),
    ...sizeOf(load),
    ...(load.direct ? { direct: true as const } : {}),
    seed: seed === undefined ? undefined : seedOf(seed, name),
  };
}

function planFaults({ scenario, locate }: LoadedScenario, instances: readonly Instance[]): PlannedFault[] {
  const names = faultNames(scenario.faults);
  return scenario.faults.map((fault, index) => {
    const kind = faultKind(fault);
    const name = names[index] ?? fault.kind;
    const hit = instancesHit(fault, instances);
    return {
      name,
      fault,
      source: placeOf(['faults', index], locate),
      description: `${'on' in fault ? describeTarget(fault.on) : subjectOf(fault)} ${kind.describe(fault)}`,
      targets: hit.map((instance) => instance.name),
      atMs: fault.at,
      forMs: fault.for,
      halts: kind.halts,
      ...(kind.isGradual ? { isGradual: true } : {}),
      actions: kind.actions(fault, name, hit, instances),
      proof: kind.proof(fault, hit),
    };
  });
}

/** The apps that are to break traces, where any are. */
function planUnpropagated({ scenario, locate }: LoadedScenario): Pick<TrialPlan, 'unpropagated'> {
  const unpropagated = Object.entries(scenario.topology.services)
    .filter(([, { app }]) => !app.propagates && app.calls.length > 0)
    .map(([service]) => ({ service, source: placeOf(['topology', 'services', service, 'app'], locate) }));
  return unpropagated.length === 0 ? {} : { unpropagated };
}

/** The apps whose calls are to go past their sidecars, where any are. */
function planBypassing({ scenario, locate }: LoadedScenario): Pick<TrialPlan, 'bypassing'> {
  const bypassing = Object.entries(scenario.topology.services)
    .filter(([, { bypass }]) => bypass.length > 0)
    .map(([service, { bypass }]) => ({
      service,
      ports: bypass,
      source: placeOf(['topology', 'services', service, 'bypass'], locate),
    }));
  return bypassing.length === 0 ? {} : { bypassing };
}

/** The services of which a replica is told to stop and started again, where there are any. */
function planRestarted(
  { scenario, locate }: LoadedScenario,
  instances: readonly Instance[],
): Pick<TrialPlan, 'restarted'> {
  const restarts = scenario.faults.filter(({ kind }) => kind === 'restart');
  const hit = new Set(
    restarts.flatMap((fault) => instancesHit(fault, instances)).map(({ service }) => service),
  );
  const restarted = [...hit].map((service): RestartedService => {
    const { app, sidecar } = scenario.topology.services[service] ?? {};
    const setting = (path: readonly string[], value: unknown): PlannedSetting => {
      const whole = ['topology', 'services', service, ...path];
      return { setting: `${whole.join('.')}: ${value}`, source: placeOf(whole, locate) };
    };
    return {
      service,
      holdsApp: setting(['sidecar', 'holdsApp'], sidecar?.holdsApp),
      drain: setting(['sidecar', 'drain'], `${(sidecar?.drain ?? 0) / 1_000}s`),
      appDrain: setting(['app', 'drain'], `${(app?.drain ?? 0) / 1_000}s`),
    };
  });
  return restarted.length === 0 ? {} : { restarted };
}

function planChanges({ scenario, changeFiles, locate }: LoadedScenario): PlannedChange[] {
  return scenario.changes.map(({ name, at, delete: names, guard }, index) => {
    const files = changeFiles[index] ?? [];
    const deletes = names.map((each) => resourceNamed(each, scenario.topology.namespace));
    const parts = [
      ...(files.length === 0 ? [] : [`puts in ${files.map(({ file }) => file).join(', ')}`]),
      ...(deletes.length === 0 ? [] : [`takes out ${deletes.map(describeResource).join(', ')}`]),
    ];
    return {
      name,
      source: placeOf(['changes', index], locate),
      description: parts.join(', '),
      atMs: at,
      files,
      deletes,
      guard: guard && planGuard(guard),
    };
  });
}

/** file:line of a part of the scenario; the option where it was given on the command line. */
function placeOf(path: Path, locate: LoadedScenario['locate']): string {
  const { file, line } = locate({ path, at: 'value', message: '' });
  return line === undefined ? file : `${file}:${line}`;
}

/** "VirtualService/name" or "VirtualService/namespace/name". */
function resourceNamed(text: string, namespace: string): ResourceName {
  const [kind = '', first = '', second] = text.split('/');
  return second === undefined ? { kind, namespace, name: first } : { kind, namespace: first, name: second };
}

function planGuard(guard: NonNullable<Scenario['changes'][number]['guard']>): PlannedGuard {
  const { kind, load, atLeast, atMost, over: overMs, for: forMs } = guard;
  const of = load === undefined ? '' : ` of load ${load}`;
  const limits = formatLimits({ atLeast, atMost }, formatPercent);
  const description = `${kind.replace('-', ' ')}${of} ${limits} over ${formatMs(overMs)}`;
  return { kind, description, load, atLeast, atMost, overMs, forMs };
}

function planChecks(scenario: Scenario): PlannedCheck[] {
  const faults = faultNames(scenario.faults);
  const free = freeNames(scenario.checks);
  return scenario.checks.map((check) => {
    const window = windowName(check);
    const own = faultOf(check);
    const fault = window === 'fault' || window === 'recovery' ? (own ?? faults[0]) : own;
    const change = window === 'change' ? changeOf(check) : undefined;
    const described = checkKind(check).describe(check);
    const belongs = window === 'change' ? change : faults.length > 1 ? fault : undefined;
    const where = belongs === undefined ? window : `${window} ${window === 'change' ? '' : 'of '}${belongs}`;
    const load = loadOf(check);
    const about = [
      ...('during' in check || faults.length > 1 || change !== undefined ? [where] : []),
      ...(load === undefined ? [] : [`load ${load}`]),
    ];
    const wanted = check.name ?? (about.length > 0 ? `${described} (${about.join(', ')})` : described);
    const name = check.name ?? free(wanted, (number) => `${wanted} #${number}`);
    return { name, check, fault, change };
  });
}
