import { type Mistake, type Problem, ProblemsError } from '../kit/problems.ts';
import type { Action } from '../model/fault.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { Plan, PlannedFault } from './contract.ts';

/** What an environment can do, and how much it holds. */
export interface Capabilities {
  readonly performs: readonly Action['do'][];
  /** Replicas of all services together; absent where nobody knows. */
  readonly mostInstances?: number;
  /** Whether mesh configuration can be changed under load. */
  readonly changes: boolean;
  /** Whether a topology may have networks and gateways. */
  readonly gateways: boolean;
  /** Whether spans of traces are taken. */
  readonly traces?: true;
  /** Whether sidecars' metrics can be held against a load. */
  readonly tellsMetrics?: true;
  /** Whether loads can go past every sidecar. */
  readonly goesPastTheMesh?: true;
  /** Whether it says how many threads sidecars serve with. */
  readonly setsConcurrency?: true;
  /** Whether sidecars take connections of apps that know nothing of them. */
  readonly captures: boolean;
}

/** Where a mistake stands in the scenario's file. */
type Locate = (mistake: Mistake) => Problem;

/** Everything of a plan that an environment cannot make, take back or hold, with the environments that can. */
export function unfitFor(
  plan: Plan,
  environment: string,
  capabilities: Readonly<Record<string, Capabilities>>,
  locate: Locate,
): readonly Problem[] {
  const {
    performs = [],
    mostInstances,
    changes = true,
    gateways = true,
    traces,
    tellsMetrics,
    goesPastTheMesh,
    setsConcurrency,
    captures = true,
  } = capabilities[environment] ?? {};
  const able = (fault: PlannedFault) =>
    Object.keys(capabilities).filter((name) => canMake(fault, capabilities[name]?.performs));
  const foreign = plan.trial.faults.flatMap((fault, index) => {
    if (canMake(fault, performs)) return [];
    const elsewhere = able(fault);
    const hints = [
      ...(elsewhere.length === 0 ? [] : [`run it with --env ${elsewhere.join(' or --env ')}`]),
      ...(fault.halts === 'ended' ? ['use zone-outage or kill'] : []),
    ];
    const message = `the ${environment} environment has no ${fault.fault.kind}`;
    return [
      locate({
        path: ['faults', index, 'kind'],
        at: 'value',
        message,
        ...(hints.length === 0 ? {} : { hint: hints.join(', or ') }),
      }),
    ];
  });
  const unchanged: readonly Mistake[] =
    changes || plan.trial.changes.length === 0
      ? []
      : [
          {
            path: ['changes'],
            at: 'key',
            message: `the ${environment} environment does not change mesh configuration under load yet`,
            hint: 'run it with --env local',
          },
        ];
  const unjoined = gateways ? [] : ofGateways(plan.topology, environment);
  const ofOneThread: readonly Mistake[] =
    setsConcurrency || plan.topology.concurrency === undefined
      ? []
      : [
          {
            path: ['mesh', 'concurrency'],
            at: 'value',
            message: `sidecars of the ${environment} environment serve with one thread`,
            hint: 'run it with --env local',
          },
        ];
  const notPast: readonly Mistake[] =
    goesPastTheMesh || !plan.trial.loads.some(({ direct }) => direct)
      ? []
      : [
          {
            path: ['load'],
            at: 'key',
            message: `the ${environment} environment sends nothing past the mesh yet (direct: true)`,
            hint: 'run it with --env local',
          },
        ];
  const untold = plan.trial.checks.flatMap(({ check }, index): readonly Mistake[] => {
    if (tellsMetrics || check.kind !== 'metrics-agree') return [];
    const message = `metrics of the ${environment} environment were never held against a load yet`;
    return [{ path: ['checks', index, 'kind'], at: 'value', message, hint: 'run it with --env local' }];
  });
  const untraced: readonly Mistake[] =
    traces || plan.topology.tracing === undefined
      ? []
      : [
          {
            path: ['mesh', 'tracing'],
            at: 'key',
            message: `the ${environment} environment takes no spans of traces yet`,
            hint: 'run it with --env local',
          },
        ];
  const capturing = Object.keys(capabilities).filter((name) => capabilities[name]?.captures);
  const bypassing = plan.topology.instances.filter(({ bypass = [] }) => bypass.length > 0);
  const services = captures ? [] : [...new Set(bypassing.map(({ service }) => service))];
  const uncaptured = services.map(
    (service): Mistake => ({
      path: ['topology', 'services', service, 'bypass'],
      at: 'key',
      message: `the ${environment} environment captures no connections, so that none can go past a sidecar`,
      hint: `run it with --env ${capturing.join(' or --env ')}`,
    }),
  );
  const stopping = Object.keys(capabilities).filter((name) => capabilities[name]?.performs.includes('stop'));
  const orderless = stopping.includes(environment) ? [] : ofStarts(plan.topology, environment, stopping);
  return [
    ...[
      ...orderless,
      ...tooMany(plan.topology, mostInstances),
      ...unjoined,
      ...unchanged,
      ...untraced,
      ...untold,
      ...notPast,
      ...ofOneThread,
      ...uncaptured,
    ].map(locate),
    ...foreign,
  ];
}

/** What a topology says of the order in which apps and sidecars start and stop, each service once. */
function ofStarts(
  { instances }: TopologyPlan,
  environment: string,
  elsewhere: readonly string[],
): readonly Mistake[] {
  const hint = `run it with --env ${elsewhere.join(' or --env ')}`;
  const services = [...Map.groupBy(instances, ({ service }) => service)];
  return services.flatMap(([service, [first]]): Mistake[] => [
    ...(first?.sidecar === undefined
      ? []
      : [
          {
            path: ['topology', 'services', service, 'sidecar'],
            at: 'key' as const,
            message: `the ${environment} environment leaves to its mesh how sidecars start and stop`,
            hint,
          },
        ]),
    ...(first?.app?.startCalls === undefined
      ? []
      : [
          {
            path: ['topology', 'services', service, 'app', 'startCalls'],
            at: 'key' as const,
            message: `the ${environment} environment starts apps without waiting for what they ask at their start`,
            hint,
          },
        ]),
  ]);
}

/** Throws one ProblemsError with all that `unfitFor` finds. */
export function refuseUnfit(...about: Parameters<typeof unfitFor>): void {
  const problems = unfitFor(...about);
  if (problems.length > 0) throw new ProblemsError(problems);
}

/** That a topology is too large for the local lab. */
export function tooMany({ instances }: TopologyPlan, most = Number.POSITIVE_INFINITY): readonly Mistake[] {
  if (instances.length <= most) return [];
  const message = `the topology has ${instances.length} replicas; the local lab holds ${most}`;
  return [{ path: ['topology'], at: 'key', message, hint: 'use fewer replicas, or --env kind' }];
}

/** That an environment has neither gateways nor networks of a topology. */
function ofGateways({ gateways = [], instances }: TopologyPlan, environment: string): readonly Mistake[] {
  const refused = (path: Mistake['path'], what: string): Mistake => ({
    path,
    at: 'key',
    message: `the ${environment} environment makes no ${what} yet`,
    hint: 'run it with --env local',
  });
  if (gateways.length > 0) return [refused(['topology', 'gateways'], 'gateways of a topology')];
  return instances.some(({ network }) => network !== undefined)
    ? [refused(['topology', 'services'], 'networks of a topology')]
    : [];
}

const canMake = ({ actions }: PlannedFault, performs: readonly Action['do'][] = []) =>
  actions.every(({ inject, revert }) => performs.includes(inject.do) && performs.includes(revert.do));
