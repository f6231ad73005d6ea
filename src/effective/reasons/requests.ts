import { plural } from '../../kit/format.ts';
import { hideQuery } from '../../kit/hidden.ts';
import type {
  Action,
  Cluster,
  EffectiveConfiguration,
  Filter,
  Inbound,
  OutlierDetection,
  Retries,
} from '../../model/effective.ts';
import { acceptsWords, clusterText, limitText, matchText, shareText, timeText, tlsWords } from '../words.ts';
import { reasonOfBytes, turnedAway } from './bytes.ts';
import { callersSidecar, causeOfRequests } from './causes.ts';
import { closedWhileIdle, closedWhileOpening, noticedLate } from './connections.ts';
import { closedGateways, reasonAtIngress } from './gateways.ts';
import {
  common,
  commonRetries,
  ejectable,
  hostCount,
  insteadOf,
  known,
  mostOut,
  named,
  type RequestScene,
  refusing,
  retrySettings,
  tlsMismatch,
  unknown,
} from './parts.ts';
import type { NamedSetting, Reason, RequestQuestion } from './question.ts';
import { rateLimited } from './rate-limits.ts';
import { decisionOn, reasonOfDecision } from './rules.ts';
import { clustersTaken, hostOf, matchesRequest, routesTaken } from './taken.ts';

/** The setting behind requests that ended without success. */
export function reasonOfRequests(configuration: EffectiveConfiguration, question: RequestQuestion): Reason {
  const { sidecars } = configuration;
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  // One that got no further than a gateway, or had no host left when that was all there was.
  const called = sidecars.find(({ instance }) => instance === question.server);
  const atGateway =
    called?.gateway?.kind === 'ingress'
      ? reasonAtIngress(called, called.gateway, question)
      : called?.gateway !== undefined || question.ended === 'no-host'
        ? closedGateways(configuration, question)
        : undefined;
  if (atGateway !== undefined) return atGateway;
  const clusters = clustersTaken(client, question);
  const servers = sidecars.filter(
    ({ service, inbound }) => service === question.service && inbound.length > 0,
  );
  const server =
    servers.find(({ instance }) => instance === question.server) ??
    // Beyond a gateway all of them hold the same.
    servers.find(({ network }) => called?.gateway !== undefined && network === called.network) ??
    servers[0];
  const port = clusters[0]?.port;
  const inbound = server?.inbound.find((each) => each.port === port) ?? server?.inbound[0];
  const scene = { question, client, server, inbound, routes: routesTaken(client, question), clusters };
  return question.ofBytes ? reasonOfBytes(scene, ejectionOf(scene)) : kinds[question.ended](scene);
}

const kinds: Readonly<Record<RequestQuestion['ended'], (scene: RequestScene) => Reason>> = {
  overflow,
  'no-host': noHost,
  connect: notConnected,
  tls: noTls,
  reset,
  timeout,
  denied,
  'rate-limited': (scene) => rateLimited(scene, filtersOf(scene)),
  overload: ({ question }) => unknown(`nothing that is read of ${question.service} decides this`),
  'no-route': noRoute,
  'no-cluster': noCluster,
  injected,
  'client-gone': clientGone,
  protocol: notTheProtocol,
  answered: letThrough,
  other: (scene) => ofCache(scene) ?? unknown('what the sidecar says of it has no word here'),
};

