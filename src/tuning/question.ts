import type { Planned } from '../experiment/planned.ts';
import { usageError } from '../kit/errors.ts';
import { formatMs, formatRate } from '../kit/format.ts';
import { quote } from '../kit/nearest.ts';
import { parseDuration, parseRate } from '../kit/units.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { Mesh, PoolCalls, PoolRule } from '../meshes/contract.ts';
import { type LimitName, PER_CONNECTION } from '../model/pool-limits.ts';
import { gatewayOf, isOfBytes, type TopologyPlan } from '../model/topology.ts';
import type { Budget, Effort, Question } from './contract.ts';
import { type Bounds, parseBounds, parseLimits, usualLimits } from './limits.ts';
import { neededAnswers, parseObjective } from './objective.ts';
import { trialMs } from './trial.ts';

/** What the command line says of a search, as text. */
export interface TuningOptions {
  readonly slo: string;
  readonly limits?: string;
  readonly bounds: readonly string[];
  readonly rate?: string;
  readonly overload: string;
  readonly headroom: string;
  /** What the effort has unless given. */
  readonly budget?: string;
}

/** A search that can be made: what is asked, of which load, and where its limits are written. */
export interface Asked {
  readonly question: Question;
  readonly load: PlannedLoad;
  readonly rule: PoolRule | undefined;
}

/** Longer trials than this make a search of hours. */
const MOST_TRIAL_MS = 30_000;
/** One machine measures no more than this; see docs/measurement.md. */
const MOST_RATE = 20_000;
const MOST_OVERLOAD = 20;
const LEAST_TRIALS = 8;
/** Where trials take so much longer than their loads, fewer are made. */
const SLOW_MS = 2_500;
const LEAST_BUDGET_MS = 30_000;

/**
 * How much is spent on an answer: where trials are quick, and where they are not. There the CPU of programs is known
 * every ten seconds or so, and without it a trial proves nothing.
 */
export const efforts = {
  usual: { within: 0.05, limitTrials: 16, kneeTrials: 6, leastTrialMs: 0 },
  few: { within: 0.1, limitTrials: 8, kneeTrials: 3, leastTrialMs: 14_000 },
} as const satisfies Record<string, Effort>;
const usualBudgets = { usual: '4m', few: '12m' } as const satisfies Record<keyof typeof efforts, string>;

/** What a trial takes beside its load, in milliseconds, decides how much is spent. */
const effortFor = (besideLoadMs: number) => (besideLoadMs > SLOW_MS ? 'few' : 'usual');

