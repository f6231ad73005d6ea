import { formatCount, plural } from '../../kit/format.ts';
import type { Cluster, EffectiveConfiguration, Route, Zone } from '../../model/effective.ts';
import { limitText, localityWords, matchText, shareText, timeText } from '../words.ts';
import { notAsked, notKept } from './caches.ts';
import { closedEarly, keptOpen } from './connections.ts';
import { costs } from './costs.ts';
import { ejected, noEjection, noFailover, notReturned, nowhereElse } from './ejections.ts';
import { closedGateways } from './gateways.ts';
import { notCounted } from './metrics.ts';
import {
  type CheckScene,
  common,
  hostCount,
  insteadOf,
  known,
  named,
  refusing,
  tlsMismatch,
  unknown,
} from './parts.ts';
import type { CheckQuestion, NamedSetting, Reason, Seen } from './question.ts';
import { notLimited } from './rate-limits.ts';
import { clustersTaken, passesOnBytes, routesTaken } from './taken.ts';
import { notTraced } from './tracing.ts';
import { waiting } from './waiting.ts';

/** What would have had to be in effect for a check to hold, what is, and why not. */
export function reasonOfCheck(configuration: EffectiveConfiguration, question: CheckQuestion): Reason {
  if (question.expected === 'spread') {
    const weights = splitByWeight(configuration, question);
    if (weights !== undefined) return weights;
  }
  if (question.expected === 'rate-limit') return notLimited(configuration, question);
  if (question.expected === 'caching') return notKept(configuration, question);
  if (question.expected === 'asking') return notAsked(configuration, question);
  if (question.expected === 'tracing') return notTraced(configuration, question);
  if (question.expected === 'metrics') return notCounted(configuration, question);
  if (question.expected === 'cheapness') return costs(configuration, question);
  const closed = moves.has(question.expected) ? closedGateways(configuration, question) : undefined;
  if (closed !== undefined) return closed;
  const scene = sceneOf(configuration, question);
  if ('known' in scene) return scene;
  // Sidecars that cannot speak with each other eject and refuse nothing that they should not, and do nothing else.
  return (ejects.has(question.expected) ? undefined : mismatchIn(scene)) ?? didNotCome(scene);
}

const ejects: ReadonlySet<CheckQuestion['expected']> = new Set(['ejection', 'no-ejection']);
/** Traffic goes where it did not before, which may be another network. */
const moves: ReadonlySet<CheckQuestion['expected']> = new Set(['failover', 'takeover']);

function didNotCome(scene: CheckScene): Reason {
  switch (scene.question.expected) {
    case 'rate-limit':
    case 'caching':
    case 'asking':
    case 'tracing':
    case 'metrics':
    case 'cheapness':
      return unknown('what requests pass before they are routed is no matter of one cluster');
    case 'overflow':
      return neverOverflow(scene) ?? closedBefore(scene) ?? notReached(scene);
    case 'ejection':
    case 'avoidance':
      return noEjection(scene);
    case 'no-ejection':
      return ejected(scene);
    case 'failover':
      return noFailover(scene);
    case 'takeover':
      return scene.cluster.locality.value === 'none'
        ? (nowhereElse(scene) ?? noEjection(scene))
        : noFailover(scene);
    case 'return':
      return notReturned(scene);
    case 'spread':
      return spread(scene);
    case 'reuse':
      return closedEarly(scene);
    case 'renewal':
      return keptOpen(scene);
    case 'low-latency':
      return highLatency(scene);
    case 'quick-refusal':
      return slowRefusal(scene);
    case 'errors':
      return hiddenErrors(scene);
  }
}

/** Why something never comes, whatever the load and the hosts do; not known where it may. */
export function reasonOfNever(
  configuration: EffectiveConfiguration,
  {
    expected,
    ...about
  }: Pick<CheckQuestion, 'client' | 'service'> & {
    readonly expected: 'answer' | 'overflow' | 'ejection' | 'failover';
  },
): Reason {
  const scene = sceneOf(configuration, { ...about, expected: expected === 'answer' ? 'overflow' : expected });
  if ('known' in scene) return scene;
  if (expected === 'ejection' || expected === 'failover') return didNotCome(scene);
  if (expected === 'overflow') return neverOverflow(scene) ?? unknown('there are limits');
  return mismatchIn(scene) ?? unknown('the two can speak with each other');
}

