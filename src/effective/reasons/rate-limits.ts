import { plural } from '../../kit/format.ts';
import type { EffectiveConfiguration, Filter } from '../../model/effective.ts';
import { conditionsText } from '../words.ts';
import { reasonOfRouteSetting } from './answers.ts';
import { callersSidecar } from './causes.ts';
import { known, type RequestScene, unknown } from './parts.ts';
import type { AskedFor, CheckQuestion, NamedSetting, Reason } from './question.ts';
import { clustersTaken, matchesRequest, routesTaken } from './taken.ts';

type RateLimit = Extract<Filter, { readonly kind: 'rate-limit' }>;

const limitsAmong = (filters: readonly Filter[]): readonly RateLimit[] =>
  filters.flatMap((filter) => (filter.kind === 'rate-limit' ? [filter] : []));

/** The limit behind requests that were refused, of those that `filters` of that sidecar hold. */
export function rateLimited({ question }: RequestScene, filters: readonly Filter[]): Reason {
  const whose = question.side === 'server' ? `the sidecar of ${question.service}` : callersSidecar(question);
  const limits = limitsAmong(filters);
  if (limits.length === 0) return unknown(`${whose} holds no rate limit`);
  const { request } = question;
  const meant = ownFirst(
    limits.filter((limit) => limit.idle === undefined && isFor(limit, request) !== 'no'),
  );
  if (meant.length === 0) return unknown(`${whose} holds no rate limit for such requests`);
  return known(`A rate limit in ${whose} refused the request to ${question.service}.`, meant.map(setting));
}

/** Those for some requests only before those for all: a request that has one of its own takes from both. */
const ownFirst = (limits: readonly RateLimit[]) =>
  limits.toSorted((a, b) => Number(a.match === undefined) - Number(b.match === undefined));

function isFor({ match }: RateLimit, request: AskedFor | undefined): 'yes' | 'no' | 'perhaps' {
  if (match === undefined) return 'yes';
  return request === undefined ? 'perhaps' : matchesRequest(match, request);
}

function setting({ limit, match, from }: RateLimit): NamedSetting {
  return {
    name: match === undefined ? 'rate limit' : `rate limit of ${conditionsText(match)}`,
    value: limit ?? 'of a rate limit service',
    from,
  };
}

/** Why requests above a limit of their rate were not refused, or more or fewer of them than meant. */
export function notLimited(configuration: EffectiveConfiguration, question: CheckQuestion): Reason {
  const { sidecars } = configuration;
  const { service, request } = question;
  const client = sidecars.find(({ instance }) => instance === question.client);
  const servers = sidecars.filter((each) => each.service === service && each.inbound.length > 0);
  const [server] = servers;
  if (client === undefined || server === undefined)
    return unknown(`what the sidecars of ${question.client} and ${service} held was not read`);
  const port = clustersTaken(client, question)[0]?.port;
  const inbound = server.inbound.find((each) => each.port === port) ?? server.inbound[0];
  const atServer = limitsAmong(inbound?.filters ?? []);
  const limits = [...limitsAmong(client.filters), ...atServer];
  // A route may answer as a limit does, for a share of its requests.
  if (limits.length === 0 && routesTaken(client, question).some(({ fault }) => fault.abort !== undefined))
    return reasonOfRouteSetting(configuration, { ...question, setting: 'fault' });
  const meant = limits.filter((limit) => isFor(limit, request) !== 'no');
  const working = ownFirst(meant.filter(({ idle }) => idle === undefined));
  const idle = meant.flatMap((limit) => (limit.idle === undefined ? [] : [limit.idle]));
  const others = limits.filter((limit) => !meant.includes(limit));
  const notInEffect = server.unused.filter(({ about }) => about === 'rate-limit');
  const idleSettings = idle.map(({ why, from }) => ({ name: 'rate limit', value: why, from }));
  const isOwn = working.some(({ match }) => match !== undefined);
  // One that was meant for these requests may be for others by mistake.
  const settings = [...working, ...(isOwn ? [] : others)].map(setting);
  if (idle.length > 0 && !isOwn) {
    return known(
      `A rate limit of ${service} is there and refuses nobody.`,
      [...idleSettings, ...settings],
      notInEffect,
    );
  }
  if (working.length > 0) {
    const each = atServer.some((limit) => working.includes(limit)) ? ', in each replica' : '';
    return known(
      `What a rate limit lets through of the requests to ${service} is what its setting says${each}.`,
      settings,
      notInEffect,
    );
  }
  if (others.length > 0) {
    return known(
      `${plural(others.length, 'rate limit')} of ${service} ${others.length === 1 ? 'is' : 'are'} in effect, and not for such requests.`,
      others.map(setting),
      notInEffect,
    );
  }
  return known(`No sidecar on the way to ${service} holds a limit of the rate of requests.`, [], notInEffect);
}
