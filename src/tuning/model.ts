/**
 * What theory says of a pool: requests come at a rate, each holds a connection for its service time, and who finds
 * none waits. Times are in seconds, rates per second. Sources: Little 1961; Erlang 1917; Allen and Cunneen's
 * approximation of G/G/c as in A. O. Allen, Probability, Statistics, and Queueing Theory, 5.3.
 */

/** How long requests hold what they are given, and how unevenly they come. */
export interface Demand {
  /** Requests per second at one client's proxy. */
  readonly rate: number;
  /** Mean seconds that a request holds a connection. */
  readonly serviceSeconds: number;
  /** Squared coefficient of variation of the service time: 0 constant, 1 exponential. */
  readonly serviceVariation: number;
  /** The same of the time between two requests: 0 evenly spaced, as the loads here are, 1 at random. */
  readonly arrivalVariation: number;
}

/** How many requests are under way on average (Little's law). */
export const underWay = ({ rate, serviceSeconds }: Pick<Demand, 'rate' | 'serviceSeconds'>) =>
  rate * serviceSeconds;

/** Share of requests that find every server taken and leave (Erlang B), for `load` requests under way on average. */
export function blocked(servers: number, load: number): number {
  let share = 1;
  for (let count = 1; count <= servers; count += 1) share = (load * share) / (count + load * share);
  return share;
}

/** Share of requests that have to wait (Erlang C); all of them when the servers do not suffice. */
export function waiting(servers: number, load: number): number {
  if (load >= servers) return 1;
  const lost = blocked(servers, load);
  return lost / (1 - (load / servers) * (1 - lost));
}

/** Share of requests that wait longer than so many seconds for one of the servers. */
export function waitingBeyond(servers: number, demand: Demand, seconds: number): number {
  const load = underWay(demand);
  const variation = (demand.arrivalVariation + demand.serviceVariation) / 2;
  // Evenly spaced requests that all take equally long never meet, not even where every server is always taken.
  if (variation < 1e-9 && load <= servers + 1e-9) return 0;
  if (load >= servers) return 1;
  const spare = (servers - load) / demand.serviceSeconds;
  return waiting(servers, load) * Math.exp((-spare * seconds) / variation);
}

/** The fewest servers with which at most `share` of the requests wait longer than `seconds`. */
export function fewestServers(demand: Demand, seconds: number, share: number): number {
  let servers = Math.max(1, Math.ceil(underWay(demand) - 1e-9));
  while (underWay(demand) > 0 && servers < 1e6 && waitingBeyond(servers, demand, seconds) > share)
    servers += 1;
  return servers;
}

/**
 * The fewest servers with which at most `share` of the requests is refused when nobody may wait: Erlang B, with
 * Hayward's scaling by how much the number under way varies, which is less than at random for evenly spaced requests.
 */
export function fewestWithoutQueue(demand: Demand, share: number): number {
  const load = underWay(demand);
  const peakedness = 1 + (demand.arrivalVariation - 1) / (1 + demand.serviceVariation);
  let servers = Math.max(1, Math.ceil(load - 1e-9));
  if (peakedness < 0.05) return servers;
  while (servers < 1e6 && blocked(Math.round(servers / peakedness), load / peakedness) > share) servers += 1;
  return servers;
}

/**
 * The longest queue whose last request still begins within `seconds`, with every server taken. Where these are divided
 * among hosts, all of it may wait for one host.
 */
export function longestQueue(servers: number, serviceSeconds: number, seconds: number, hosts = 1): number {
  return Math.max(1, Math.floor((servers * Math.max(0, seconds)) / serviceSeconds / hosts + 1e-9));
}

/**
 * The service time in seconds that so many percent do not exceed, by a log-normal distribution of that mean and
 * variation: one late moment of a machine moves a measured percentile, and hardly a mean.
 */
export function serviceSecondsAt(
  percentile: number,
  { serviceSeconds, serviceVariation }: Pick<Demand, 'serviceSeconds' | 'serviceVariation'>,
): number {
  const variance = Math.log(1 + serviceVariation);
  return serviceSeconds * Math.exp(normalQuantile(percentile / 100) * Math.sqrt(variance) - variance / 2);
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23: to 0.0005. */
function normalQuantile(share: number): number {
  const tail = Math.min(share, 1 - share);
  const t = Math.sqrt(-2 * Math.log(tail));
  const above =
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  return share < 0.5 ? -above : above;
}
