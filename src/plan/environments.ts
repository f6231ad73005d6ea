import { type Mistake, type Problem, ProblemsError } from '../kit/problems.ts';
import type { AskedFault, Mesh } from '../meshes/contract.ts';
import type { Action, Disturbance } from '../model/fault.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { Plan, PlannedFault } from './contract.ts';

/** What an environment can do, and how much it holds. */
export interface Capabilities {
  readonly performs: readonly Action['do'][];
  /** What it can make of a link; none unless it performs `disturb-link`. */
  readonly disturbs?: readonly Disturbance['kind'][];
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
  /** Whatever of a scenario cannot be there with a mesh that could elsewhere; nothing unless given. */
  readonly unsupported?: (mesh: Mesh, ...about: Parameters<Mesh['unsupported']>) => readonly Mistake[];
}

/** Where a mistake stands in the scenario's file. */
type Locate = (mistake: Mistake) => Problem;

/** What a plan asks of its environment beside faults: each with how one tells that it can, and what it is asked for. */
interface Demand {
  readonly met: (capabilities: Capabilities) => boolean;
  readonly by: readonly Mistake[];
}

/** Everything of a plan that an environment cannot make, take back or hold, with the environments that can. */
export function unfitFor<Name extends string>(
  { plan, mesh }: { readonly plan: Plan; readonly mesh: Mesh },
  environment: Name,
  capabilities: Readonly<Record<Name, Capabilities>>,
  locate: Locate,
): readonly Problem[] {
  const own = capabilities[environment];
  const where = (met: Demand['met']) =>
    Object.entries<Capabilities>(capabilities)
      .filter(([, theirs]) => met(theirs))
      .map(([name]) => `--env ${name}`)
      .join(' or ');
  const unmet = demandsOf(plan, environment)
    .filter(({ met }) => !met(own))
    .flatMap(({ met, by }) => {
      const others = where(met);
      return others === '' ? by : by.map((mistake) => ({ ...mistake, hint: `run it with ${others}` }));
    });
  const foreign = plan.trial.faults.flatMap((fault, index): readonly Mistake[] => {
    if (canMake(fault, own)) return [];
    const others = where((theirs) => canMake(fault, theirs));
    const hints = [
      ...(others === '' ? [] : [`run it with ${others}`]),
      ...(fault.halts === 'ended' ? ['use zone-outage or kill'] : []),
    ];
    return [
      {
        path: ['faults', index, 'kind'],
        at: 'value',
        message: `the ${environment} environment has no ${fault.fault.kind}`,
        ...(hints.length === 0 ? {} : { hint: hints.join(', or ') }),
      },
    ];
  });
  const ofMesh = own.unsupported?.(mesh, plan.topology, askedFaults(plan)) ?? [];
  return [...tooMany(plan.topology, own.mostInstances), ...unmet, ...ofMesh, ...foreign].map(locate);
}

function demandsOf({ topology, trial }: Plan, environment: string): readonly Demand[] {
  const bypassing = topology.instances.filter(({ bypass = [] }) => bypass.length > 0);
  return [
    { met: ({ gateways }) => gateways, by: ofGateways(topology, environment) },
    { met: ({ performs }) => performs.includes('stop'), by: ofStarts(topology, environment) },
    {
      met: ({ changes }) => changes,
      by: wherever(trial.changes.length > 0, {
        path: ['changes'],
        at: 'key',
        message: `the ${environment} environment does not change mesh configuration under load yet`,
      }),
    },
    {
      met: ({ traces }) => traces === true,
      by: wherever(topology.tracing !== undefined, {
        path: ['mesh', 'tracing'],
        at: 'key',
        message: `the ${environment} environment takes no spans of traces yet`,
      }),
    },
    {
      met: ({ tellsMetrics }) => tellsMetrics === true,
      by: trial.checks.flatMap(({ check }, index) =>
        wherever(check.kind === 'metrics-agree', {
          path: ['checks', index, 'kind'],
          at: 'value',
          message: `metrics of the ${environment} environment were never held against a load yet`,
        }),
      ),
    },
    {
      met: ({ goesPastTheMesh }) => goesPastTheMesh === true,
      by: wherever(
        trial.loads.some(({ direct }) => direct),
        {
          path: ['load'],
          at: 'key',
          message: `the ${environment} environment sends nothing past the mesh yet (direct: true)`,
        },
      ),
    },
    {
      met: ({ setsConcurrency }) => setsConcurrency === true,
      by: wherever(topology.concurrency !== undefined, {
        path: ['mesh', 'concurrency'],
        at: 'value',
        message: `sidecars of the ${environment} environment serve with one thread`,
      }),
    },
    {
      met: ({ captures }) => captures,
      by: [...new Set(bypassing.map(({ service }) => service))].map((service) => ({
        path: ['topology', 'services', service, 'bypass'],
        at: 'key',
        message: `the ${environment} environment captures no connections, so that none can go past a sidecar`,
      })),
    },
  ];
}

const wherever = (asked: boolean, mistake: Mistake): readonly Mistake[] => (asked ? [mistake] : []);

/** What a plan asks of its mesh with each of its faults. */
export const askedFaults = ({ trial }: Pick<Plan, 'trial'>): readonly AskedFault[] =>
  trial.faults.map(({ actions, forMs }) => ({
    actions: actions.flatMap(({ inject, revert }) => [inject, revert]),
    forMs,
  }));

/** What a topology says of the order in which apps and sidecars start and stop, each service once. */
function ofStarts({ instances }: TopologyPlan, environment: string): readonly Mistake[] {
  const services = [...Map.groupBy(instances, ({ service }) => service)];
  return services.flatMap(([service, [first]]) => [
    ...wherever(first?.sidecar !== undefined, {
      path: ['topology', 'services', service, 'sidecar'],
      at: 'key',
      message: `the ${environment} environment leaves to its mesh how sidecars start and stop`,
    }),
    ...wherever(first?.app?.startCalls !== undefined, {
      path: ['topology', 'services', service, 'app', 'startCalls'],
      at: 'key',
      message: `the ${environment} environment starts apps without waiting for what they ask at their start`,
    }),
  ]);
}

/** Throws one ProblemsError with all that `unfitFor` finds. */
export function refuseUnfit<Name extends string>(...about: Parameters<typeof unfitFor<Name>>): void {
  const problems = unfitFor(...about);
  if (problems.length > 0) throw new ProblemsError(problems);
}

/** That a topology is too large for the local lab. */
export function tooMany({ instances }: TopologyPlan, most = Number.POSITIVE_INFINITY): readonly Mistake[] {
  if (instances.length <= most) return [];
  const message = `the topology has ${instances.length} replicas; the local lab holds ${most}`;
  return [{ path: ['topology'], at: 'key', message, hint: 'use fewer replicas, or --env kind' }];
}

/** Where a plan has gateways or networks. */
function ofGateways({ gateways = [], instances }: TopologyPlan, environment: string): readonly Mistake[] {
  const asked = (key: string, what: string): Mistake => ({
    path: ['topology', key],
    at: 'key',
    message: `the ${environment} environment makes no ${what} of a topology yet`,
  });
  if (gateways.length > 0) return [asked('gateways', 'gateways')];
  return wherever(
    instances.some(({ network }) => network !== undefined),
    asked('services', 'networks'),
  );
}

const canMake = ({ actions }: PlannedFault, { performs, disturbs = [] }: Capabilities) =>
  actions.every(
    ({ inject, revert }) =>
      performs.includes(inject.do) &&
      performs.includes(revert.do) &&
      (inject.do !== 'disturb-link' || disturbs.includes(inject.disturbance.kind)),
  );
