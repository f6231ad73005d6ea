import { formatCount, plural } from '../../kit/format.ts';
import type { Cluster, EffectiveConfiguration, OutlierDetection, Sidecar } from '../../model/effective.ts';
import { limitText, localityWords, shareText, timeText } from '../words.ts';
import {
  common,
  hostCount,
  insteadOf,
  known,
  mostOut,
  named,
  refusing,
  tlsMismatch,
  unknown,
} from './parts.ts';
import type { CheckQuestion, Misbehaviour, NamedSetting, Reason } from './question.ts';
import { clustersTaken, routesTaken } from './taken.ts';

interface Scene {
  readonly question: CheckQuestion;
  readonly client: Sidecar;
  readonly cluster: Cluster;
}

/** What would have had to be in effect for a check to hold, what is, and why not. */
export function reasonOfCheck(configuration: EffectiveConfiguration, question: CheckQuestion): Reason {
  if (question.expected === 'spread') {
    const weights = splitByWeight(configuration, question);
    if (weights !== undefined) return weights;
  }
  const scene = sceneOf(configuration, question);
  if ('known' in scene) return scene;
  switch (question.expected) {
    case 'overflow':
      return neverOverflow(scene) ?? notReached(scene);
    case 'ejection':
      return noEjection(scene);
    case 'failover':
      return noFailover(scene);
    case 'takeover':
      return scene.cluster.locality.value === 'none' ? noEjection(scene) : noFailover(scene);
    case 'spread':
      return spread(scene);
    case 'low-latency':
      return highLatency(scene);
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
  if (expected === 'ejection' || expected === 'failover')
    return reasonOfCheck(configuration, { ...about, expected });
  const scene = sceneOf(configuration, { ...about, expected: 'overflow' });
  if ('known' in scene) return scene;
  if (expected === 'overflow') return neverOverflow(scene) ?? unknown('there are limits');
  const inbound = configuration.sidecars
    .filter(({ service }) => service === about.service)
    .flatMap((sidecar) => sidecar.inbound)
    .find(({ port }) => port === scene.cluster.port);
  const mismatch = tlsMismatch(scene.cluster, inbound);
  return mismatch === undefined
    ? unknown('the two can speak with each other')
    : known(mismatch.cause, mismatch.settings);
}

function sceneOf({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Scene | Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const clusters = clustersTaken(client, question);
  // Several clusters are one to a check as long as they have the same settings.
  const alike = common(clusters, ({ limits, outlierDetection, protocol, locality, zones }) => ({
    limits,
    outlierDetection,
    protocol,
    locality,
    zones,
  }));
  const [cluster] = clusters;
  if (cluster === undefined)
    return unknown(`the sidecar of ${client.instance} has no route to ${question.service}`);
  if (alike === undefined) return unknown(`requests to ${question.service} go to clusters that differ`);
  return { question, client, cluster };
}

function neverOverflow({ question: { service }, client, cluster }: Scene): Reason | undefined {
  const { limits, protocol } = cluster;
  const instead = insteadOf(client, service, 'limits');
  if (refusing(limits, protocol.value).length === 0) {
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
  if (protocol.value !== 'http2' || limits.requests.value !== null) return undefined;
  return known(
    `With HTTP/2 one connection to a host of ${service} carries all requests, so that once it is up neither connections nor waiting requests run out; only a limit of requests refuses any.`,
    [named('protocol', protocol, String), named('requests', limits.requests, limitText)],
    instead,
  );
}

/** Limits are in effect; that the load did not reach them no setting explains, unless tighter ones are not in effect. */
function notReached({ question: { service, seen }, client, cluster }: Scene): Reason {
  const settings = refusing(cluster.limits, cluster.protocol.value);
  const instead = insteadOf(client, service, 'limits');
  const reach = seen === undefined ? undefined : outOfSight(service, cluster, seen);
  if (reach !== undefined) return { ...reach, instead };
  return instead.length === 0
    ? unknown(`the limits in effect (${settingsText(settings)}) were not reached`)
    : known(
        `The limits in effect for ${service} were not reached; others that are written are not in effect.`,
        settings,
        instead,
      );
}

/** Limits that what was seen at once stayed far below; the furthest first. */
function outOfSight(
  service: string,
  { limits }: Cluster,
  { connections, pending }: NonNullable<CheckQuestion['seen']>,
): Extract<Reason, { known: true }> | undefined {
  const far = [
    { what: 'connections', limit: limits.connections, most: connections },
    { what: 'waiting requests', limit: limits.pending, most: pending },
  ]
    .filter(({ limit, most }) => limit.value !== null && most < limit.value)
    .toSorted((a, b) => a.most / (a.limit.value ?? 1) - b.most / (b.limit.value ?? 1));
  const [first] = far;
  if (first === undefined) return undefined;
  const cause = `The limits in effect for ${service} were not reached: at most ${formatCount(first.most)} ${first.what} were seen at once, and ${limitText(first.limit.value)} may be.`;
  return {
    known: true,
    cause,
    settings: far.map(({ what, limit }) => named(what, limit, limitText)),
    instead: [],
  };
}

function noEjection(scene: Scene): Reason {
  return (
    withoutDetection(scene) ??
    uncounted(scene) ??
    outOfReach(scene) ??
    capped(scene, scene.question.hosts ?? 1) ??
    unknown(
      `outlier detection is in effect for ${scene.question.service} and would have ejected a host that misbehaves for long enough`,
    )
  );
}

function withoutDetection({ question: { service, expected }, client, cluster }: Scene): Reason | undefined {
  if (cluster.outlierDetection !== undefined) return undefined;
  return known(
    `No outlier detection for ${service} is in effect in the sidecar of ${client.instance}, so no host is ever ejected.`,
    [
      {
        name: 'outlierDetection',
        value: 'not set',
        from: { by: 'default', of: 'Istio', field: 'outlierDetection' },
      },
    ],
    insteadOf(
      client,
      service,
      'outlier-detection',
      ...(expected === 'ejection' ? [] : (['locality'] as const)),
    ),
  );
}

/** Errors of a kind that outlier detection does not count. */
function uncounted({ question, cluster }: Scene): Reason | undefined {
  const { misbehaviour, service } = question;
  const outlier = cluster.outlierDetection;
  if (misbehaviour === undefined || outlier === undefined) return undefined;
  const { consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin, splitLocalOrigin } = outlier;
  const errors = named('consecutive5xxErrors', consecutiveErrors, countText);
  const gateway = named('consecutiveGatewayErrors', consecutiveGatewayErrors, countText);
  const countsErrors = consecutiveErrors.value > 0;
  const countsGateway = consecutiveGatewayErrors.value > 0;
  const { status } = misbehaviour;
  if (status === undefined) {
    const counts = splitLocalOrigin.value ? consecutiveLocalOrigin.value > 0 : countsErrors || countsGateway;
    if (counts) return undefined;
    const settings = splitLocalOrigin.value
      ? [named('consecutiveLocalOriginFailures', consecutiveLocalOrigin, countText)]
      : [errors, gateway];
    return known(`Hosts of ${service} that do not answer do not count towards an ejection.`, settings);
  }
  if (status < 500) {
    return known(`Answers with ${status} never count towards an ejection, only those of 500 and above do.`, [
      errors,
    ]);
  }
  const isGateway = status >= 502 && status <= 504;
  if (countsErrors || (isGateway && countsGateway)) return undefined;
  return known(
    `Answers with ${status} do not count towards an ejection of a host of ${service}${countsGateway ? ', only those with 502, 503 and 504 do' : ''}.`,
    [errors, gateway],
  );
}

/** Hosts that get no traffic cannot be found out. */
function outOfReach({ question, client, cluster }: Scene): Reason | undefined {
  const localities = question.misbehaviour?.localities ?? [];
  if (localities.length === 0) return undefined;
  const priorities = localities.map((locality) => cluster.zones.find((zone) => zone.locality === locality));
  const used = priorities.some(
    (zone) => zone === undefined || (zone.priority === 0 && zone.hosts.length > 0),
  );
  if (used) return undefined;
  const where = [...new Set(localities)].join(', ');
  return known(
    `The sidecar of ${client.instance} sends nothing to the hosts in ${where} as long as nearer ones are healthy, so it does not find out about them.`,
    [named('zones', cluster.locality, (mode) => localityWords[mode])],
  );
}

/** The cap leaves fewer hosts out than would have to be. */
function capped({ question: { service }, cluster }: Scene, needed: number): Reason | undefined {
  const outlier = cluster.outlierDetection as OutlierDetection;
  const hosts = hostCount(cluster);
  const most = mostOut(outlier, hosts);
  if (hosts === 0 || most >= needed) return undefined;
  const cap = shareText(outlier.mostEjected.value);
  const setting = named('maxEjectionPercent', outlier.mostEjected, shareText);
  return most === 0
    ? known(
        `${cap} of ${plural(hosts, 'host')} of ${service} are less than one, so none is ever ejected. (Envoy counts the cap strictly since 1.28.)`,
        [setting],
      )
    : known(
        `${cap} of ${plural(hosts, 'host')} of ${service} are ${most}, and ${needed} would have to be ejected.`,
        [setting],
      );
}

function noFailover(scene: Scene): Reason {
  const { question, client, cluster } = scene;
  const { service, misbehaviour } = question;
  const { locality, zones } = cluster;
  const instead = insteadOf(client, service, 'locality', 'outlier-detection');
  const taken = zones.filter(({ hosts }) => hosts.length === 0);
  if (locality.value === 'distribute') {
    const cause =
      taken.length > 0
        ? `distribute takes the hosts in ${taken.map((zone) => zone.locality).join(', ')} out of the sidecar of ${client.instance}, so that there is nothing to fail over to.`
        : `distribute sends fixed shares to the zones of ${service} and takes the place of failover.`;
    return known(cause, [named('distribute', locality, () => 'set')], instead);
  }
  const without = withoutDetection(scene);
  if (without?.known) return { ...without, cause: `${without.cause} Failover needs it.` };
  if (locality.value === 'none') {
    const places = new Set(zones.map((zone) => zone.locality));
    return places.size < 2
      ? unknown(`all hosts of ${service} are in one place`)
      : known(
          `The sidecar of ${client.instance} uses the hosts of ${service} in all zones alike, so that nothing fails over.`,
          [named('localityLbSetting', locality, (mode) => localityWords[mode])],
          instead,
        );
  }
  const near = zones
    .filter(({ priority }) => priority === 0)
    .reduce((sum, { hosts }) => sum + hosts.length, 0);
  const needed = needs(misbehaviour, near);
  return (
    uncounted(scene) ??
    outOfReach(scene) ??
    capped(scene, needed) ??
    unknown(`failover is in effect for ${service}: the nearest first, ${plural(near, 'host')}, then others`)
  );
}

/** How many hosts would have to go: those that misbehave, no more than the nearest. */
const needs = (misbehaviour: Misbehaviour | undefined, near: number) =>
  misbehaviour === undefined || misbehaviour.instances.length === 0
    ? near
    : Math.min(near, misbehaviour.instances.length);

/** Routes that lead to several clusters, whose hosts differ and need no looking at. */
function splitByWeight({ sidecars }: EffectiveConfiguration, question: CheckQuestion): Reason | undefined {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return undefined;
  const settings = routesTaken(client, question).flatMap(({ action, from }): NamedSetting[] =>
    action.does === 'forward' && action.to.length > 1
      ? [{ name: 'route', value: action.to.map(({ share }) => shareText(share)).join(', '), from }]
      : [],
  );
  return settings.length === 0
    ? undefined
    : known(`The route to ${question.service} splits its requests by weight.`, settings);
}

/** How requests are spread, where something decides it. */
function spread({ question, client, cluster }: Scene): Reason {
  const { service } = question;
  const { locality, zones } = cluster;
  const places = new Set(zones.map((zone) => zone.locality));
  if (places.size < 2) return unknown(`all hosts of ${service} are in one place`);
  const near = zones.filter(({ priority }) => priority === 0).flatMap(({ hosts }) => hosts).length;
  const causes = {
    none: `The sidecar of ${client.instance} uses the hosts of ${service} in all zones alike.`,
    failover: `The sidecar of ${client.instance} sends all requests to the nearest ${plural(near, 'host')} of ${service} as long as those are healthy.`,
    distribute: `distribute sends fixed shares of the requests to the zones of ${service}.`,
  };
  return known(
    causes[locality.value],
    [named('zones', locality, (mode) => localityWords[mode])],
    insteadOf(client, service, 'locality', 'balancing'),
  );
}

function highLatency({ question, client, cluster }: Scene): Reason {
  const { service } = question;
  const routes = routesTaken(client, question);
  const delays = routes.flatMap(({ fault }) => (fault.delay ? [fault.delay] : []));
  const delay = delays.length === routes.length ? common(delays, (each) => each) : undefined;
  if (delay !== undefined) {
    return known(`The mesh configuration delays requests to ${service}.`, [
      named('delay', delay, ({ ms, share }) => `${timeText(ms)} for ${shareText(share)}`),
    ]);
  }
  const { connections, pending, requests } = cluster.limits;
  const instead = insteadOf(client, service, 'limits', 'timeout', 'retries');
  if (question.waited === true && connections.value !== null && pending.value === null) {
    return known(
      `Requests to ${service} that find none of ${limitText(connections.value)} connections free wait in a queue that has no limit.`,
      [named('waiting requests', pending, limitText), named('connections', connections, limitText)],
      instead,
    );
  }
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

const countText = (count: number) => (count === 0 ? 'not counted' : `${count} in a row`);

const settingsText = (settings: readonly NamedSetting[]) =>
  settings.map(({ name, value }) => `${name}: ${value}`).join(', ');
