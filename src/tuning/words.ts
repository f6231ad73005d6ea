import { formatMs, formatRate, plural } from '../kit/format.ts';
import { PER_CONNECTION } from '../model/pool-limits.ts';
import type { Instance, TopologyPlan } from '../model/topology.ts';
import type { Conclusion, Inferred, Question } from './contract.ts';
import { describeLimits, isPool } from './limits.ts';
import { sourcesOf } from './sources.ts';
import { fewestLasting } from './theory.ts';

/** What a search has concluded, as sentences: what it measured, what follows, and what the limits mean. */
export function reasoningOf(
  question: Question,
  conclusion: Conclusion,
  topology: TopologyPlan,
  service: string,
  isVerified = false,
): string[] {
  const { inferred } = conclusion;
  if (inferred === undefined) return [];
  const sources = sourcesOf(question, inferred);
  return [
    ...(sources === undefined
      ? []
      : [
          `Taken from run ${sources.run}: ${sources.taken.join('; ')}.`,
          `Measured anew: ${sources.anew.join('; ')}.`,
        ]),
    ...measured(question, inferred),
    ...searched(question, conclusion),
    ...meaning(question, conclusion),
    ...scaling(question, conclusion, topology, service, isVerified),
  ];
}

const round = (value: number) => Number(value.toPrecision(3));

function measured(
  question: Question,
  { serviceMs, serviceVariation, underWay, capacity, drawn, ...theory }: Inferred,
) {
  const spread =
    serviceVariation < 0.05
      ? 'nearly constant'
      : `squared coefficient of variation ${round(serviceVariation)}`;
  const sentences = [
    `${inferredFrom(drawn)} a request takes ${formatMs(round(serviceMs))} on average (${spread}), so ${formatRate(question.rate)} keep ${round(underWay)} under way (Little's law)${question.clients === 1 ? '' : `, ${round(underWay / question.clients)} for each of ${question.clients} clients`}.`,
  ];
  if (capacity !== undefined) {
    const offered = formatRate(question.rate * question.overload);
    sentences.push(
      capacity.saturated
        ? `Of ${offered} the servers get ${formatRate(round(capacity.perSecond))} done when nobody limits them: that is what they can do, about ${round((capacity.perSecond * serviceMs) / 1_000)} requests at once.`
        : `The servers get all of ${offered} done when nobody limits them, so they are not what limits this load; how much more they could take was not tried.`,
    );
  }
  const pool = question.limits.find((name) => isPool(name) && question.bounds[name] === undefined);
  const lasting = fewestLasting(question, serviceMs, question.rate * (1 + question.headroom));
  if (pool !== undefined && lasting > 1) {
    sentences.push(
      `Fewer than the ${lasting} that are under way with the headroom cannot last, however well a short trial goes, so no smaller ${pool} was looked for.`,
    );
  }
  if (Object.keys(theory.expected).length > 0) {
    sentences.push(
      `Theory expected ${describeLimits(theory.expected)} for each client. Loads here are evenly spaced; for requests that come at random it says ${describeLimits(theory.expectedAtRandom)}.`,
    );
  }
  return sentences;
}

const inferredFrom = (drawn: Inferred['drawn']) =>
  drawn?.service ? 'In the earlier run, and as long without limits,' : 'Without limits';

function searched(
  { headroom, rate, limits: names, trialMs }: Question,
  { intervals, stopped, edges, knee, tenthLess, ended, missed }: Conclusion,
) {
  const sentences: string[] = [];
  const intervalWords = names.flatMap((name) => {
    const interval = intervals[name];
    return interval === undefined
      ? []
      : [
          `${name} ${interval.low === interval.high ? interval.low : `from ${interval.low} to ${interval.high}`}`,
        ];
  });
  if (intervalWords.length > 0) {
    sentences.push(
      `The search stopped because ${stopped === 'narrow enough' ? 'the answer was narrow enough' : 'its trials were used up'}: with 95 % the smallest that holds: ${intervalWords.join(', and ')}.`,
    );
  }
  for (const { name, edge, given } of edges) {
    if (name === PER_CONNECTION && edge === 'highest' && !given) {
      sentences.push(
        `${name} is at what a connection carries in a trial of ${formatMs(trialMs)}: of larger values trials say nothing, and with this one connections are hardly ever closed.`,
      );
      continue;
    }
    sentences.push(
      given
        ? `${name} is at the ${edge} of the bounds that were given: what lies beyond was not tried.`
        : `${name} is at the ${edge} value that leaves answers in time by theory: what lies beyond was not tried.`,
    );
  }
  sentences.push(
    `Nominal trials were made at ${formatRate(rate * (1 + headroom))}, ${round(headroom * 100)} % above the nominal rate, so that the objective holds with headroom.`,
  );
  if (tenthLess !== undefined) {
    sentences.push(
      tenthLess.missed.length > 0
        ? `With a tenth less (${describeLimits(tenthLess.limits)}) the objective is missed: ${tenthLess.missed.join('; ')}.`
        : `In one trial with a tenth less (${describeLimits(tenthLess.limits)}) the objective held too: the boundary is not sharp here.`,
    );
  }
  if (knee !== undefined) {
    sentences.push(
      knee.high === undefined
        ? `With these limits the objective still held at the highest rate tried, ${formatRate(knee.low)}.`
        : `With these limits the objective holds up to ${formatRate(knee.low)}, and ceases to below ${formatRate(knee.high)}: the knee.`,
    );
  }
  if (ended === 'missed') sentences.push(`What the last trials missed: ${missed.join('; ')}.`);
  return sentences;
}

