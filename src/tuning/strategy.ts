import {
  type LimitName,
  limitNames,
  NO_LIMIT,
  PER_CONNECTION,
  type PoolLimits,
} from '../model/pool-limits.ts';
import { type Ask, type Conclusion, type Inferred, poolsOf, type Question, type Told } from './contract.ts';
import { isPool, QUEUE, refuses } from './limits.ts';
import { longestQueue, underWay } from './model.ts';
import { BoundarySearch, type Interval, wholeSteps } from './search.ts';
import { expectedLimits, fewestLasting, slackSeconds } from './theory.ts';

/** Shares that the search reckons with: wrong verdicts, and how far around the answer verdicts differ. */
const FALSE_SHARE = 0.05;
const BLUR = 0.03;
/** Done when the answer is known as narrowly as is asked, with that probability. */
const CONFIDENCE = 0.95;
/** How far theory is usually off, as a natural logarithm. */
const SPREAD = 0.25;
/** The same where an earlier run and the first trial agree on the service time, to so much of it. */
const SPREAD_AGREED = 0.15;
const AGREED = 0.1;
/** Bounds that nobody gave reach so many times as far as theory, either way. */
const REACH = 4;
/** Verdicts that agree before something counts as proven, or as failed. */
const AGREEING = 2;
/** Kept of the budget for the proof. */
const PROOF_TRIALS = 2 * AGREEING + 1;
/** How often larger limits are tried when the proof fails. */
const MOST_PROOFS = 6;
/** Below this share of what came, a service that nobody limits is saturated. */
const SATURATED = 0.95;

/** Thrown where no trial is left; thrown into a search, it makes that conclude from what it knows. */
export class BudgetUsed extends Error {}

/** Thrown when the objective is out of reach however large the limits are. */
export class OutOfReach extends Error {
  readonly told: Told;
  constructor(told: Told) {
    super(told.missed.join('; '));
    this.told = told;
  }
}

/** Thrown when a limit that is written, and not looked for, lets too few in for the nominal rate. */
export class HeldBack extends Error {
  readonly limit: LimitName;
  readonly value: number;
  /** Requests under way at one pool at the nominal rate and its headroom. */
  readonly underWay: number;
  constructor(limit: LimitName, value: number, underWay: number) {
    super(`${limit} ${value}`);
    this.limit = limit;
    this.value = value;
    this.underWay = underWay;
  }
}

/** What a search does: it asks for trials, is told what came of each (nothing of some that are optional), and concludes. */
export type Strategy = Generator<Ask, Conclusion, Told | undefined>;
type Asking<Result> = Generator<Ask, Result, Told | undefined>;

/**
 * The search for pool limits, without a clock, a lab or chance: whoever drives it makes the trials. It measures the
 * service without limits, reckons from that where the limits lie, looks for the smallest of each with which the
 * objective holds at the nominal rate and its headroom, proves them there and under overload, and looks for the knee.
 * Throws OutOfReach when not even a service without limits meets the objective, and HeldBack when a limit that is kept
 * as it is written makes that so.
 */
export function* searchLimits(question: Question): Strategy {
  const search = new LimitsSearch(question);
  try {
    yield* search.run();
  } catch (error) {
    if (!(error instanceof BudgetUsed)) throw error;
  }
  return search.conclusion();
}

class LimitsSearch {
  readonly #question: Question;
  readonly #intervals: Partial<Record<LimitName, Interval>> = {};
  readonly #ends: Partial<Record<LimitName, { lowest: number; highest: number }>> = {};
  #spent = { ms: 0, trials: 0 };
  #asked = 0;
  #inferred: Inferred | undefined;
  #limits: PoolLimits | undefined;
  #proof: 'none' | 'held' | 'failed' = 'none';
  #missed: readonly string[] = [];
  #narrow = true;
  #tenthLess: Conclusion['tenthLess'];
  #knee: { low: number; high: number | undefined } | undefined;
  /** No longer queue is tried: under overload those in it waited too long. */
  #queueCap = Number.POSITIVE_INFINITY;
  /** The search for the larger of the limits, connections or requests. */
  #pool: BoundarySearch | undefined;
  /** Seconds that an answer may wait. */
  #slack = 0;
  #spread = SPREAD;
  /** Verdicts by what was tried. */
  readonly #verdicts = new Map<string, { held: number; failed: number; last: Told }>();