function overflow(scene: RequestScene): Reason {
  const { question, client, server, inbound } = scene;
  const { service } = question;
  if (question.side === 'server') {
    if (inbound === undefined || server === undefined)
      return unknown(`what the sidecars of ${service} held was not read`);
    const settings = refusing(inbound.limits, 'http1');
    if (settings.length === 0)
      return unknown(`the sidecar of ${server.instance} has no limit that could be hit`);
    const isOfPool = settings.some(
      ({ from }) => from.by === 'setting' && from.resource.kind === 'DestinationRule',
    );
    return known(
      `The sidecar of ${service} itself was full and refused requests. Its limits hold for all callers together${isOfPool ? ": Istio gives the pool of a rule to the server's side too" : ''}.`,
      settings,
    );
  }
  const limits = common(scene.clusters, (cluster) => cluster.limits);
  const protocol = common(scene.clusters, (cluster) => cluster.protocol.value);
  if (limits === undefined || protocol === undefined) return severalClusters(scene);
  if (question.of === 'retry') {
    if (limits.retries.value === null)
      return unknown(`retries to ${service} have no limit in the sidecar of ${client.instance}`);
    // Where nobody can set that limit, a host that is left in is what fills it.
    const leftIn = limits.retries.from.by === 'setting' ? [] : ejectionOf(scene);
    return known(causeOfRequests(question), [named('retries', limits.retries, limitText), ...leftIn]);
  }
  const settings = refusing(limits, protocol);
  if (settings.length === 0) {
    return unknown(
      `the sidecar of ${client.instance} has no limit for ${clustersText(scene)} that could be hit`,
    );
  }
  const isRequests = settings[0]?.from === limits.requests.from;
  const cause = isRequests
    ? `As many requests to ${service} as may be were on their way from ${question.caller === undefined ? "one client's sidecar" : `one sidecar of ${question.caller}`}, so it refused more at once${protocol === 'http1' ? '; the limit holds for HTTP/1.1 too' : ''}.`
    : `The connection pool to ${service} was full, so ${callersSidecar(question)} refused the request at once. The limits hold for each ${question.caller === undefined ? 'client sidecar' : `sidecar of ${question.caller}`}.`;
  return known(cause, settings);
}

function noHost(scene: RequestScene): Reason {
  const { question, clusters, client } = scene;
  const { service } = question;
  const empty = clusters.filter((cluster) => hostCount(cluster) === 0);
  const [nothing] = empty;
  if (nothing !== undefined) {
    if (nothing.locality.value === 'distribute') {
      return known(
        `distribute leaves the sidecar of ${client.instance} no host of ${service}: it takes out every zone that "to" does not name.`,
        [named('distribute', nothing.locality, () => 'set')],
      );
    }
    if (nothing.selects !== undefined) {
      return known(`The subset ${nothing.subset} of ${service} has no host: none has its labels.`, [
        named('labels', nothing.selects, labelsText),
      ]);
    }
    return unknown(
      `the sidecar of ${client.instance} holds no host of ${clusterText(nothing)}, and no setting that says so`,
    );
  }
  const [cluster] = clusters;
  if (cluster === undefined || clusters.length > 1) return severalClusters(scene);
  const { outlierDetection, panicThreshold, zones, locality } = cluster;
  const removed = zones.filter(({ hosts }) => hosts.length === 0);
  const distribute =
    removed.length > 0 && locality.value === 'distribute' ? [named('distribute', locality, () => 'set')] : [];
  const left =
    distribute.length === 0
      ? ''
      : ` Those in ${removed.map((zone) => zone.locality).join(', ')} are not there to take over: distribute does not name them.`;
  if (outlierDetection === undefined) {
    return unknown(
      `the sidecar of ${client.instance} ejects no host of ${service}; its hosts were gone for another reason`,
    );
  }
  const hosts = hostCount(cluster);
  if (!cluster.inParts && mostOut(outlierDetection, hosts) < hosts) {
    return unknown(
      `no more than ${mostOut(outlierDetection, hosts)} of ${plural(hosts, 'host')} of ${service} can be ejected at once`,
    );
  }
  if (panicThreshold.value > 0) {
    return unknown(
      `with fewer than ${shareText(panicThreshold.value)} of its hosts healthy all of ${service} would have got traffic`,
    );
  }
  return known(`Every host of ${service} that ${callersSidecar(question)} has was ejected at once.${left}`, [
    ...distribute,
    named('maxEjectionPercent', outlierDetection.mostEjected, shareText),
    named('minHealthPercent', panicThreshold, shareText),
  ]);
}

function notConnected(scene: RequestScene): Reason {
  const mismatch = mismatchOf(scene);
  if (mismatch !== undefined) return mismatch;
  const closed = closedWhileOpening(scene) ?? turnedAway(scene);
  if (closed !== undefined) return closed;
  const through = letThrough(scene);
  return through.known ? { ...through, settings: [...through.settings, ...weightsOf(scene)] } : through;
}

