import { type Instance, isServer, type TopologyPlan } from '../model/topology.ts';
import type { TuningReport } from '../report/tuning/model.ts';
import { type Ask, type Conclusion, type Inferred, poolsOf, type Question, type Told } from './contract.ts';
import { QUEUE } from './limits.ts';
import { tightest } from './objective.ts';
import { connectionsFor, requestsFor, type Site } from './theory.ts';

/** A topology beside the scenario's own that the same limits may meet, and what of it is tried. */
export interface Shape extends Site {
  readonly name: ShapeName;
  readonly topology: TopologyPlan;
  /** Killed and started again one after the other while the load goes on; none unless given. */
  readonly restarted?: readonly Instance[];
}

type ShapeName = 'one more client' | 'one replica less' | 'a zone lost' | 'rolling restart';
/** One load on a shape: by the model, and measured. */
export type ScalingRow = NonNullable<TuningReport['scaling']>[number];
type Outcome = ScalingRow['model'];

/** A rolling restart of more replicas than this shows nothing more. */
const MOST_RESTARTED = 4;
/** Trials of one load on one shape that the model is told wrong by. */
const MOST_TRIALS = 3;
/** As far as this from each other, as a share of the larger, two rates of answers are the same. */
const ALIKE = 0.1;

/** The shapes that limits for a service may meet when clients or replicas change; those that it can have. */
export function shapesOf(
  topology: TopologyPlan,
  { from, to }: { readonly from: string; readonly to: string },
  limitsAtServers: boolean,
): readonly Shape[] {
  const clients = topology.instances.filter(({ service }) => service === from);
  const servers = topology.instances.filter((each) => each.service === to && isServer(each));
  const shape = (name: ShapeName, instances: readonly Instance[]): Shape => ({
    name,
    topology: { ...topology, instances },
    clients: instances.filter(({ service }) => service === from).length,
    servers: instances.filter(({ service }) => service === to).length,
    limitsAtServers,
  });
  const without = (away: readonly Instance[]) => topology.instances.filter((each) => !away.includes(each));
  const zone = largest(servers, ({ locality }) => locality);
  return [
    shape('one more client', withOneMore(topology.instances, clients)),
    ...(servers.length < 2
      ? []
      : [
          shape('one replica less', without(largest(servers, ({ workload }) => workload).slice(-1))),
          ...(zone.length < servers.length ? [shape('a zone lost', without(zone))] : []),
          {
            ...shape('rolling restart', topology.instances),
            restarted: servers.slice(0, MOST_RESTARTED),
          },
        ]),
  ];
}

/** The same with another replica of the last one's workload. */
function withOneMore(all: readonly Instance[], some: readonly Instance[]): readonly Instance[] {
  const last = some.at(-1);
  if (last === undefined) return all;
  const replica =
    1 + Math.max(...some.filter(({ workload }) => workload === last.workload).map((each) => each.replica));
  const more = { ...last, replica, name: `${last.workload}-${replica}` };
  return all.flatMap((each) => (each === last ? [each, more] : [each]));
}

/** The largest of the groups by a key. */
function largest(instances: readonly Instance[], key: (each: Instance) => string): readonly Instance[] {
  const groups = Object.values(Object.groupBy(instances, key)).map((group = []) => group);
  return groups.reduce<readonly Instance[]>((most, each) => (each.length > most.length ? each : most), []);
}

/** What the model says of a load on a shape: the found limits, and what was inferred of the service. */
export function foreseen(
  question: Question,
  { limits = {}, inferred }: { readonly limits: Conclusion['limits']; readonly inferred: Inferred },
  shape: Shape,
  rate: number,
): Outcome {
  const { objective } = question;
  const { serviceMs, capacity } = inferred;
  const connections = limits['tcp.maxConnections'];
  const pool = connections ?? limits['http.http2MaxRequests'] ?? Number.POSITIVE_INFINITY;
  const atOnce = pool * poolsOf(shape);
  const letIn = (1_000 * atOnce) / serviceMs;
  const share = shape.servers / question.servers;
  const can = capacity?.saturated ? capacity.perSecond * share : Number.POSITIVE_INFINITY;
  const goodput = Math.min(rate, letIn, can);
  const needed = (connections === undefined ? requestsFor : connectionsFor)(question, shape, inferred, rate);
  const nobodyRefused = rate <= question.rate * (1 + question.headroom);
  const lost = lostIn(shape, question, rate, serviceMs);
  const success = (goodput / rate) * (1 - lost);
  // All that is let in waits for the servers where these are what cannot keep up.
  const takesMs = Math.max(serviceMs, (1_000 * (atOnce + (limits[QUEUE] ?? 0) * shape.clients)) / can);
  const inTime = goodput < can || takesMs <= tightest(objective).atMostMs;
  const seen = capacity === undefined ? 0 : capacity.perSecond * share;
  return {
    holds:
      inTime &&
      (nobodyRefused
        ? pool >= needed && success >= objective.successAtLeast
        : goodput >= question.rate * objective.successAtLeast),
    goodput: goodput * (1 - lost),
    refused: 1 - goodput / rate,
    ...(capacity?.saturated || goodput <= seen * (1 + ALIKE)
      ? {}
      : { assuming: 'each replica can do more than it was seen to do' }),
  };
}