/** Reads what a search is to find. Throws a usage error for everything that can be known to be wrong before a trial. */
export function readQuestion(
  { plan, mesh, configuration }: Planned,
  options: TuningOptions,
  besideLoadMs: number,
): Asked {
  const objective = parseObjective(options.slo);
  const load = onlyLoad(plan.trial.loads);
  const gateway = gatewayOf(load.to, plan.topology);
  if (gateway !== undefined) {
    throw usageError(
      `tune looks for the pool of a caller inside the mesh, and ${load.from} calls ${load.to} from outside it`,
      `let a service call the one behind the gateway ${gateway.name}: --set load.to=NAME`,
    );
  }
  const called = plan.topology.services.find(({ name }) => name === load.to);
  if (called !== undefined && isOfBytes(called) && load.port === called.port) {
    throw usageError(
      `tune looks for limits of requests, and ${load.to} is called as bytes (portName): there a connection beyond ${mesh.pools.ofConnections} is closed, and none waits`,
      `write ${mesh.pools.ofConnections} by hand: as many as are open at once at the nominal rate, and some more`,
    );
  }
  const rule = mesh.pools.ruleFor(configuration.resources, callsOf(load, plan.topology));
  const protocol = protocolOf(plan.topology, load.to, rule);
  const limits = options.limits === undefined ? usualLimits[protocol] : parseLimits(options.limits);
  refuseForeign(limits, mesh);
  refuseIdle(limits, rule, protocol);
  const headroom = readShare('--headroom', options.headroom);
  const overload = readOverload(options.overload, headroom);
  const rate = nominalRate(load, options.rate);
  if (rate * overload > MOST_RATE) {
    throw usageError(
      `${formatRate(rate * overload)} under overload is more than one machine can send`,
      `lower --rate or --overload: at most ${formatRate(MOST_RATE)} together`,
    );
  }
  const effort = effortFor(besideLoadMs);
  const eachMs = trialMs(objective, rate, efforts[effort].leastTrialMs);
  if (eachMs > MOST_TRIAL_MS) {
    throw usageError(
      `--slo: at ${formatRate(rate)} a trial takes ${formatMs(eachMs)} until its percentiles mean something (${neededAnswers(objective)} answers)`,
      'take a lower percentile, such as p95, or a higher --rate',
    );
  }
  const replicasOf = (name: string) =>
    plan.topology.instances.filter(({ service }) => service === name).length;
  return {
    load,
    rule,
    question: {
      objective,
      rate,
      overload,
      headroom,
      clients: replicasOf(load.from),
      servers: replicasOf(load.to),
      limitsAtServers: mesh.pools.holdAtServers,
      limits,
      bounds: readBounds(options.bounds, limits),
      written: rule?.written ?? {},
      budget: readBudget(options.budget ?? usualBudgets[effort]),
      effort: efforts[effort],
      trialMs: eachMs,
    },
  };
}

/** What sidecars speak with each other to a service: HTTP/2 where a rule says so, and where its app speaks it. */
function protocolOf(
  { services }: TopologyPlan,
  service: string,
  rule: PoolRule | undefined,
): 'http1' | 'http2' {
  if (rule?.upgrades) return 'http2';
  const { protocol = 'http1' } = services.find(({ name }) => name === service) ?? {};
  return protocol === 'http1' ? 'http1' : 'http2';
}

function onlyLoad(loads: readonly PlannedLoad[]): PlannedLoad {
  const [load, ...others] = loads;
  if (load === undefined || others.length > 0) {
    throw usageError(
      `tune takes a scenario with one load; this one has ${loads.length}`,
      "leave the loads out that are not the tuned service's: --set 'load={from: …, to: …, rate: …, duration: 10s}'",
    );
  }
  if (load.shape.kind === 'script') {
    throw usageError(
      `tune makes loads at rates of its own, and what ${load.shape.file} sends it cannot know`,
      'write the load with rate, path and headers',
    );
  }
  return load;
}

/** Whose calls the limits are for. */
export const callsOf = (
  { from, to }: Pick<PlannedLoad, 'from' | 'to'>,
  { namespace }: Pick<TopologyPlan, 'namespace'>,
): PoolCalls => ({ from, to, namespace });

/** Limits that the mesh has no field for. */
function refuseForeign(limits: readonly LimitName[], mesh: Pick<Mesh, 'name' | 'pools'>): void {
  const foreign = limits.filter((name) => !mesh.pools.limits.includes(name));
  if (foreign.length === 0) return;
  throw usageError(
    `--limits: ${foreign.join(' and ')} cannot be written on ${mesh.name}`,
    `it takes ${mesh.pools.limits.join(', ')}`,
  );
}

