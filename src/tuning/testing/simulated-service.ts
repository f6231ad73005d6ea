import { PER_CONNECTION, type PoolLimits } from '../../model/pool-limits.ts';
import type { Ask, Measured, Question, Told } from '../contract.ts';

/** A service behind pools whose capacity is known. */
export interface SimulatedService {
  readonly clients: number;
  /** Draws one service time in milliseconds; `chance` draws evenly from 0 to 1. */
  serviceMs(chance: () => number): number;
  /** Requests that all servers together serve at once. */
  readonly servers: number;
  /** Replicas that they are divided among; one unless given. Each has connections of its own out of the pool. */
  readonly hosts?: number;
  /** PoolLimits that are in effect where a trial does not say otherwise. */
  readonly written?: PoolLimits;
  /** How long it takes to open a connection, shared out to the requests that it carries; nothing unless given. */
  readonly handshakeMs?: number;
}

const seconds = 4;
const warmupSeconds = 1;

/** One trial on it, exactly: evenly spaced requests, a pool and a queue for each client, servers that they share. */
export function simulateTrial(
  service: SimulatedService,
  ask: Ask,
  { objective, rate: nominal }: Pick<Question, 'objective' | 'rate'>,
  chance: () => number,
): Measured {
  const limits: PoolLimits = ask.limits === 'none' ? {} : { ...service.written, ...ask.limits };
  const pool = limits['tcp.maxConnections'] ?? limits['http.http2MaxRequests'] ?? Number.POSITIVE_INFINITY;
  const queue =
    limits['http.http2MaxRequests'] === undefined
      ? (limits['http.http1MaxPendingRequests'] ?? Number.POSITIVE_INFINITY)
      : 0;
  const handshakeMs = (service.handshakeMs ?? 0) / (limits[PER_CONNECTION] ?? Number.POSITIVE_INFINITY);
  const hosts = service.hosts ?? 1;
  const multiplexed = limits['http.http2MaxRequests'] !== undefined;
  const clients = Array.from(
    { length: service.clients },
    () => new ClientPool(hosts, multiplexed ? 1 : pool),
  );
  /** When each server of each host is free again. */
  const freeAt = Array.from({ length: hosts }, () =>
    new Array<number>(Math.floor(service.servers / hosts)).fill(0),
  );
  const ends: { readonly at: number; readonly client: number; readonly host: number }[] = [];
  const all: { readonly dueMs: number; readonly tookMs: number; readonly heldMs: number }[] = [];
  let [sent, refused] = [0, 0];
  const begin = (client: number, host: number, dueMs: number, nowMs: number) => {
    const free = freeAt[host] ?? [];
    let first = 0;
    for (let server = 1; server < free.length; server += 1) {
      if ((free[server] ?? 0) < (free[first] ?? 0)) first = server;
    }
    const endMs = Math.max(nowMs, free[first] ?? 0) + handshakeMs + service.serviceMs(chance);
    free[first] = endMs;
    ends.push({ at: endMs, client, host });
    ends.sort((a, b) => b.at - a.at);
    all.push({ dueMs, tookMs: endMs - dueMs, heldMs: endMs - nowMs });
  };
  const settle = (untilMs: number) => {
    for (let end = ends.at(-1); end !== undefined && end.at <= untilMs; end = ends.at(-1)) {
      ends.pop();
      const own = clients[end.client];
      const next = own?.waiting[end.host]?.shift();
      if (next !== undefined) begin(end.client, end.host, next, end.at);
      else own?.release(end.host);
    }
  };
  const everyMs = 1_000 / ask.rate;
  for (let number = 0; number * everyMs < seconds * 1_000; number += 1) {
    const dueMs = number * everyMs;
    settle(dueMs);
    const client = number % clients.length;
    const own = clients[client];
    if (own === undefined) continue;
    const counts = dueMs >= warmupSeconds * 1_000;
    if (counts) sent += 1;
    const host = own.choose(chance);
    const taken = multiplexed ? own.underWay < pool && own.share(host) : own.take(host);
    if (taken) begin(client, host, dueMs, dueMs);
    else if (own.queued < queue) own.waiting[host]?.push(dueMs);
    else if (counts) refused += 1;
  }
  settle(Number.POSITIVE_INFINITY);
  const answered = all.filter(({ dueMs }) => dueMs >= warmupSeconds * 1_000);
  const took = answered.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const held = answered.map(({ heldMs }) => heldMs);
  const mean = held.reduce((sum, each) => sum + each, 0) / Math.max(1, held.length);
  const variance = held.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, held.length);
  const window = seconds - warmupSeconds;
  const inWindow = all
    .map(({ dueMs, tookMs }) => (dueMs + tookMs) / 1_000)
    .filter((over) => over >= warmupSeconds && over <= seconds).length;
  const latencyMs = Object.fromEntries(
    objective.latencies.map(({ percentile }) => [
      `p${percentile}`,
      took[Math.min(took.length - 1, Math.ceil((percentile / 100) * took.length) - 1)] ?? Number.NaN,
    ]),
  );
  const success = answered.length / sent;
  const missed = [
    ...objective.latencies
      .filter(({ percentile, atMostMs }) => !((latencyMs[`p${percentile}`] ?? Number.NaN) <= atMostMs))
      .map(({ percentile }) => `p${percentile}`),
    ...(ask.judged === 'nominal' && success < objective.successAtLeast ? ['success'] : []),
    ...(ask.judged === 'overload' && inWindow / window < nominal * objective.successAtLeast
      ? ['goodput']
      : []),
  ];
  return {
    holds: missed.length === 0,
    missed,
    offered: ask.rate,
    goodput: inWindow / window,
    success,
    refused: refused / sent,
    latencyMs,
    ...(refused > 0 ? { refusedP90Ms: 1 } : {}),
    serviceMs: mean,
    serverMs: mean,
    serviceVariation: variance / mean ** 2,
  };
}

