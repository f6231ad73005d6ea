import { valueAt } from '../../../kit/path.ts';
import type {
  Action,
  InjectedFault,
  Origin,
  ResourceName,
  Retries,
  Route,
  Setting,
  VirtualHost,
} from '../../../model/effective.ts';
import {
  durationMs,
  type EnvoyFault,
  type EnvoyRetryPolicy,
  type EnvoyRoute,
  type EnvoyRouteConfiguration,
  shareOf,
} from '../../envoy/config-dump.ts';
import { conditionsOf, destinationsOf, readMatch, redirectStatus } from '../../envoy/routes.ts';
import { type Place, settingAt, tell, within, writtenAt } from '../../told.ts';
import { placeOf } from '../clusters.ts';
import type { Workload } from './selection.ts';
import { readDuration, readNumber } from './values.ts';
import { isMadeOf, type WrittenRoute, writtenRoutes } from './virtual-services.ts';
import { configOf, type ResourcesUnderTest } from './written.ts';

export interface RouteContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
  readonly maybe: readonly Setting[];
}

/** The hosts that a sidecar's own calls go to, of one of its route configurations. */
export function readHosts(
  configuration: EnvoyRouteConfiguration,
  context: RouteContext,
): readonly VirtualHost[] {
  // In a sidecar they are called by the port; where a service has routes of its own, "name:port". In a gateway they are
  // "http.8080", or "https.8443.https-shop.shop.default".
  const named = context.workload.gateways === undefined ? /(?:^|:)(\d+)$/ : /^https?\.(\d+)(?:\.|$)/;
  const port = Number(named.exec(configuration.name ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(port)) return [];
  return (configuration.virtual_hosts ?? []).map(({ name, domains, routes }) => ({
    name,
    port,
    domains: domains ?? [],
    routes: readRoutes(routes ?? [], port, context),
  }));
}

function readRoutes(routes: readonly EnvoyRoute[], port: number, context: RouteContext): readonly Route[] {
  const writers = new Map<string, Iterator<WrittenRoute>>();
  return routes.map((route) => {
    const config = configOf(route.metadata);
    return readRoute(route, config, writtenFor(route, config, port, context, writers), context);
  });
}

/** The entry of a VirtualService that a route is made of: they come in the order in which they are written. */
function writtenFor(
  route: EnvoyRoute,
  config: ResourceName | undefined,
  port: number,
  { under, workload }: RouteContext,
  writers: Map<string, Iterator<WrittenRoute>>,
): readonly Place[] {
  const resource = under.find(config);
  if (config === undefined || resource === undefined) return [];
  const id = `${config.namespace}/${config.name}`;
  const writer =
    writers.get(id) ??
    writtenRoutes(resource, workload, port, under.ofKind('VirtualService'))
      .filter(({ why }) => why === undefined)
      .values();
  writers.set(id, writer);
  for (let next = writer.next(); !next.done; next = writer.next()) {
    if (isMadeOf(route, next.value.match)) return next.value.places;
  }
  return [];
}

function readRoute(
  route: EnvoyRoute,
  config: ResourceName | undefined,
  places: readonly Place[],
  context: RouteContext,
): Route {
  const [place] = places;
  const from: Origin = place
    ? settingAt(place)
    : config
      ? context.under.origin(config)
      : { by: 'default', of: 'Istio' };
  const answers = readAnswerHeaders(route, places, context);
  return {
    ...(answers.length === 0 ? {} : { answers }),
    name: route.name === '' ? undefined : route.name,
    from,
    match: readMatch(route.match),
    action: readAction(route, places, context),
    fault: readFault(route.typed_per_filter_config?.['envoy.filters.http.fault'], places, context),
  };
}

/** What a route writes into answers. */
function readAnswerHeaders(
  { response_headers_to_add = [] }: EnvoyRoute,
  places: readonly Place[],
  { maybe }: RouteContext,
): NonNullable<Route['answers']> {
  return response_headers_to_add.map(({ header: { key = '', value = '' } = {} }) =>
    tell(`${key}: ${value}`, {
      places: (['set', 'add'] as const).flatMap((how) =>
        places.flatMap((place) => headerAt(within(place, 'headers', 'response', how), key)),
      ),
      read: (written) => `${key}: ${written}`,
      fallbacks: [],
      maybe,
    }),
  );
}

/** A header among those that are written somewhere, in whatever case its name is. */
function headerAt(place: Place, key: string): readonly Place[] {
  const written = Object.keys(writtenAt(place) ?? {});
  return written
    .filter((name) => name.toLowerCase() === key.toLowerCase())
    .map((name) => within(place, name));
}

function readAction(
  { route, direct_response, redirect }: EnvoyRoute,
  places: readonly Place[],
  context: RouteContext,
): Action {
  if (direct_response) return { does: 'answer', status: direct_response.status ?? 200 };
  if (redirect) {
    const { scheme_redirect: scheme, host_redirect: host, path_redirect: path, response_code } = redirect;
    const to = `${scheme ? `${scheme}://` : ''}${host ?? ''}${path ?? ''}`;
    return { does: 'redirect', to, status: redirectStatus[response_code ?? ''] ?? 301 };
  }
  const timeout = route?.timeout === undefined ? 15_000 : durationMs(route.timeout);
  return {
    does: 'forward',
    to: destinationsOf(route, placeOf),
    timeoutMs: tell<number | null>(timeout === 0 ? null : timeout, {
      places: fieldAt(places, 'timeout'),
      read: readLimit,
      fallbacks: [
        { value: null, of: 'Istio' },
        { value: 15_000, of: 'Envoy' },
      ],
      maybe: context.maybe,
      field: 'timeout',
    }),
    retries: readRetries(route?.retry_policy, places, context),
    rewrites: [
      ...(route?.prefix_rewrite === undefined ? [] : [`path → ${route.prefix_rewrite}`]),
      ...(route?.regex_rewrite === undefined
        ? []
        : [`path ${route.regex_rewrite.pattern?.regex ?? ''} → ${route.regex_rewrite.substitution ?? ''}`]),
      ...(route?.host_rewrite_literal === undefined ? [] : [`host → ${route.host_rewrite_literal}`]),
    ],
    mirrors: (route?.request_mirror_policies ?? []).map(({ cluster = '', runtime_fraction }) => ({
      cluster,
      place: placeOf(cluster),
      share: runtime_fraction === undefined ? 1 : shareOf(runtime_fraction.default_value),
    })),
  };
}

/** A duration in milliseconds; 0 stands for no limit. */
function readLimit(written: unknown): number | null | undefined {
  const ms = readDuration(written);
  return ms === 0 ? null : ms;
}

const fieldAt = (places: readonly Place[], ...path: string[]) =>
  places.map((place) => within(place, ...path));

/** What Istio retries unless told otherwise. https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry */
const defaultConditions = ['cancelled', 'connect-failure', 'refused-stream', 'unavailable'];

function readRetries(
  policy: EnvoyRetryPolicy | undefined,
  places: readonly Place[],
  { maybe }: RouteContext,
): Retries {
  // The whole block comes from one place.
  const block = fieldAt(places, 'retries')
    .filter((place) => writtenAt(place) !== undefined)
    .slice(0, 1);
  const attempts = policy === undefined ? 0 : (policy.num_retries ?? 1);
  const conditions = conditionsOf(policy?.retry_on ?? '', policy?.retriable_status_codes ?? []);
  return {
    attempts: tell(attempts, {
      places: [...fieldAt(block, 'attempts'), ...block],
      // Without attempts the block turns retries off.
      read: (written) => readNumber(written) ?? (typeof written === 'object' ? 0 : undefined),
      fallbacks: [{ value: 2, of: 'Istio' }],
      maybe,
      field: 'retries.attempts',
    }),
    conditions: tell<readonly string[]>(conditions, {
      places: attempts === 0 ? block : fieldAt(block, 'retryOn'),
      read: (written) =>
        attempts === 0
          ? []
          : typeof written === 'string' && written !== ''
            ? conditionsOf(written, [])
            : undefined,
      fallbacks: [{ value: defaultConditions, of: 'Istio' }],
      maybe,
      field: 'retries.retryOn',
    }),
    perTryTimeoutMs: tell<number | null>(
      policy?.per_try_timeout === undefined ? null : durationMs(policy.per_try_timeout) || null,
      {
        places: attempts === 0 ? [] : fieldAt(block, 'perTryTimeout'),
        read: readLimit,
        fallbacks: [{ value: null, of: 'Istio' }],
        maybe,
        field: 'retries.perTryTimeout',
      },
    ),
  };
}

function readFault(
  fault: EnvoyFault | undefined,
  places: readonly Place[],
  { maybe, under }: RouteContext,
): InjectedFault {
  const source = <T>(field: string, value: T, isThis: (written: unknown) => boolean) =>
    tell(value, {
      places: fieldAt(places, 'fault', field),
      read: (written) => (isThis(written) ? value : undefined),
      fallbacks: [],
      maybe: [...maybe, ...under.ofKind('EnvoyFilter').map((resource) => settingAt({ resource, path: [] }))],
    });
  const { delay, abort } = fault ?? {};
  const delayMs = durationMs(delay?.fixed_delay ?? '0s');
  const status = abort?.http_status ?? 0;
  return {
    ...(delay === undefined
      ? {}
      : {
          delay: source(
            'delay',
            { ms: delayMs, share: shareOf(delay.percentage) },
            (written) => readDuration(valueAt(written, ['fixedDelay'])) === delayMs,
          ),
        }),
    ...(abort === undefined
      ? {}
      : {
          abort: source('abort', { status, share: shareOf(abort.percentage) }, (written) =>
            status === 0 ? true : valueAt(written, ['httpStatus']) === status,
          ),
        }),
  };
}
