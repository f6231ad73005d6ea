import type { EffectiveConfiguration, Filter, Sidecar } from '../../model/effective.ts';
import { known, unknown } from './parts.ts';
import type { CheckQuestion, NamedSetting, Reason } from './question.ts';
import { clustersTaken, routesTaken } from './taken.ts';

type Question = Pick<CheckQuestion, 'client' | 'service' | 'request'>;

/** What requests of a service pass on their way, at the caller and at the server. */
interface Way {
  readonly client: Sidecar;
  readonly server: Sidecar | undefined;
  readonly filters: readonly Filter[];
}

function wayOf({ sidecars }: EffectiveConfiguration, question: Question): Way | undefined {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return undefined;
  const server = sidecars.find(({ service, inbound }) => service === question.service && inbound.length > 0);
  const port = clustersTaken(client, asQuestion(question))[0]?.port;
  const inbound = server?.inbound.find((each) => each.port === port) ?? server?.inbound[0];
  return { client, server, filters: [...client.filters, ...(inbound?.filters ?? [])] };
}

const asQuestion = (question: Question): CheckQuestion => ({ ...question, expected: 'caching' });

const isCache = ({ kind }: Filter) => kind === 'cache';

/** Why apps were asked for what a cache should have had, or for each of many alike requests at once. */
export function notKept(configuration: EffectiveConfiguration, question: Question): Reason {
  const way = wayOf(configuration, question);
  if (way === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const { service } = question;
  const caches = way.filters.filter(isCache);
  if (caches.length === 0) {
    const { unused } = way.server ?? { unused: [] };
    return known(
      `No sidecar on the way to ${service} keeps answers.`,
      [],
      [...way.client.unused, ...unused].filter(({ about }) => about === 'cache'),
    );
  }
  const alone = caches.filter((filter) => filter.kind === 'cache' && !filter.joins);
  if (alone.length > 0) {
    return known(
      `The cache on the way to ${service} keeps answers once it has them: each of many alike requests at once asks for its own.`,
      alone.map(setting),
    );
  }
  return known(
    `A cache on the way to ${service} keeps what an answer's cache-control lets it keep, and by the whole path of the request.`,
    [...changing(way, question), ...caches.map(setting)],
  );
}

/** Why a cache answered in an app's place, with what was not for this request or was too old. */
export function notAsked(configuration: EffectiveConfiguration, question: Question): Reason {
  const way = wayOf(configuration, question);
  if (way === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  const caches = way.filters.filter(isCache);
  if (caches.length === 0) return unknown(`no sidecar on the way to ${question.service} keeps answers`);
  return known(
    `A cache on the way to ${question.service} answers whatever is alike to it, by host and path as they are when a request comes to it, for as long as the answer lets it: both may be changed before it sees them.`,
    [...changing(way, question), ...caches.map(setting)],
  );
}

/** What may change a request or its answer before the cache sees it, the answer's own word first. */
const changing = (way: Way, question: Question): readonly NamedSetting[] => [
  ...writtenInto(way, question),
  ...before(way.client.filters),
  ...before(way.filters.slice(way.client.filters.length)),
];

/**
 * What the route that takes a request writes over what its answer says of caches; a cache that asks by itself has the
 * answer without that.
 */
function writtenInto({ client, filters }: Way, question: Question): readonly NamedSetting[] {
  if (filters.every((filter) => filter.kind !== 'cache' || filter.joins)) return [];
  return routesTaken(client, asQuestion(question)).flatMap(({ answers = [] }) =>
    answers
      .filter(({ value }) => /^(?:cache-control|expires|age|vary):/i.test(value))
      .map(({ value, from }) => ({ name: 'in every answer', value, from })),
  );
}

/**
 * Filters of one sidecar that come before its cache, or all of them: behind one that asks by itself nothing passes them,
 * and behind another one they see the answer first.
 */
function before(filters: readonly Filter[]): readonly NamedSetting[] {
  const until = filters.findIndex((filter) => filter.kind === 'cache' && filter.joins);
  return filters
    .slice(0, until < 0 ? filters.length : until)
    .flatMap((filter) => (filter.kind === 'other' ? [setting(filter)] : []));
}

const setting = (filter: Filter): NamedSetting => ({
  name: 'filter',
  value: filter.kind === 'cache' ? 'cache' : 'name' in filter ? filter.name : filter.kind,
  from: 'from' in filter ? filter.from : { by: 'unknown', maybe: [] },
});