/** Limits that would do nothing where they are. */
function refuseIdle(
  limits: readonly LimitName[],
  rule: PoolRule | undefined,
  protocol: 'http1' | 'http2',
): void {
  if (protocol === 'http2' && rule?.streams !== undefined) {
    throw usageError(
      `${rule.streams}: with maxConcurrentStreams connections fill up over HTTP/2, and how many requests are let in hangs on maxConnections and the queue as well`,
      'tune looks for http.http2MaxRequests, which is one number for the same: leave maxConcurrentStreams out',
    );
  }
  const ofHttp1 = limits.filter((name) => name !== 'http.http2MaxRequests' && name !== PER_CONNECTION);
  if (protocol === 'http2' && ofHttp1.length > 0) {
    throw usageError(
      `--limits: over HTTP/2, where requests share a connection (${rule?.upgrades ? `h2UpgradePolicy in ${rule.resource.file}` : 'which the app speaks'}), nothing is limited by ${ofHttp1.join(' and ')}`,
      'take http.http2MaxRequests',
    );
  }
  const endless =
    limits.includes('tcp.maxConnections') &&
    !limits.includes('http.http1MaxPendingRequests') &&
    rule?.written['http.http1MaxPendingRequests'] === undefined;
  if (endless) {
    throw usageError(
      '--limits: nothing limits how many wait for a connection, so with tcp.maxConnections alone nobody is refused',
      'search for http.http1MaxPendingRequests as well, or write it',
    );
  }
  const alone = limits.includes('http.http1MaxPendingRequests') && !limits.includes('tcp.maxConnections');
  if (alone && rule?.written['tcp.maxConnections'] === undefined) {
    throw usageError(
      '--limits: without a limit of connections nobody waits for one, so http.http1MaxPendingRequests limits nothing',
      'search for tcp.maxConnections as well, or write it',
    );
  }
}

function nominalRate({ shape }: PlannedLoad, given: string | undefined): number {
  if (given !== undefined) {
    const rate = parseRate(given);
    if (rate !== undefined && rate > 0) return rate;
    throw usageError(`--rate: ${quote(given)} is no rate`, 'write --rate 200/s');
  }
  if (shape.kind === 'rate') return shape.rate;
  throw usageError(
    `the load of this scenario has no single rate: it is written with ${shape.kind}`,
    'say the nominal one: --rate 200/s',
  );
}

function readShare(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / 100;
  if (share >= 0 && share <= 1) return share;
  throw usageError(`${option}: ${quote(text)} is no share from 0% to 100%`, `write ${option} 10%`);
}

function readOverload(text: string, headroom: number): number {
  const factor = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(factor > 1 && factor <= MOST_OVERLOAD)) {
    throw usageError(
      `--overload: ${quote(text)} is no factor above 1 and up to ${MOST_OVERLOAD}`,
      'write --overload 2 for twice the nominal rate',
    );
  }
  if (factor > 1 + headroom) return factor;
  throw usageError(
    `--overload: ${text} times the nominal rate is within the headroom of ${headroom * 100} %, where nobody may be refused`,
    'give a larger factor, or a smaller --headroom',
  );
}

function readBounds(texts: readonly string[], limits: readonly LimitName[]): Question['bounds'] {
  const bounds: Partial<Record<LimitName, Bounds>> = {};
  for (const text of texts) {
    const { name, bounds: read } = parseBounds(text);
    if (bounds[name] !== undefined)
      throw usageError(`--bounds: ${name} is there twice`, 'give each limit one pair');
    if (!limits.includes(name)) {
      throw usageError(
        `--bounds: ${name} is not searched`,
        `the search is for ${limits.join(' and ')}; --limits names others`,
      );
    }
    bounds[name] = read;
  }
  return bounds;
}

/** "4m" or "40": a time, or a number of trials. */
function readBudget(text: string): Budget {
  const none = Number.MAX_SAFE_INTEGER;
  if (/^\d+$/.test(text)) {
    if (Number(text) >= LEAST_TRIALS) return { ms: none, trials: Number(text) };
    throw usageError(
      `--budget: ${text} trials are too few for any proof`,
      `it takes at least ${LEAST_TRIALS}; a time has a unit: --budget 4m`,
    );
  }
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw usageError(
      `--budget: ${quote(text)} is neither a time nor a number of trials`,
      'write --budget 4m or --budget 40',
    );
  }
  if (ms < LEAST_BUDGET_MS) {
    throw usageError(
      `--budget: ${text} is too short for any proof`,
      `it takes at least ${formatMs(LEAST_BUDGET_MS)}`,
    );
  }
  return { ms, trials: none };
}
