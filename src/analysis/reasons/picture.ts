import type { ChangeRecord } from '../../checks/facts.ts';
import {
  type AskedFor,
  effectiveTables,
  type Reason,
  type RequestQuestion,
  reasonOfGoingPast,
  reasonOfRequests,
  type TextOfReason,
  textOfReason,
  toldTable,
} from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { askedFor, type PlannedLoad } from '../../load/planned.ts';
import type { Mesh } from '../../meshes/contract.ts';
import type { EffectiveConfiguration } from '../../model/effective.ts';
import type { InstanceContext } from '../../model/evidence.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { calledFrom, type TopologyPlan, waysOn } from '../../model/topology.ts';
import type { TrialPlan } from '../../plan/contract.ts';
import type { Report } from '../../report/model.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import { type Restarting, reasonOfRestart } from './restarting.ts';

/** An instance that calls a service, and what for, where that is known. */
interface Calling {
  readonly client: string;
  readonly service: string;
  readonly request: AskedFor | undefined;
}

/** What a scenario says of how requests and sidecars go, beside the mesh's configuration. */
type Written = Pick<TrialPlan, 'bypassing' | 'restarted'>;

/** What sidecars held during a trial, and what its loads asked them for: whatever is asked for a reason asks here. */
export class Picture {
  readonly configuration: EffectiveConfiguration;
  readonly #mesh: Pick<Mesh, 'serviceHost'>;
  readonly #topology: TopologyPlan;
  readonly #written: Written;

  constructor(
    { effective }: Pick<Evidence, 'effective'>,
    mesh: Pick<Mesh, 'effective' | 'serviceHost'>,
    topology: TopologyPlan,
    resources: readonly MeshResource[],
    written: Written = {},
  ) {
    this.configuration = mesh.effective.read(effective, topology, resources);
    this.#mesh = mesh;
    this.#topology = topology;
    this.#written = written;
  }