/** Share of the requests of a trial that die with the replica that has them. */
function lostIn(
  { restarted = [], servers }: Shape,
  { trialMs }: Question,
  rate: number,
  serviceMs: number,
): number {
  const underWayAtOne = (rate * serviceMs) / 1_000 / servers;
  return (restarted.length * underWayAtOne) / ((rate * trialMs) / 1_000);
}

/**
 * Tries a shape: the nominal rate, and the overload unless replicas restart meanwhile. Where the first trial of a load
 * contradicts the model, what most of three say counts. What could not be told has no measured part.
 */
export function* verifyShape(
  question: Question,
  conclusion: { readonly limits: Conclusion['limits']; readonly inferred: Inferred },
  shape: Shape,
): Generator<Ask, readonly ScalingRow[], Told | undefined> {
  const rows: ScalingRow[] = [];
  const loads = [
    { judged: 'nominal', rate: question.rate },
    ...(shape.restarted === undefined
      ? [{ judged: 'overload', rate: question.rate * question.overload } as const]
      : []),
  ] as const;
  for (const { judged, rate } of loads) {
    const model = foreseen(question, conclusion, shape, rate);
    const told: Told[] = [];
    while (told.length < MOST_TRIALS && !settled(model, told)) {
      const answer = yield {
        ...{ purpose: 'other shape', judged, rate, optional: true, shape: shape.name },
        limits: conclusion.limits ?? {},
      };
      if (answer === undefined) break;
      told.push(answer);
    }
    const { name, clients, servers } = shape;
    const measured = measuredOf(question, told);
    rows.push({
      ...{ shape: name, clients, servers, judged, offered: rate, model },
      ...(measured === undefined ? {} : { measured, agrees: isAlike(model, measured) }),
    });
  }
  return rows;
}

/** Whether more trials would change nothing: the first agrees with the model, or two agree with each other. */
function settled(model: Outcome, told: readonly Told[]): boolean {
  const [first, second] = told;
  if (first === undefined) return false;
  if (second === undefined) return isAlike(model, first);
  return (
    told.length > 2 || (first.holds === second.holds && isAlike(model, first) === isAlike(model, second))
  );
}

const isAlike = (one: Pick<Outcome, 'holds' | 'goodput'>, other: Pick<Outcome, 'holds' | 'goodput'>) =>
  one.holds === other.holds &&
  Math.abs(one.goodput - other.goodput) <= ALIKE * Math.max(one.goodput, other.goodput);

function measuredOf({ objective }: Question, told: readonly Told[]): ScalingRow['measured'] {
  const held = told.filter(({ holds }) => holds).length;
  const holds = held * 2 > told.length;
  const typical = told.filter((each) => each.holds === holds).at(-1);
  if (typical === undefined) return undefined;
  const name = `p${tightest(objective).percentile}`;
  const ms = typical.latencyMs[name];
  return {
    holds,
    goodput: typical.goodput,
    refused: typical.refused,
    ...(ms === undefined ? {} : { latency: { name, ms } }),
    trials: told.length,
    held,
    why: [...typical.missed],
  };
}

/** The shapes of a search that found limits, as the model has them and without trials. */
export function foreseenRows(
  question: Question,
  conclusion: { readonly limits: Conclusion['limits']; readonly inferred: Inferred },
  shape: Shape,
  why: string,
): readonly ScalingRow[] {
  const { name, clients, servers } = shape;
  const model = foreseen(question, conclusion, shape, question.rate);
  return [
    { ...{ shape: name, clients, servers, judged: 'nominal', offered: question.rate, model }, untried: why },
  ];
}