/** The handshake failed: what each side speaks, and whom the client takes for the server. */
function noTls(scene: RequestScene): Reason {
  const mismatch = mismatchOf(scene);
  if (mismatch !== undefined) return mismatch;
  const { question, clusters, inbound } = scene;
  const versions = question.apart === 'version' ? versionsApart(clusters, inbound) : undefined;
  if (versions !== undefined) return known(causeOfRequests(question), versions);
  const tls = common(clusters, (cluster) => cluster.tls);
  const identities = common(clusters, (cluster) => cluster.identities);
  if (tls === undefined || identities === undefined) return severalClusters(scene);
  const { distrust } = question;
  if (distrust?.of === 'server' && distrust.since === 'identity') {
    return known(causeOfRequests(question), [
      named('server has to be', identities, (names) => names.join(', ')),
      named('TLS', tls, (mode) => tlsWords[mode]),
    ]);
  }
  // Whose certificate it was has no say; that the other one asks for it, does.
  if (distrust?.of === 'client' && inbound !== undefined) {
    return known(causeOfRequests(question), [
      named('what the server takes', inbound.accepts, (mode) => acceptsWords[mode]),
      named('TLS', tls, (mode) => tlsWords[mode]),
    ]);
  }
  return known(causeOfRequests(question), [
    named('TLS', tls, (mode) => tlsWords[mode]),
    ...(identities.value.length === 0
      ? []
      : [named('server has to be', identities, (names) => names.join(', '))]),
    ...(inbound === undefined
      ? []
      : [named('what the server takes', inbound.accepts, (mode) => acceptsWords[mode])]),
  ]);
}

/** The two limits between which there is no version of TLS, where there is none: the one that is written first. */
function versionsApart(
  clusters: readonly Cluster[],
  inbound: Inbound | undefined,
): readonly NamedSetting[] | undefined {
  const [{ tlsVersions: calls } = {}] = clusters;
  const takes = inbound?.tlsVersions;
  if (calls === undefined || takes === undefined) return undefined;
  const pairs = [
    {
      high: takes.least,
      low: calls.most,
      words: ['the server takes no version before', 'the caller speaks none after'],
    },
    {
      high: calls.least,
      low: takes.most,
      words: ['the caller speaks no version before', 'the server takes none after'],
    },
  ] as const;
  const apart = pairs.find(({ high, low }) => low.value < high.value);
  if (apart === undefined) return undefined;
  const { high, low, words } = apart;
  const settings = [named(words[0], high, String), named(words[1], low, String)] as const;
  return high.from.by === 'setting' ? settings : settings.toReversed();
}

function reset(scene: RequestScene): Reason {
  const { question } = scene;
  const mismatch = mismatchOf(scene);
  if (mismatch !== undefined) return mismatch;
  if (question.side === 'server') return closedWhileIdle(scene) ?? letThrough(scene);
  const retries = retriesOf(scene);
  if (retries === undefined) return severalRoutes(scene);
  return known(causeOfRequests(question), retries);
}

function mismatchOf({ clusters, inbound }: RequestScene): Reason | undefined {
  const mismatches = clusters.map((cluster) => tlsMismatch(cluster, inbound));
  const [mismatch] = mismatches;
  if (mismatch === undefined || mismatches.includes(undefined)) return undefined;
  return known(mismatch.cause, mismatch.settings);
}