  constructor(question: Question) {
    this.#question = question;
  }

  *run(): Asking<void> {
    yield* this.#measure();
    let limits: PoolLimits = {};
    for (const name of this.#question.limits) {
      limits = { ...limits, [name]: yield* this.#smallest(name, limits) };
      this.#limits = limits;
    }
    limits = yield* this.#prove(limits);
    this.#limits = limits;
    if (this.#proof !== 'held') return;
    yield* this.#tryTenthLess(limits);
    yield* this.#findKnee(limits);
  }

  /** The nominal rate with its headroom, of all clients. */
  get #rate(): number {
    return Number((this.#question.rate * (1 + this.#question.headroom)).toFixed(3));
  }

  *#ask(ask: Ask): Asking<Told> {
    const told = yield* this.#askFor(ask);
    if (told === undefined) throw new Error(`nothing came of a trial that is needed (${ask.purpose})`);
    return told;
  }

  *#askFor(ask: Ask): Asking<Told | undefined> {
    const { budget } = this.#question;
    const typicalMs = this.#asked === 0 ? 0 : this.#spent.ms / this.#asked;
    if (this.#spent.trials >= budget.trials || this.#spent.ms + typicalMs > budget.ms) throw new BudgetUsed();
    const told = yield ask;
    if (told === undefined) return undefined;
    this.#asked += 1;
    this.#spent = { ...told.spent };
    const key = JSON.stringify([ask.judged, ask.rate, ask.limits]);
    const before = this.#verdicts.get(key) ?? { held: 0, failed: 0 };
    this.#verdicts.set(key, {
      held: before.held + (told.holds ? 1 : 0),
      failed: before.failed + (told.holds ? 0 : 1),
      last: told,
    });
    return told;
  }

