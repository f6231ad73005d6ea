import { valueAt } from '../../../kit/path.ts';
import type { Action, Origin, Retries, Route, VirtualHost } from '../../../model/effective.ts';
import { durationMs, type EnvoyRoute, type EnvoyRouteConfiguration } from '../../envoy/config-dump.ts';
import { conditionsOf, destinationsOf, readMatch } from '../../envoy/routes.ts';
import { readDuration } from '../../go-duration.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { placeOf } from '../clusters.ts';
import { listAt } from '../entries/written.ts';
import { serviceHost } from '../names.ts';
import { type EntriesUnderTest, fieldOf, toldBy } from './entries.ts';

/** The routes of calls of a service: those of a service-router in its order, and behind them one for all that is left. */
export function readHost(
  service: string,
  port: number,
  { virtual_hosts = [] }: EnvoyRouteConfiguration,
  under: EntriesUnderTest,
): VirtualHost {
  const router = under.of('service-router', service);
  const written = listAt(router && writtenAt(router), ['Routes']);
  const routes = virtual_hosts.flatMap(({ routes: own = [] }) => own);
  return {
    name: service,
    port,
    domains: [service, serviceHost(service)],
    routes: routes.map((route, index) => {
      const place = router && index < written.length ? within(router, 'Routes', index) : undefined;
      return readRoute(route, service, place, under);
    }),
  };
}

function readRoute(
  route: EnvoyRoute,
  service: string,
  place: Place | undefined,
  under: EntriesUnderTest,
): Route {
  const destination = place && within(place, 'Destination');
  const { response_headers_to_add = [] } = route;
  const answers = response_headers_to_add.map(({ header: { key = '', value = '' } = {} }) =>
    toldBy(
      `${key}: ${value}`,
      (['Set', 'Add'] as const).map((how) => fieldOf(destination, 'ResponseHeaders', how, key)),
      (text) => `${key}: ${text}`,
      undefined,
    ),
  );
  return {
    ...(answers.length === 0 ? {} : { answers }),
    name: undefined,
    from: originOf(service, place, under),
    match: readMatch(route.match),
    action: readAction(route, service, destination, under),
    fault: {},
  };
}

/** What the route is made of: an entry of the router, a splitter, a resolver, or nothing that anybody wrote. */
function originOf(service: string, place: Place | undefined, under: EntriesUnderTest): Origin {
  const written = place ?? under.of('service-splitter', service) ?? under.of('service-resolver', service);
  return written ? settingAt(written) : { by: 'default', of: 'Consul', field: 'Routes' };
}

function readAction(
  { route }: EnvoyRoute,
  service: string,
  destination: Place | undefined,
  under: EntriesUnderTest,
): Action {
  const timeout = route?.timeout === undefined ? 15_000 : durationMs(route.timeout);
  const to = destination && valueAt(writtenAt(destination), ['Service']);
  const called = typeof to === 'string' && to !== '' ? to : service;
  const resolver = under.of('service-resolver', called);
  const destinations = destinationsOf(route, placeOf);
  // A route of a router that leads to several places goes on through the splitter of the service that it names.
  const splitter = destinations.length > 1 ? under.of('service-splitter', called) : undefined;
  return {
    does: 'forward',
    to: destinations,
    ...(splitter === undefined ? {} : { weights: settingAt(fieldOf(splitter, 'Splits') ?? splitter) }),
    timeoutMs: toldBy<number | null>(
      timeout === 0 ? null : timeout,
      [fieldOf(destination, 'RequestTimeout'), fieldOf(resolver, 'RequestTimeout')],
      (written) => readDuration(written) || undefined,
      'Destination.RequestTimeout',
      { value: 15_000, of: 'Envoy' },
    ),
    retries: readRetries(route, destination),
    rewrites: route?.prefix_rewrite === undefined ? [] : [`path → ${route.prefix_rewrite}`],
    mirrors: [],
  };
}

function readRetries(route: EnvoyRoute['route'], destination: Place | undefined): Retries {
  const policy = route?.retry_policy;
  const attempts = policy === undefined ? 0 : (policy.num_retries ?? 1);
  const conditions = conditionsOf(policy?.retry_on ?? '', policy?.retriable_status_codes ?? []);
  const written = destination && writtenAt(destination);
  const conditionPlaces = ['RetryOn', 'RetryOnStatusCodes', 'RetryOnConnectFailure']
    .map((name) => fieldOf(destination, name))
    .filter((place) => place !== undefined && writtenAt(place) !== undefined);
  return {
    attempts: toldBy(
      attempts,
      [fieldOf(destination, 'NumRetries')],
      (number) => (typeof number === 'number' && number > 0 ? number : undefined),
      'Destination.NumRetries',
      { value: 0, of: 'Consul' },
      { value: 1, of: 'Envoy' },
    ),
    conditions: toldBy<readonly string[]>(
      conditions,
      conditionPlaces,
      () => writtenConditions(written),
      'Destination.RetryOn',
      { value: [], of: 'Consul' },
    ),
    perTryTimeoutMs: { value: null, from: { by: 'default', of: 'Consul' } },
  };
}

/** As Consul makes one list of three fields. */
function writtenConditions(destination: unknown): readonly string[] {
  const codes = listAt(destination, ['RetryOnStatusCodes']).map(Number);
  const names = [
    ...listAt(destination, ['RetryOn']).map(String),
    ...(valueAt(destination, ['RetryOnConnectFailure']) === true ? ['connect-failure'] : []),
  ];
  return conditionsOf(names.join(','), codes);
}