function timeout(scene: RequestScene): Reason {
  const { question, client } = scene;
  if (question.of === 'idle' || question.of === 'lifetime') {
    return unknown('that time is not among what is read of a sidecar');
  }
  const actions = scene.routes.map(({ action }) => action);
  const attempt = question.of === 'attempt';
  const limit = common(actions, (action) =>
    action.does !== 'forward' ? undefined : attempt ? action.retries.perTryTimeoutMs : action.timeoutMs,
  );
  if (limit === undefined) return severalRoutes(scene);
  if (limit.value === null)
    return unknown(`the route to ${question.service} has no timeout in the sidecar of ${client.instance}`);
  const late = noticedLate(scene, limit.value);
  if (attempt) {
    const once = notTriedAgain(actions);
    return known(
      `${causeOfRequests(question)}${late.text}${once === undefined ? '' : ' retryOn does not count that, so it was not tried again.'}`,
      [
        ...late.settings,
        named('perTryTimeout', limit, timeText),
        ...(once === undefined ? [] : [named('retryOn', once, (conditions) => conditions.join(', '))]),
      ],
    );
  }
  return known(`${causeOfRequests(question)}${late.text}${uselessTries(actions[0], limit.value)}`, [
    ...late.settings,
    named('timeout', limit, timeText),
  ]);
}

/** Conditions under which an attempt that took too long is made again. */
const ofSlowAttempts: ReadonlySet<string> = new Set(['5xx', 'gateway-error', 'reset']);

/** The conditions of routes that let an attempt which took too long be the last; undefined where they do not, or differ. */
function notTriedAgain(actions: readonly Action[]): Retries['conditions'] | undefined {
  const conditions = common(actions, (action) =>
    action.does === 'forward' ? action.retries.conditions : undefined,
  );
  return conditions?.value.some((each) => ofSlowAttempts.has(each)) ? undefined : conditions;
}

/** A time for one attempt that the time for all of them never lets run out. */
function uselessTries(action: Action | undefined, timeoutMs: number): string {
  if (action?.does !== 'forward') return '';
  const { attempts, perTryTimeoutMs } = action.retries;
  const perTry = perTryTimeoutMs.value;
  if (attempts.value === 0 || perTry === null || perTry < timeoutMs) return '';
  return ` It covers all attempts, so the ${timeText(perTry)} of one attempt never run out and a slow one is not tried again.`;
}

function filtersOf({ question, client, inbound }: RequestScene): readonly Filter[] {
  return question.side === 'server' ? (inbound?.filters ?? []) : client.filters;
}

function denied(scene: RequestScene): Reason {
  const { question } = scene;
  const { decidedBy } = question;
  if (decidedBy !== undefined) {
    const kind = decidedBy === 'authorizer' ? 'external-authorization' : 'authentication';
    const deciding = filtersOf(scene).flatMap((filter) => (filter.kind === kind ? [filter] : []));
    return deciding.length === 0
      ? unknown(`the sidecar of ${question.service} holds nothing that decides so`)
      : known(
          causeOfRequests(question),
          deciding.map(({ name, from }) => ({ name: kind, value: name, from })),
        );
  }
  // What a gateway refuses it refuses itself.
  const side = scene.client.gateway === undefined ? 'server' : 'client';
  const authorizations = filtersOf({ ...scene, question: { ...question, side } }).flatMap((filter) =>
    filter.kind === 'authorization' && !filter.dryRun ? [filter] : [],
  );
  const { client } = scene;
  const decision = question.request && decisionOn(authorizations, client, question.request);
  if (decision?.rule.does === 'deny') return reasonOfDecision(decision, client, question.service);
  const policies = (action: 'allow' | 'deny') =>
    authorizations.filter((filter) => filter.action === action).flatMap((filter) => filter.policies);
  const named = policies('deny').find(({ id }) => id === question.policy);
  if (named !== undefined) {
    const name = named.resource?.name ?? named.id;
    const kind = named.resource?.kind ?? 'Policy';
    return known(`${kind} ${name} forbids this request to ${question.service}.`, [
      { name, value: 'DENY', from: named.from },
    ]);
  }
  const allowing = policies('allow');
  const isRefusedByAllow = question.policy === 'none' || question.policy === undefined;
  if (!isRefusedByAllow || allowing.length === 0) {
    return unknown(`the sidecar of ${question.service} holds no policy that refuses this`);
  }
  if (question.policy === undefined && policies('deny').length > 0) {
    return unknown(
      `the sidecar of ${question.service} holds policies of both kinds, and which refused is not known`,
    );
  }
  const caveats = allowing.flatMap((policy) => policy.caveat ?? []);
  const rewrites = rewritesOf(scene);
  const seen = `The server's policies see the path as the route has rewritten it.`;
  return known(
    [
      causeOfRequests({ ...question, policy: 'none' }),
      ...caveats,
      ...(rewrites.length === 0 ? [] : [seen]),
    ].join(' '),
    [
      ...allowing.map(({ id, resource, from }) => ({ name: resource?.name ?? id, value: 'ALLOW', from })),
      ...rewrites,
    ],
  );
}