/** Why nothing that is sent is answered; undefined where the two can speak with each other. */
function mismatchIn({ cluster, inbound }: CheckScene): Reason | undefined {
  const mismatch = tlsMismatch(cluster, inbound);
  return mismatch && known(mismatch.cause, mismatch.settings);
}

function sceneOf({ sidecars }: EffectiveConfiguration, question: CheckQuestion): CheckScene | Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const clusters = clustersTaken(client, question);
  // Several clusters are one to a check as long as they have the same settings.
  const ofConnections = question.expected === 'reuse' || question.expected === 'renewal';
  const alike = common(
    clusters,
    ({ limits, idleTimeoutMs, outlierDetection, protocol, locality, zones }) => ({
      ...(ofConnections ? { idleTimeoutMs } : {}),
      limits,
      outlierDetection,
      protocol,
      locality,
      zones,
    }),
  );
  const [cluster] = clusters;
  if (cluster === undefined)
    return unknown(`the sidecar of ${client.instance} has no route to ${question.service}`);
  const inbound = sidecars
    .filter(({ service }) => service === cluster.service)
    .flatMap((sidecar) => sidecar.inbound)
    .find(({ port }) => port === cluster.port);
  if (alike === undefined) return unknown(`requests to ${question.service} go to clusters that differ`);
  return { question, client, cluster, inbound, ofBytes: passesOnBytes(client, question) };
}

/** Whether one connection to a host carries all requests, so that only a limit of requests refuses any. */
const isOneConnection = ({ protocol, streams }: Cluster) =>
  protocol.value === 'http2' && streams.value === null;

function neverOverflow({ question: { service }, client, cluster, ofBytes }: CheckScene): Reason | undefined {
  const { limits, protocol } = cluster;
  const instead = insteadOf(client, service, 'limits');
  if (ofBytes) {
    return limits.connections.value === null
      ? known(
          `Nothing in the sidecar of ${client.instance} refuses connections to ${service}: they have no limit.`,
          [named('connections', limits.connections, limitText)],
          instead,
        )
      : undefined;
  }
  if (isOneConnection(cluster) && limits.requests.value === null) {
    return known(
      `With HTTP/2 one connection to a host of ${service} carries all requests, so that once it is up neither connections nor waiting requests run out; only a limit of requests refuses any.`,
      [named('protocol', protocol, String), named('requests', limits.requests, limitText)],
      instead,
    );
  }
  if (refusing(limits, protocol.value).length > 0) return undefined;
  const most = limits.connections.value;
  const waits =
    most === null
      ? 'neither connections nor requests have a limit'
      : `what finds none of the ${limitText(most)} connections free waits in a queue that has no limit`;
  return known(
    `Nothing in the sidecar of ${client.instance} refuses requests to ${service}: ${waits}.`,
    [
      named('waiting requests', limits.pending, limitText),
      ...(most === null ? [] : [named('connections', limits.connections, limitText)]),
    ],
    instead,
  );
}

/** Servers that close what is too much for them, long before as many connections are open as callers may have. */
function closedBefore({ question: { service }, cluster, inbound }: CheckScene): Reason | undefined {
  const most = inbound?.mostConnections;
  const { connections } = cluster.limits;
  if (most === undefined) return undefined;
  const all = most.value * hostCount(cluster);
  if (all >= (connections.value ?? Number.POSITIVE_INFINITY)) return undefined;
  return known(
    `The sidecars of ${service} take ${plural(most.value, 'connection')} each and close further ones at once, so that a caller has ${all} of them at most, and may have ${limitText(connections.value)}.`,
    [named('connections', most, limitText), named('connections', connections, limitText)],
  );
}

/** A cause, and the settings that it names. */
interface Finding {
  readonly cause: string;
  readonly settings: readonly NamedSetting[];
}