  /** What they held, for a report; of the clients first. */
  tables(): NonNullable<Report['effective']> {
    const called = calledFrom(this.#topology);
    return effectiveTables(this.configuration.sidecars, this.configuration, called).map(toldTable);
  }

  /** Workloads of which no sidecar said what it held. */
  unread(): readonly string[] {
    const read = new Set(this.configuration.sidecars.map(({ workload }) => workload));
    const all = this.#topology.instances.map(({ workload }) => workload);
    return [...new Set(all)].filter((workload) => !read.has(workload));
  }

  /** What the requests of a load ask for, and whom; undefined where nobody knows. */
  askedFor(load: PlannedLoad): AskedFor | undefined {
    const request = askedFor(load);
    return request && this.askedAs(load.to, load.port, request);
  }

  /** A request of a service, with the name by which it is called. */
  askedAs(service: string, port: number, { method, path, headers }: AskedFor): AskedFor {
    const small = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const authority = `${this.#mesh.serviceHost(service, this.#topology.namespace)}:${port}`;
    return { method, path, headers: Object.fromEntries(small), authority };
  }

  /**
   * What the app of an instance asks when its call goes to a service, and whom it names; what it asks is not known where
   * several of its calls may go there.
   */
  calledBy(
    { name }: Pick<InstanceContext, 'name'>,
    service: string,
  ): { readonly to: string; readonly request: AskedFor | undefined } {
    const calls = this.#topology.instances.find((each) => each.name === name)?.app?.calls ?? [];
    const named = calls.filter(({ to }) => to === service);
    // Routes may lead elsewhere than the name says.
    const [call, ...others] = named.length > 0 ? named : calls;
    if (call === undefined || others.length > 0) return { to: service, request: undefined };
    const { to, port, path } = call;
    return { to, request: this.askedAs(to, port, { method: 'GET', path, headers: {} }) };
  }

  /** What apps call onward for the requests of a load: one caller of each workload, which hold the same. */
  onwardOf(load: PlannedLoad): readonly Calling[] {
    const [, ...ways] = waysOn(load, this.#topology);
    return ways.flatMap(({ from, to }) => {
      const callers = this.#topology.instances.filter(({ service }) => service === from);
      const held = new Set(callers.map((caller) => this.heldLike(caller)));
      return callers
        .filter(({ name }) => held.has(name))
        .map((caller) => ({ client: caller.name, service: to, request: this.calledBy(caller, to).request }));
    });
  }

  reasonOfRequests(question: RequestQuestion): Reason {
    return reasonOfRequests(this.configuration, question);
  }

  /**
   * Why an app fails whose calls go past its sidecar, and that called nobody through it; undefined where none of them
   * has to be refused for that.
   */
  pastTheSidecar({ name, service }: Pick<InstanceContext, 'name' | 'service'>): TextOfReason | undefined {
    const past = this.#written.bypassing?.find((each) => each.service === service);
    const calls = this.#topology.instances.find((each) => each.name === name)?.app?.calls ?? [];
    const told = calls
      .filter(({ port }) => past?.ports.includes(port))
      .map(({ to, port }) =>
        textOfReason(reasonOfGoingPast(this.configuration, { caller: service, service: to, port })),
      )
      .find((each) => each !== undefined);
    if (past === undefined || told === undefined) return undefined;
    const { cause, others = [], ...taking } = told;
    const setting = `topology.services.${service}.bypass: [${past.ports.join(', ')}]`;
    return {
      cause: `The app of ${service} failed. ${cause}`,
      setting,
      source: past.source,
      others: [taking, ...others],
    };
  }

  /** Why requests to an instance failed for a restart of it. */
  reasonOfRestart(
    restarting: Restarting,
    record: RecordedFault,
    called: Pick<InstanceContext, 'name' | 'service'>,
  ): TextOfReason | undefined {
    return reasonOfRestart(restarting, record, called, this.#written.restarted ?? []);
  }

  /** Who was asked in place of an instance: replicas of a workload hold the same. */
  heldLike({ name, workload }: Pick<InstanceContext, 'name' | 'workload'>): string {
    const { sidecars } = this.configuration;
    const own = sidecars.find(({ instance }) => instance === name);
    return (own ?? sidecars.find((sidecar) => sidecar.workload === workload))?.instance ?? name;
  }
}

/** What sidecars held in the course of a trial: before its first change, and after each. */
export class Pictures {
  readonly first: Picture;
  /** In the order of their times; while a change goes out, what was in effect before may be as well. */
  readonly #later: readonly { readonly fromMs: number; readonly held: readonly Picture[] }[];

  constructor(
    evidence: Pick<Evidence, 'effective' | 'effectiveAfter'>,
    input: {
      readonly mesh: Pick<Mesh, 'effective' | 'serviceHost'>;
      readonly topology: TopologyPlan;
      readonly resources: readonly MeshResource[];
      readonly steps?: readonly (readonly MeshResource[])[];
      readonly trial: Written;
    },
    changes: readonly ChangeRecord[],
  ) {
    const { mesh, topology, resources, steps = [], trial } = input;
    this.first = new Picture(evidence, mesh, topology, resources, trial);
    let before = this.first;
    const switched = (fromMs: number | undefined, untilMs: number | undefined, picture: Picture) => {
      if (fromMs === undefined) return [];
      const going = { fromMs, held: [picture, before] };
      before = picture;
      return untilMs === undefined ? [going] : [going, { fromMs: untilMs, held: [picture] }];
    };
    this.#later = changes.flatMap(({ changingAtMs, heldUp, arrivedAtMs, guard }, index) => {
      const effective = evidence.effectiveAfter.get(index + 1) ?? new Map();
      const picture = new Picture({ effective }, mesh, topology, steps[index] ?? resources, trial);
      const back = guard?.rolledBack;
      return [
        // Before the control plane is back nobody holds anything of it.
        ...switched(heldUp === undefined ? changingAtMs : heldUp.untilMs, arrivedAtMs, picture),
        ...switched(back?.atMs, back?.doneAtMs, this.first),
      ];
    });
  }

  /** By a moment of the load: a number that tells which were in effect then. */
  numberAt(ms: number): number {
    return this.#later.findLastIndex(({ fromMs }) => fromMs <= ms) + 1;
  }

  /** By number: what was in effect, the newest first. */
  get(number: number): readonly [Picture, ...Picture[]] {
    const [picture = this.first, ...others] = this.#later[number - 1]?.held ?? [];
    return [picture, ...others];
  }
}

/** What to ask about how a request ended, but for who called whom; `said` is the sidecar's own words. */
export function endedAs(
  { reason, fromHost, status, clues = {} }: Ending,
  said: string,
): Pick<
  RequestQuestion,
  'ended' | 'of' | 'policy' | 'decidedBy' | 'distrust' | 'apart' | 'status' | 'said' | 'beside' | 'untried'
> {
  const { time, retry, policy, decidedBy, distrust, apart, beside } = clues;
  const about = {
    status,
    ...(policy === undefined ? {} : { policy }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...(distrust === undefined ? {} : { distrust }),
    ...(apart === undefined ? {} : { apart }),
  };
  if (reason === 'none') {
    if (retry === 'refused') return { ...about, ended: 'overflow', of: 'retry' };
    return fromHost ? { ...about, ended: 'answered' } : { ...about, ended: 'other', said };
  }
  if (beside) return { ...about, ended: 'other', beside };
  if (reason === 'other') return { ...about, ended: 'other', ...(said === '' ? {} : { said }) };
  return {
    ...about,
    ended: reason,
    ...(time === undefined ? {} : { of: time }),
    ...(retry === 'refused' ? { untried: true as const } : {}),
  };
}
