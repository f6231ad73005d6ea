import type { PoolLimits } from '../model/pool-limits.ts';
import { poolsOf, type Question } from './contract.ts';
import { type Demand, fewestServers, fewestWithoutQueue, serviceSecondsAt, waitingBeyond } from './model.ts';
import { tightest } from './objective.ts';

/** Of the time that an answer has to spare, so much is for waiting. */
const QUEUE_SHARE = 0.8;

/** How long a request takes when nobody limits it: mean in milliseconds, and squared coefficient of variation. */
export interface ServiceTime {
  readonly serviceMs: number;
  readonly serviceVariation: number;
}

/** Over what a load is spread: client proxies, and replicas of the service. */
export type Site = Pick<Question, 'clients' | 'servers' | 'limitsAtServers'>;

/** Seconds that an answer may wait for its turn and still come in time. */
export function slackSeconds({ objective }: Pick<Question, 'objective'>, service: ServiceTime): number {
  const { percentile, atMostMs } = tightest(objective);
  return QUEUE_SHARE * Math.max(0, atMostMs / 1_000 - serviceSecondsAt(percentile, inSeconds(service)));
}

const inSeconds = ({ serviceMs, serviceVariation }: ServiceTime) => ({
  serviceSeconds: serviceMs / 1_000,
  serviceVariation,
});

/** What one of the pools of a site gets of a load: `rate` is of all clients, per second. */
const demandOn = (site: Site, service: ServiceTime, rate: number, arrivalVariation: number): Demand => ({
  rate: rate / poolsOf(site),
  ...inSeconds(service),
  arrivalVariation,
});

/** The fewest connections of a client with which a load is answered in time at a site. */
export function connectionsFor(
  question: Pick<Question, 'objective'>,
  site: Site,
  service: ServiceTime,
  rate: number,
  arrivalVariation = 0,
): number {
  const late = 1 - tightest(question.objective).percentile / 100;
  const demand = demandOn(site, service, rate, arrivalVariation);
  return fewestServers(demand, slackSeconds(question, service), late) + spareConnections(site.servers);
}

/** So much less than is under way may still last: means are measured, and some requests may fail. */
const LASTING = 0.98;

/**
 * The smallest pool that can last at a rate of all clients: as many as are under way at each (Little's law). With fewer
 * a queue grows, which it may for as long as a short trial goes.
 */
export const fewestLasting = (site: Site, serviceMs: number, rate: number) =>
  Math.ceil((LASTING * (rate * serviceMs)) / 1_000 / poolsOf(site) - 1e-9);

/** The fewest requests of a client that have to be let in at once at a site, when nobody waits. */
export function requestsFor(
  { objective }: Pick<Question, 'objective'>,
  site: Site,
  service: ServiceTime,
  rate: number,
  arrivalVariation = 0,
): number {
  return fewestWithoutQueue(demandOn(site, service, rate, arrivalVariation), 1 - objective.successAtLeast);
}

/** What theory says of each limit that is looked for, at a rate of all clients; nothing of those that it knows nothing of. */
export function expectedLimits(
  question: Question,
  service: ServiceTime,
  rate: number,
  arrivalVariation: number,
): PoolLimits {
  const { limits, written, objective } = question;
  const connections = limits.includes('tcp.maxConnections')
    ? connectionsFor(question, question, service, rate, arrivalVariation)
    : written['tcp.maxConnections'];
  const demand = demandOn(question, service, rate, arrivalVariation);
  const all: PoolLimits = {
    ...(connections === undefined
      ? {}
      : {
          'tcp.maxConnections': connections,
          'http.http1MaxPendingRequests': shortestQueue(connections, demand, 1 - objective.successAtLeast),
        }),
    'http.http2MaxRequests': requestsFor(question, question, service, rate, arrivalVariation),
  };
  return Object.fromEntries(limits.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

/**
 * A connection belongs to one replica, and a request waits for one of the replica that was chosen for it even while
 * those of others are idle: about one more for each further replica makes up for that.
 */
const spareConnections = (replicas: number) => Math.max(0, replicas - 1);

/** The shortest queue that refuses at most `share` of the requests, by how many wait longer than it takes to pass. */
function shortestQueue(servers: number, demand: Demand, share: number): number {
  const seconds = (length: number) => (length * demand.serviceSeconds) / servers;
  let length = 1;
  while (length < 10_000 && waitingBeyond(servers, demand, seconds(length)) > share) length += 1;
  return length;
}