/** Limits are in effect; that the load did not reach them no setting explains, unless tighter ones are not in effect. */
function notReached({ question, client, cluster, ofBytes }: CheckScene): Reason {
  const { service, seen } = question;
  const { connections, pending, requests } = cluster.limits;
  const idle = ofBytes ? [pending, requests].filter(({ from }) => from.by === 'setting') : [];
  const ofRequests = idle.map((limit) => named('requests', limit, limitText));
  const beside = ofRequests.length === 0 ? '' : ' Limits of requests hold for none of them.';
  const settings = ofBytes
    ? [named('connections', connections, limitText), ...ofRequests]
    : refusing(cluster.limits, cluster.protocol.value);
  const instead = insteadOf(client, service, 'limits');
  const reach = seen === undefined ? undefined : outOfSight(service, cluster, seen, ofBytes);
  if (reach !== undefined) {
    const early = seen?.timeouts ? cutOff(routesTaken(client, question)) : undefined;
    return known(
      `${reach.cause}${beside}${early?.text ?? ''}`,
      [...reach.settings, ...ofRequests, ...(early?.settings ?? [])],
      instead,
    );
  }
  return instead.length === 0
    ? unknown(`the limits in effect (${settingsText(settings)}) ${howOften(seen?.overflow)}`)
    : known(
        `The limits in effect for ${service} ${howOften(seen?.overflow)}; others that are written are not in effect.`,
        settings,
        instead,
      );
}

const howOften = (overflow = 0) =>
  overflow === 0 ? 'were not reached' : `refused only ${plural(overflow, 'request')}`;

/** Limits that what was seen at once stayed far below; the furthest first. */
function outOfSight(
  service: string,
  cluster: Cluster,
  { connections, pending, overflow }: Seen,
  ofBytes: boolean,
): Finding | undefined {
  const { limits } = cluster;
  if (!ofBytes && isOneConnection(cluster) && limits.requests.value !== null) {
    const cause = `The limits in effect for ${service} ${howOften(overflow)}: with HTTP/2 one connection to a host carries all requests, so that only the limit of requests refuses any, and ${limitText(limits.requests.value)} may be on their way at once.`;
    return { cause, settings: [named('requests', limits.requests, limitText)] };
  }
  if (connections === undefined || pending === undefined) return undefined;
  const far = [
    { what: 'connections', limit: limits.connections, most: connections },
    // Of bytes none waits.
    ...(ofBytes ? [] : [{ what: 'waiting requests', limit: limits.pending, most: pending }]),
  ]
    .filter(({ limit, most }) => limit.value !== null && most < limit.value)
    .toSorted((a, b) => a.most / (a.limit.value ?? 1) - b.most / (b.limit.value ?? 1));
  const [first] = far;
  if (first === undefined) return undefined;
  const cause = `The limits in effect for ${service} ${howOften(overflow)}: at most ${formatCount(first.most)} ${first.what} were seen at once, and ${limitText(first.limit.value)} may be.`;
  return { cause, settings: far.map(({ what, limit }) => named(what, limit, limitText)) };
}

/** A timeout that requests ran into ends them before they can fill anything. */
function cutOff(
  routes: readonly Route[],
): { readonly text: string; readonly settings: readonly NamedSetting[] } | undefined {
  const limit = common(routes, ({ action }) => (action.does === 'forward' ? action.timeoutMs : undefined));
  if (limit === undefined || limit.value === null) return undefined;
  return {
    text: ` Requests were cut off after ${timeText(limit.value)}, so that fewer were on their way at once than without that timeout.`,
    settings: [named('timeout', limit, timeText)],
  };
}