  /** Whether so many more trials are within the budget. */
  #affords(trials: number): boolean {
    const { budget } = this.#question;
    const typicalMs = this.#spent.ms / Math.max(1, this.#asked);
    return this.#spent.trials + trials <= budget.trials && this.#spent.ms + trials * typicalMs <= budget.ms;
  }

  /** What the service is without limits, and, for comparison, with those that are written. */
  *#measure(): Asking<void> {
    const question = this.#question;
    const free = { limits: 'none', purpose: 'without limits' } as const;
    let failed = 0;
    let nominal = yield* this.#ask({ ...free, judged: 'nominal', rate: this.#rate });
    while (!nominal.holds) {
      failed += 1;
      if (failed >= AGREEING) throw new OutOfReach(nominal);
      nominal = yield* this.#ask({ ...free, judged: 'nominal', rate: this.#rate });
    }
    const overloadRate = question.rate * question.overload;
    const { earlier } = question;
    // What it has shown of a load as large as this one need not be tried again.
    const known =
      earlier !== undefined && earlier.offered >= SATURATED * overloadRate ? earlier.capacity : undefined;
    const overload =
      known === undefined
        ? yield* this.#askFor({ ...free, judged: 'overload', rate: overloadRate, optional: true })
        : undefined;
    const agreed = earlier?.service !== undefined && agrees(earlier.service.ms, nominal.serviceMs);
    const service =
      agreed && earlier?.service !== undefined
        ? { serviceMs: earlier.service.ms, serviceVariation: earlier.service.variation }
        : { serviceMs: nominal.serviceMs, serviceVariation: nominal.serviceVariation };
    this.#slack = slackSeconds(question, service);
    this.#spread = agreed ? SPREAD_AGREED : SPREAD;
    this.#inferred = {
      ...service,
      underWay: underWay({ rate: question.rate, serviceSeconds: service.serviceMs / 1_000 }),
      capacity:
        known ??
        (overload && {
          perSecond: overload.goodput,
          saturated: overload.goodput < SATURATED * overload.offered,
        }),
      ...(earlier === undefined ? {} : { drawn: { service: agreed, capacity: known !== undefined } }),
      expected: expectedLimits(question, service, this.#rate, 0),
      expectedAtRandom: expectedLimits(question, service, this.#rate, 1),
    };
    this.#refuseHeldBack(service.serviceMs);
    // An earlier run was made with what is written.
    if (earlier === undefined && Object.keys(question.written).length > 0) {
      const written = { limits: {}, purpose: 'as written', optional: true } as const;
      yield* this.#askFor({ ...written, judged: 'nominal', rate: this.#rate });
      yield* this.#askFor({ ...written, judged: 'overload', rate: overloadRate });
    }
  }

  /** Who comes on average has to be let in by the limits that are kept: Little's law, so no trial is needed. */
  #refuseHeldBack(serviceMs: number): void {
    const { limits, written } = this.#question;
    const each = this.#underWayEach(serviceMs);
    for (const name of limitNames.filter((one) => isPool(one) && !limits.includes(one))) {
      const value = written[name];
      if (value !== undefined && value < each) throw new HeldBack(name, value, each);
    }
  }

  /** Requests under way at each pool at the nominal rate and its headroom. */
  #underWayEach(serviceMs: number): number {
    return underWay({ rate: this.#rate, serviceSeconds: serviceMs / 1_000 }) / poolsOf(this.#question);
  }

  /** The smallest value of a limit with which the objective holds, beside those that were found already. */
  *#smallest(name: LimitName, found: PoolLimits): Asking<number> {
    const { lowest, highest } = this.#boundsOf(name, found);
    this.#ends[name] = { lowest, highest };
    const search = new BoundarySearch({
      candidates: wholeSteps(lowest, highest, 0.02),
      guess: this.#guess(name),
      falseShare: FALSE_SHARE,
      blur: BLUR,
      within: this.#question.effort.within,
      confidence: CONFIDENCE,
    });
    if (isPool(name)) this.#pool = search;
    return yield* this.#continued(name, search, found);
  }

  *#continued(name: LimitName, search: BoundarySearch, found: PoolLimits): Asking<number> {
    for (
      let trial = 0;
      trial < this.#question.effort.limitTrials && this.#affords(PROOF_TRIALS + 1);
      trial += 1
    ) {
      const at = search.ask();
      if (at === undefined) break;
      const limits = this.#beside(name, { ...found, [name]: at });
      const { low, high } = search.interval;
      const known = { low, high };
      const told = yield* this.#ask({ purpose: name, judged: 'nominal', rate: this.#rate, limits, known });
      search.tell(at, told.holds);
      this.#intervals[name] = search.interval;
      this.#limits = { ...found, [name]: search.interval.likely };
    }
    this.#narrow = search.settled;
    this.#intervals[name] = search.interval;
    return search.interval.likely;
  }

  /** Of queues theory says little: they are for moments, which it knows only on average. Of reconnecting it says nothing. */
  #guess(name: LimitName) {
    const at = this.#inferred?.expected[name];
    return name === QUEUE || at === undefined ? undefined : { at, spread: this.#spread };
  }

  /**
   * A pool is tried with the longest queue that leaves answers in time, for as long as none is found; and all but the
   * last with connections that are kept.
   */
  #beside(name: LimitName, given: PoolLimits): PoolLimits {
    const { limits: names, written } = this.#question;
    const closed = names.includes(PER_CONNECTION) && written[PER_CONNECTION] !== undefined;
    const limits = closed ? { [PER_CONNECTION]: NO_LIMIT, ...given } : given;
    const connections = limits['tcp.maxConnections'];
    if (name !== 'tcp.maxConnections' || connections === undefined) return limits;
    if (!this.#question.limits.includes(QUEUE)) return limits;
    return { ...limits, [QUEUE]: this.#longestQueue(connections) };
  }

  #longestQueue(connections: number): number {
    const seconds = (this.#inferred?.serviceMs ?? 1) / 1_000;
    const given = this.#question.bounds[QUEUE];
    const longest = Math.min(
      this.#queueCap,
      longestQueue(connections, seconds, this.#slack, this.#question.servers),
    );
    return given === undefined ? longest : Math.min(given.highest, Math.max(given.lowest, longest));
  }

  #boundsOf(name: LimitName, found: PoolLimits): { lowest: number; highest: number } {
    const given = this.#question.bounds[name];
    if (given !== undefined) return given;
    if (name === QUEUE) {
      const connections = found['tcp.maxConnections'] ?? this.#question.written['tcp.maxConnections'] ?? 1;
      return { lowest: 1, highest: this.#longestQueue(connections) };
    }
    if (name === PER_CONNECTION) return { lowest: 1, highest: this.#carried(found) };
    const expected = this.#inferred?.expected[name] ?? 1;
    const lasting = fewestLasting(this.#question, this.#inferred?.serviceMs ?? 1, this.#rate);
    return { lowest: Math.max(1, lasting), highest: Math.max(lasting, Math.ceil(expected * REACH)) };
  }

  /** Requests that a connection carries in a trial: of connections that are to carry more, none is closed in it. */
  #carried(found: PoolLimits): number {
    const { clients, written, trialMs } = this.#question;
    const seconds = (this.#inferred?.serviceMs ?? 1) / 1_000;
    const inUse = Math.ceil(underWay({ rate: this.#rate, serviceSeconds: seconds }));
    const pool = found['tcp.maxConnections'] ?? written['tcp.maxConnections'] ?? inUse;
    return Math.max(
      2,
      Math.floor((this.#rate * trialMs) / 1_000 / Math.max(1, Math.min(inUse, pool * clients))),
    );
  }

  /** The limits once they are proven, at the nominal rate and under overload; larger ones where these fail. */
  *#prove(first: PoolLimits): Asking<PoolLimits> {
    const { rate, overload } = this.#question;
    let limits = first;
    for (let attempt = 1; ; attempt += 1) {
      this.#proof = 'none';
      this.#limits = limits;
      const nominal = yield* this.#agreed({ purpose: 'proof', judged: 'nominal', rate: this.#rate, limits });
      const under =
        nominal.holds && this.#question.limits.some(refuses)
          ? yield* this.#agreed({ purpose: 'proof', judged: 'overload', rate: rate * overload, limits })
          : nominal;
      if (under.holds) {
        this.#proof = 'held';
        this.#missed = [];
        return limits;
      }
      this.#proof = 'failed';
      this.#missed = under.missed;
      if (attempt >= MOST_PROOFS) return limits;
      const next = nominal.holds ? yield* this.#shorterQueue(limits) : yield* this.#larger(limits);
      if (next === undefined) return limits;
      limits = next;
    }
  }

  /** What most of up to three trials say; those that were made before count. */
  *#agreed(ask: Ask): Asking<Told> {
    const key = JSON.stringify([ask.judged, ask.rate, ask.limits]);
    for (;;) {
      const seen = this.#verdicts.get(key);
      if (seen !== undefined && seen.held >= AGREEING && seen.held > seen.failed)
        return { ...seen.last, holds: true };
      if (seen !== undefined && seen.failed >= AGREEING && seen.failed >= seen.held) {
        return { ...seen.last, holds: false };
      }
      yield* this.#ask(ask);
    }
  }

  /**
   * Where the objective was missed at the nominal rate: connections that carry more, a longer queue, or where there is
   * none the pool again.
   */
  *#larger(limits: PoolLimits): Asking<PoolLimits | undefined> {
    const carries = limits[PER_CONNECTION];
    const most = this.#ends[PER_CONNECTION]?.highest ?? 0;
    if (carries !== undefined && carries < most) {
      return { ...limits, [PER_CONNECTION]: Math.min(most, Math.ceil(1.5 * carries)) };
    }
    const waiting = limits[QUEUE];
    const longest = this.#ends[QUEUE]?.highest ?? 0;
    if (waiting !== undefined && waiting < longest) {
      return { ...limits, [QUEUE]: Math.min(longest, waiting + Math.max(1, Math.round(waiting / 2))) };
    }
    const name = this.#question.limits.find(isPool);
    const size = name === undefined ? undefined : limits[name];
    if (name === undefined || size === undefined || this.#pool === undefined) return undefined;
    for (let count = 0; count < AGREEING; count += 1) this.#pool.tell(size, false);
    const kept = carries === undefined ? {} : { [PER_CONNECTION]: carries };
    const larger = yield* this.#continued(name, this.#pool, kept);
    const pool = larger > size ? { ...kept, [name]: larger } : this.#largerPool({ ...kept, [name]: size });
    if (pool === undefined || !this.#question.limits.includes(QUEUE)) return pool;
    this.#limits = pool;
    return { ...pool, [QUEUE]: yield* this.#smallest(QUEUE, pool) };
  }

  /** Where it was missed under overload: a shorter queue, which a larger pool may do with. */
  *#shorterQueue(limits: PoolLimits): Asking<PoolLimits | undefined> {
    const { [QUEUE]: waiting, ...rest } = limits;
    const pool = this.#largerPool(rest);
    if (pool === undefined || waiting === undefined || !this.#question.limits.includes(QUEUE)) return pool;
    this.#queueCap = Math.max(1, waiting - 1);
    this.#limits = pool;
    return { ...pool, [QUEUE]: yield* this.#smallest(QUEUE, pool) };
  }

  /** The next larger pool; none at the end of its bounds. */
  #largerPool(limits: PoolLimits): PoolLimits | undefined {
    const name = this.#question.limits.find(isPool);
    const size = name === undefined ? undefined : limits[name];
    const largest = name === undefined ? 0 : (this.#ends[name]?.highest ?? 0);
    if (name === undefined || size === undefined || size >= largest) return undefined;
    return {
      ...limits,
      [name]: Math.min(largest, size + Math.max(1, Math.round(this.#question.effort.within * size))),
    };
  }

  /** That these limits hold says nothing of smaller ones: a pool that lacks a tenth is tried too. */
  *#tryTenthLess(limits: PoolLimits): Asking<void> {
    const name = this.#question.limits.find(isPool);
    const size = name === undefined ? undefined : limits[name];
    if (name === undefined || size === undefined || size < 2 || !this.#affords(1)) return;
    const less = { ...limits, [name]: Math.min(size - 1, Math.floor(0.9 * size)) };
    const told = yield* this.#askFor({
      purpose: 'a tenth less',
      judged: 'nominal',
      rate: this.#rate,
      limits: less,
      optional: true,
    });
    if (told !== undefined) this.#tenthLess = { limits: less, missed: told.missed };
  }

  /** The highest rate at which the objective holds with these limits: below the lowest at which it does not. */
  *#findKnee(limits: PoolLimits): Asking<void> {
    const { rate, overload } = this.#question;
    const [from, to] = [Math.round(this.#rate), Math.round(rate * overload)];
    const candidates = wholeSteps(from + 1, Math.max(from + 1, to), 0.025);
    const pool = limits['tcp.maxConnections'] ?? limits['http.http2MaxRequests'];
    const seconds = (this.#inferred?.serviceMs ?? 1) / 1_000;
    const full = pool === undefined ? undefined : (pool * poolsOf(this.#question)) / seconds;
    const search = new BoundarySearch({
      candidates,
      guess: full === undefined ? undefined : { at: full, spread: SPREAD / 2 },
      falseShare: FALSE_SHARE,
      blur: BLUR,
      within: this.#question.effort.within,
      confidence: CONFIDENCE,
    });
    for (let trial = 0; trial < this.#question.effort.kneeTrials && this.#affords(1); trial += 1) {
      const at = search.ask();
      if (at === undefined) break;
      const told = yield* this.#askFor({
        purpose: 'knee',
        judged: 'nominal',
        rate: at,
        limits,
        optional: true,
      });
      if (told === undefined) break;
      // What is looked for is the lowest rate that fails.
      search.tell(at, !told.holds);
      const { low, high, none } = search.interval;
      const index = candidates.indexOf(low);
      this.#knee = {
        low: index > 0 ? (candidates[index - 1] ?? from) : from,
        high: none > 0.5 ? undefined : high,
      };
    }
  }

  conclusion(): Conclusion {
    const { limits: names, bounds } = this.#question;
    const limits = this.#limits;
    const ended = this.#proof === 'held' ? 'found' : this.#proof === 'failed' ? 'missed' : 'undecided';
    return {
      ended,
      missed: this.#missed,
      limits,
      intervals: this.#intervals,
      stopped: this.#narrow && ended !== 'undecided' ? 'narrow enough' : 'budget',
      ...(this.#tenthLess === undefined ? {} : { tenthLess: this.#tenthLess }),
      ...(this.#knee === undefined ? {} : { knee: this.#knee }),
      inferred: this.#inferred,
      edges: names.flatMap((name) => {
        const ends = this.#ends[name];
        const value = limits?.[name];
        if (ends === undefined || value === undefined || ends.lowest === ends.highest) return [];
        // Below what is under way nothing is looked for, and nothing would be found.
        const isLowest = value <= ends.lowest && value > 1 && (bounds[name] !== undefined || !isPool(name));
        const edge = value >= ends.highest ? 'highest' : isLowest ? 'lowest' : undefined;
        return edge === undefined ? [] : [{ name, edge, given: bounds[name] !== undefined }];
      }),
    };
  }
}

/** Whether two service times are as good as one. */
const agrees = (one: number, other: number) => Math.abs(one - other) <= AGREED * other;