/** What the route that took requests makes of their path; nothing where that is not known. */
function rewritesOf({ routes }: RequestScene): readonly NamedSetting[] {
  const [route, ...others] = routes;
  if (route?.action.does !== 'forward' || others.length > 0) return [];
  const ofPath = route.action.rewrites.filter((rewrite) => rewrite.startsWith('path '));
  return ofPath.map((rewrite) => ({ name: 'rewrite', value: rewrite, from: route.from }));
}

/** What a cache asks for in the place of its callers, it asks once. */
function ofCache({ question, client }: RequestScene): Reason | undefined {
  const cache = client.filters.find((filter) => filter.kind === 'cache');
  if (cache === undefined || !('from' in cache) || !question.beside) return undefined;
  return known(
    `${causeOfRequests(question)} What a cache asks for it asks by itself, and once: the route's retries and its timeout are for other requests.`,
    [{ name: 'filter', value: 'cache', from: cache.from }],
  );
}

function noRoute({ question, client, routes }: RequestScene): Reason {
  const host = hostOf(client, question);
  if (host === undefined)
    return unknown(
      `the sidecar of ${client.instance} knows no host ${question.request?.authority ?? question.service}`,
    );
  if (routes.length > 0)
    return unknown(`the sidecar of ${client.instance} has a route that takes such requests`);
  const { request } = question;
  if (request === undefined || host.routes.some(({ match }) => matchesRequest(match, request) !== 'no')) {
    return unknown('what was asked for is not known');
  }
  return known(
    `No route of ${question.service} takes ${request.method} ${hideQuery(request.path)}: there is none for what is left over.`,
    host.routes.map(({ match, from }) => ({ name: 'match', value: matchText(match), from })),
  );
}

function noCluster({ question, client, routes }: RequestScene): Reason {
  const held = new Set(client.clusters.map(({ name }) => name));
  const lost = routes.flatMap((route) =>
    route.action.does === 'forward'
      ? route.action.to.filter(({ cluster }) => !held.has(cluster)).map(({ place }) => ({ route, place }))
      : [],
  );
  if (lost.length === 0)
    return unknown(`every route to ${question.service} leads to something that is there`);
  return known(
    `A route to ${question.service} leads to a host, port or subset that does not exist.`,
    lost.map(({ route, place }) => ({ name: 'route', value: place, from: route.from })),
    insteadOf(client, question.service, 'subset'),
  );
}

function injected(scene: RequestScene): Reason {
  const { question, routes } = scene;
  const aborts = routes.flatMap(({ fault }) => (fault.abort ? [fault.abort] : []));
  const abort = common(aborts, (each) => each);
  if (abort !== undefined && (question.status === undefined || abort.value.status === question.status)) {
    const retries = common(routes, ({ action }) =>
      action.does === 'forward' && action.retries.attempts.from.by === 'setting'
        ? action.retries.attempts
        : undefined,
    );
    const inVain = retries !== undefined && retries.value > 0;
    return known(
      `The mesh configuration injects this error into requests to ${question.service}.${inVain ? ' It does so before a request is sent, so that there is nothing to try again.' : ''}`,
      [
        named('abort', abort, ({ status, share }) => `${status} for ${shareText(share)}`),
        ...(inVain ? [named('attempts', retries, String)] : []),
      ],
    );
  }
  const answers = routes.filter(
    ({ action }) => action.does === 'answer' && (question.status ?? action.status) === action.status,
  );
  const [answer] = answers;
  if (answer === undefined || answers.length > 1)
    return unknown(`no route to ${question.service} makes this error`);
  return known(`The mesh configuration answers requests to ${question.service} itself.`, [
    { name: 'directResponse', value: String(question.status ?? ''), from: answer.from },
  ]);
}