/**
 * The pool of one client, as Envoy has it: every connection belongs to a host, the limit is for all of them together,
 * and a request waits for one of the host that was chosen for it even while those of others are idle. A host without
 * any gets one beyond the limit.
 */
class ClientPool {
  readonly waiting: number[][];
  readonly #active: number[];
  readonly #open: number[];
  readonly #limit: number;

  constructor(hosts: number, limit: number) {
    this.waiting = Array.from({ length: hosts }, () => []);
    this.#active = new Array<number>(hosts).fill(0);
    this.#open = new Array<number>(hosts).fill(0);
    this.#limit = limit;
  }

  get queued(): number {
    return sum(this.waiting.map(({ length }) => length));
  }

  get underWay(): number {
    return sum(this.#active);
  }

  /** The less busy of two that are drawn. */
  choose(chance: () => number): number {
    const hosts = this.#active.length;
    if (hosts === 1) return 0;
    const [one, other] = [Math.floor(chance() * hosts), Math.floor(chance() * hosts)];
    return (this.#active[other] ?? 0) < (this.#active[one] ?? 0) ? other : one;
  }

  /** Takes a connection to the host, an idle or a new one. */
  take(host: number): boolean {
    const active = this.#active[host] ?? 0;
    const open = this.#open[host] ?? 0;
    if (active === open) {
      if (sum(this.#open) >= this.#limit && open > 0) return false;
      this.#open[host] = open + 1;
    }
    return this.share(host);
  }

  share(host: number): true {
    this.#active[host] = (this.#active[host] ?? 0) + 1;
    return true;
  }

  release(host: number): void {
    this.#active[host] = (this.#active[host] ?? 0) - 1;
  }
}

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);

/** Drives a search on it; a share of the verdicts is turned around. Gives the conclusion and the trials it took. */
export function runSimulated<Result>(
  strategy: Generator<Ask, Result, Told | undefined>,
  trial: (ask: Ask) => Measured,
  msPerTrial = 5_000,
): { readonly result: Result; readonly asked: readonly Ask[] } {
  const asked: Ask[] = [];
  let next = strategy.next();
  while (!next.done) {
    asked.push(next.value);
    const measured = trial(next.value);
    next = strategy.next({
      ...measured,
      spent: { trials: asked.length, ms: asked.length * msPerTrial },
    });
  }
  return { result: next.value, asked };
}