/** Routes that lead to several clusters, whose hosts differ and need no looking at. */
function splitByWeight({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Reason | undefined {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return undefined;
  const settings = routesTaken(client, question).flatMap(({ action, from }): NamedSetting[] =>
    action.does === 'forward' && action.to.length > 1
      ? [
          {
            name: 'route',
            value: action.to.map(({ share }) => shareText(share)).join(', '),
            from: action.weights ?? from,
          },
        ]
      : [],
  );
  return settings.length === 0
    ? undefined
    : known(
        `The route to ${question.service} splits its requests by weight.`,
        settings,
        insteadOf(client, question.service, 'route'),
      );
}

/** How requests are spread, where something decides it. */
function spread(scene: CheckScene): Reason {
  const { question, client, cluster } = scene;
  const { service } = question;
  const { locality, zones, balancing } = cluster;
  if (hashing.has(balancing.value)) {
    return known(
      `The sidecar of ${client.instance} picks hosts of ${service} by a hash, so that requests which are alike in it go to the same host.`,
      [named('balancing', balancing, String)],
    );
  }
  const places = new Set(zones.map((zone) => zone.locality));
  if (places.size < 2)
    return (
      otherRoute(scene) ??
      ofOneSubset(scene) ??
      redirected(scene) ??
      unknown(`all hosts of ${service} are in one place`)
    );
  const near = zones.filter(({ priority }) => priority === 0).flatMap(({ hosts }) => hosts).length;
  const causes = {
    none: `The sidecar of ${client.instance} uses the hosts of ${service} in all zones alike.`,
    failover: `The sidecar of ${client.instance} sends all requests to the nearest ${plural(near, 'host')} of ${service} as long as those are healthy, and goes further in this order: ${orderText(zones)}.`,
    distribute: `distribute sends fixed shares of the requests to the zones of ${service}: ${sharesText(zones)}.`,
  };
  return known(
    causes[locality.value],
    [named('zones', locality, (mode) => localityWords[mode])],
    insteadOf(client, service, 'locality', 'balancing', 'route'),
  );
}

/** "region1/east, then region1/west and region2/north". */
function orderText(zones: readonly Zone[]): string {
  const held = zones.filter(({ hosts }) => hosts.length > 0);
  const byPriority = Map.groupBy(held, ({ priority }) => priority);
  return [...byPriority.keys()]
    .toSorted((a, b) => a - b)
    .map((priority) => [...new Set(byPriority.get(priority)?.map(({ locality }) => locality))].join(' and '))
    .join(', then ');
}

/** "region1/east 80 %, region1/west 20 %". */
function sharesText(zones: readonly Zone[]): string {
  const weightOf = ({ hosts, weight = 0 }: Zone) => (hosts.length === 0 ? 0 : weight);
  const all = zones.reduce((sum, zone) => sum + weightOf(zone), 0);
  return zones
    .map((zone) => `${zone.locality} ${shareText(all === 0 ? 0 : weightOf(zone) / all)}`)
    .join(', ');
}

/** A route that is written for a service, where another one takes the requests. */
function otherRoute({ question, client }: CheckScene): Reason | undefined {
  const instead = insteadOf(client, question.service, 'route');
  if (instead.length === 0) return undefined;
  const taken = routesTaken(client, question).map(
    ({ match, from }): NamedSetting => ({ name: 'route', value: matchText(match), from }),
  );
  return known(
    `Requests to ${question.service} take another route in the sidecar of ${client.instance} than one that is written.`,
    taken,
    instead,
  );
}

/** Calls of a name that are sent elsewhere as a whole. */
function redirected({
  question: { service },
  client,
  cluster: { locality, zones },
}: CheckScene): Reason | undefined {
  if (locality.from.by !== 'setting' || !locality.from.path.endsWith('Redirect')) return undefined;
  const places = [...new Set(zones.map((zone) => zone.locality))].join(', ');
  return known(
    `Calls of ${service} go to ${places} alone: the sidecar of ${client.instance} has no other hosts of it.`,
    [named('redirect', locality, () => places)],
  );
}

/** A route that is written and leads to one subset alone. */
function ofOneSubset({ question, client, cluster: { subset } }: CheckScene): Reason | undefined {
  const [route, ...others] = routesTaken(client, question);
  if (subset === undefined || route?.from.by !== 'setting' || others.length > 0) return undefined;
  const { match, from } = route;
  return known(`Every request to ${question.service} goes to the subset ${subset}.`, [
    { name: 'route', value: matchText(match), from },
  ]);
}

const hashing: ReadonlySet<string> = new Set(['ring-hash', 'maglev']);

function delayed(service: string, routes: readonly Route[]): Reason | undefined {
  const delays = routes.flatMap(({ fault }) => (fault.delay ? [fault.delay] : []));
  const delay = delays.length === routes.length ? common(delays, (each) => each) : undefined;
  return (
    delay &&
    known(`The mesh configuration delays requests to ${service}.`, [
      named('delay', delay, ({ ms, share }) => `${timeText(ms)} for ${shareText(share)}`),
    ])
  );
}

/** Requests also wait for connections that are only being opened; a pool that is full was seen nearly so. */
const isFull = (limit: number, { connections = limit }: Seen) => connections >= 0.9 * limit;

function highLatency({ question, client, cluster }: CheckScene): Reason {
  const { service, seen } = question;
  const routes = routesTaken(client, question);
  const delay = delayed(service, routes);
  if (delay !== undefined) return delay;
  const { connections, pending, requests } = cluster.limits;
  const instead = insteadOf(client, service, 'limits', 'timeout', 'retries');
  if (seen?.pending && connections.value !== null && isFull(connections.value, seen)) {
    const queue = pending.value === null ? 'in a queue that has no limit' : 'for one';
    return known(
      `Requests to ${service} that find none of ${limitText(connections.value)} connections free wait ${queue}: ${formatCount(seen.pending)} were seen waiting at once.`,
      [named('waiting requests', pending, limitText), named('connections', connections, limitText)],
      instead,
    );
  }
  const { misbehaviour, withinMs = 0 } = question;
  const late = misbehaviour?.late ? waiting({ client, service, routes, withinMs }) : undefined;
  if (late !== undefined) return late;
  const timeouts = common(routes, ({ action }) => (action.does === 'forward' ? action.timeoutMs : undefined));
  if (timeouts?.value === null && pending.value === null && requests.value === null) {
    return known(
      `Nothing bounds how long a request to ${service} may take, nor how many wait.`,
      [named('timeout', timeouts, timeText), named('waiting requests', pending, limitText)],
      instead,
    );
  }
  return unknown(
    `no setting in the sidecar of ${client.instance} explains how long requests to ${service} take`,
  );
}

/** What may lie between a request that is due and its refusal. */
function slowRefusal({ question, client }: CheckScene): Reason {
  const { service } = question;
  const delay = delayed(service, routesTaken(client, question));
  return (
    delay ??
    unknown(
      `no setting in the sidecar of ${client.instance} makes requests to ${service} wait before they are refused`,
    )
  );
}

/** What keeps errors of hosts from their callers, as far as it was seen at work. */
function hiddenErrors({ question, client, cluster }: CheckScene): Reason {
  const { service, seen } = question;
  const retries = common(routesTaken(client, question), ({ action }) =>
    action.does === 'forward' ? action.retries : undefined,
  );
  const again =
    seen?.retries && retries
      ? {
          text: `tried requests to ${service} again (${plural(seen.retries, 'time')})`,
          settings: [
            named('attempts', retries.attempts, String),
            named('retryOn', retries.conditions, (conditions) => conditions.join(', ')),
          ],
        }
      : undefined;
  const out =
    seen?.ejections && cluster.outlierDetection
      ? {
          text: `ejected hosts that failed (${plural(seen.ejections, 'time')})`,
          settings: [named('consecutive errors', cluster.outlierDetection.consecutiveErrors, String)],
        }
      : undefined;
  const both = [again, out].filter((each) => each !== undefined);
  return both.length === 0
    ? unknown(`the sidecar of ${client.instance} neither tried requests again nor ejected a host`)
    : known(
        `The sidecar of ${client.instance} ${both.map(({ text }) => text).join(' and ')}, so that fewer errors reached its callers.`,
        both.flatMap(({ settings }) => settings),
      );
}

const settingsText = (settings: readonly NamedSetting[]) =>
  settings.map(({ name, value }) => `${name}: ${value}`).join(', ');