/** The mesh waits as long as its route says; the caller did not. */
function clientGone(scene: RequestScene): Reason {
  const limit = common(scene.routes, ({ action }) =>
    action.does === 'forward' ? action.timeoutMs : undefined,
  );
  if (limit === undefined) return severalRoutes(scene);
  return known(causeOfRequests(scene.question), [named('timeout', limit, timeText)]);
}

function notTheProtocol(scene: RequestScene): Reason {
  const protocol = common(scene.clusters, (cluster) => cluster.protocol);
  if (protocol === undefined) return severalClusters(scene);
  return known(causeOfRequests(scene.question), [named('protocol', protocol, String)]);
}

/** What a host or its sidecar answered: no setting made that, but some could have kept it from the caller. */
function letThrough(scene: RequestScene): Reason {
  const { question, client } = scene;
  const retries = retriesOf(scene);
  if (retries === undefined) return severalRoutes(scene);
  return known(
    causeOfRequests(question),
    [...retries, ...ejectionOf(scene)],
    insteadOf(client, question.service, 'retries', 'outlier-detection'),
  );
}

/** Where requests go by the weights of their route, whether anybody is there or not. */
function weightsOf({ routes }: RequestScene): readonly NamedSetting[] {
  return routes.flatMap(({ action, from }): NamedSetting[] =>
    action.does === 'forward' && action.to.length > 1
      ? [
          {
            name: 'weights',
            value: action.to.map(({ place, share }) => `${place} ${shareText(share)}`).join(', '),
            from,
          },
        ]
      : [],
  );
}

/** What of retries let an error through; undefined when the routes differ in it. */
function retriesOf(scene: RequestScene): readonly NamedSetting[] | undefined {
  const retries = commonRetries(scene);
  const limits = scene.question.untried ? common(scene.clusters, (cluster) => cluster.limits) : undefined;
  return (
    retries && [
      ...(limits === undefined ? [] : [named('retries', limits.retries, limitText)]),
      ...retrySettings(retries),
    ]
  );
}

/** Whether a bad host is ejected, where there is one answer. */
function ejectionOf({ clusters }: RequestScene): readonly NamedSetting[] {
  const [cluster] = clusters;
  if (cluster === undefined || clusters.length > 1) return [];
  const { outlierDetection } = cluster;
  return outlierDetection === undefined
    ? [
        {
          name: 'outlierDetection',
          value: 'not set, a bad host is never ejected',
          from: { by: 'default', of: 'Istio', field: 'outlierDetection' },
        },
      ]
    : [
        noneMayGo(outlierDetection, ejectable(cluster)) ??
          named('consecutive errors', outlierDetection.consecutiveErrors, String),
      ];
}

/** A cap that leaves no host to eject, whatever hosts do. */
function noneMayGo(outlierDetection: OutlierDetection, hosts: number): NamedSetting | undefined {
  if (hosts === 0 || mostOut(outlierDetection, hosts) > 0) return undefined;
  const cap = named('maxEjectionPercent', outlierDetection.mostEjected, shareText);
  return { ...cap, value: `${cap.value} (none of ${plural(hosts, 'host')})` };
}

function severalClusters(scene: RequestScene): Reason {
  return scene.clusters.length === 0
    ? unknown(
        `the sidecar of ${scene.client.instance} has no route to ${scene.question.service} that takes such requests`,
      )
    : unknown(`requests may have gone to ${clustersText(scene)}, which differ`);
}

function severalRoutes({ client, question, routes }: RequestScene): Reason {
  return routes.length === 0
    ? unknown(
        `the sidecar of ${client.instance} has no route to ${question.service} that takes such requests`,
      )
    : unknown(
        `which of ${plural(routes.length, 'route')} to ${question.service} took the requests is not known, and they differ`,
      );
}

const clustersText = ({ clusters, question }: RequestScene) =>
  clusters.length === 0 ? question.service : clusters.map(clusterText).join(' or ');

const labelsText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