function meaning(
  { clients, servers, limitsAtServers, limits: names }: Question,
  { limits = {}, inferred }: Conclusion,
) {
  const sentences: string[] = [];
  const connections = limits['tcp.maxConnections'];
  const requests = limits['http.http2MaxRequests'];
  const pool = connections ?? requests;
  if (pool !== undefined) {
    sentences.push(
      `The limits hold for each client's proxy by itself: ${plural(clients, 'client')} may have ${pool * clients} ${connections === undefined ? 'requests' : 'connections'} to the service together.`,
    );
  }
  if (pool !== undefined && limitsAtServers) {
    sentences.push(
      `Each replica's own sidecar has the same limits towards its app, for all callers together: ${plural(servers, 'replica')} let${servers === 1 ? 's' : ''} ${pool * servers} in.`,
    );
  }
  if (connections !== undefined && inferred !== undefined) {
    sentences.push(
      `A connection carries one request at a time over HTTP/1.1, so ${connections} of them serve ${formatRate(round((1_000 * connections) / inferred.serviceMs))} at ${formatMs(round(inferred.serviceMs))} each. Envoy may open one more for each of its workers and hosts that would have none.`,
    );
  }
  if (connections !== undefined && servers > 1) {
    sentences.push(
      `A connection belongs to one of the ${servers} replicas, and a request waits for one of the replica that was chosen for it even while those of others are idle: it takes more of them than there are requests under way.`,
    );
  }
  const carried = limits[PER_CONNECTION];
  if (names.includes(PER_CONNECTION) && carried !== undefined) {
    sentences.push(
      `No load needs http.maxRequestsPerConnection: ${carried} is the smallest with which the objective still holds, and what it costs is in the table of connections. Each replica's own sidecar closes its connections to the app after as many.`,
    );
  }
  if (names.includes('http.http2MaxRequests')) {
    sentences.push(
      'http2MaxRequests counts requests under way whatever the protocol: where a client speaks HTTP/1.1 to the service it refuses there too.',
    );
  }
  return sentences;
}

/** What the same limits come to when there are other clients or servers, from the model; not tried. */
function scaling(
  { clients, servers: replicas, limitsAtServers, rate }: Question,
  { limits = {}, inferred }: Conclusion,
  { instances }: TopologyPlan,
  service: string,
  isVerified: boolean,
) {
  const pool = limits['tcp.maxConnections'] ?? limits['http.http2MaxRequests'];
  if (pool === undefined || inferred === undefined) return [];
  const more = clients + 1;
  const whole = pool * (limitsAtServers ? Math.min(more, replicas) : more);
  const sentences = [
    `From the model${isVerified ? '' : ', not tried'}: with ${plural(more, 'client')} the same limits let at most ${whole} in at once.`,
  ];
  const servers = instances.filter((each) => each.service === service);
  const { capacity } = inferred;
  if (servers.length < 2) return sentences;
  const zone = largestZone(servers);
  const losses = [
    { what: 'one replica is away, as in a rolling restart', left: servers.length - 1 },
    ...(zone.count < servers.length
      ? [{ what: `the zone ${zone.name} is lost`, left: servers.length - zone.count }]
      : []),
  ];
  for (const { what, left } of losses) {
    if (capacity?.saturated !== true) {
      const share = round(servers.length / left);
      sentences.push(
        `When ${what}, each of the other replicas gets ${share} times as much; whether they can take it was not seen, since they were never saturated.`,
      );
      continue;
    }
    const can = (capacity.perSecond * left) / servers.length;
    sentences.push(
      `When ${what}, the servers can do about ${formatRate(round(can))}: ${can < rate ? 'less than the nominal rate, so the limits then let in more than is answered in time, and smaller ones would refuse it sooner' : 'still the nominal rate'}.`,
    );
  }
  return sentences;
}

function largestZone(servers: readonly Instance[]): { readonly name: string; readonly count: number } {
  const counts = new Map<string, number>();
  for (const { locality } of servers) counts.set(locality, (counts.get(locality) ?? 0) + 1);
  const [name = '', count = 0] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return { name, count };
}
