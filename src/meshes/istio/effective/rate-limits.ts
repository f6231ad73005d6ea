import { valueAt } from '../../../kit/path.ts';
import type { Filter, NamedMatch, Origin, RouteMatch } from '../../../model/effective.ts';
import {
  durationMs,
  type EnvoyFilterConfig,
  type EnvoyLocalRateLimit,
  type EnvoyRateLimit,
  type EnvoyRateLimitAction,
  type EnvoyRouteConfiguration,
  type EnvoyRuntimeShare,
  type EnvoyTokenBucket,
  shareOf,
} from '../../envoy/config-dump.ts';
import { readHeaderMatch } from '../../envoy/routes.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { inCamelCase, inSnakeCase, patchesFor, patchOrigin, writtenFields } from './filter-patches.ts';
import type { Workload } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

type RateLimit = Extract<Filter, { readonly kind: 'rate-limit' }>;
type Descriptor = NonNullable<EnvoyLocalRateLimit['descriptors']>[number];
type Entries = NonNullable<Descriptor['entries']>;

interface RateLimitContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
}

/**
 * The limits of a sidecar's own buckets of tokens: one of the filter, one of each descriptor, and those of routes that
 * have their own. `routes` are what requests meet behind it: they say by what requests are told apart.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
 */
export function readLocalRateLimits(
  { name = '', typed_config }: EnvoyFilterConfig,
  routes: readonly EnvoyRouteConfiguration[],
  context: RateLimitContext,
): readonly RateLimit[] {
  const own = settingsIn(typed_config);
  const all = routes.flatMap(({ virtual_hosts = [] }) =>
    virtual_hosts.flatMap((host) =>
      (host.routes ?? []).map((route) => ({
        instead: route.typed_per_filter_config?.[name] ?? host.typed_per_filter_config?.[name],
        asks: route.route?.rate_limits ?? host.rate_limits ?? [],
      })),
    ),
  );
  const alike = all.filter(({ instead }) => instead === undefined);
  const others = all.filter(({ instead }) => instead !== undefined);
  const limits = [
    ...(alike.length === 0 && others.length > 0
      ? []
      : limitsOf(
          own,
          alike.flatMap(({ asks }) => asks),
          name,
          context,
        )),
    ...others.flatMap(({ instead, asks }) => limitsOf(settingsIn(instead), asks, name, context)),
  ];
  const seen = new Set<string>();
  return limits.filter((limit) => {
    const key = JSON.stringify(limit);
    return !seen.has(key) && seen.add(key);
  });
}

/** What is set of a filter; an untyped struct has it in `value`. */
function settingsIn(config: object | undefined): EnvoyLocalRateLimit {
  const { value } = (config ?? {}) as { readonly value?: object };
  return (value === undefined ? (config ?? {}) : inSnakeCase(value)) as EnvoyLocalRateLimit;
}

function limitsOf(
  settings: EnvoyLocalRateLimit,
  asksOfRoutes: readonly EnvoyRateLimit[],
  name: string,
  context: RateLimitContext,
): readonly RateLimit[] {
  const { token_bucket, descriptors = [] } = settings;
  // Those of the filter itself take the place of those of routes.
  const asks = settings.rate_limits ?? asksOfRoutes;
  return [
    ...(token_bucket === undefined ? [] : [{ bucket: token_bucket, entries: undefined }]),
    ...descriptors.map(({ token_bucket: bucket, entries = [] }) => ({ bucket, entries })),
  ].map(({ bucket, entries }) => {
    const place = placeOfBucket(bucket, entries, context);
    const from = place === undefined ? patchOrigin(name, context.under, context.workload) : settingAt(place);
    const match = entries && matchOf(entries, asks);
    const idle =
      idleBySetting(settings, place, from) ??
      (entries === undefined || match !== undefined
        ? undefined
        : {
            why: `no action of rate_limits asks for ${entriesText(entries)}, so that no request has it`,
            from,
          });
    return {
      kind: 'rate-limit',
      limit: bucketText(bucket),
      from,
      ...(match === undefined ? {} : { match }),
      ...(idle === undefined ? {} : { idle }),
    };
  });
}

const bucketText = (bucket: EnvoyTokenBucket | undefined) => {
  const tokens = bucket?.tokens_per_fill ?? 1;
  return `${tokens} each ${bucket?.fill_interval ?? '?'}, at most ${bucket?.max_tokens ?? tokens} at once`;
};

/** What is off unless it is set. */
function idleBySetting(
  settings: EnvoyLocalRateLimit,
  bucket: Place | undefined,
  from: Origin,
): RateLimit['idle'] {
  const isOff = (share: EnvoyRuntimeShare | undefined) => shareOf(share?.default_value) === 0;
  const told = (field: 'filter_enabled' | 'filter_enforced', what: string) => {
    const place = bucket && besides(bucket, field);
    return settings[field] === undefined || place === undefined
      ? { why: `${field} is not set, and without it ${what}`, from }
      : { why: `${field} is for 0 % of the requests: ${what}`, from: settingAt(place) };
  };
  if (isOff(settings.filter_enabled)) return told('filter_enabled', 'nobody is limited');
  return isOff(settings.filter_enforced)
    ? told('filter_enforced', 'what is above the limit is counted and not refused')
    : undefined;
}

/** A field of the settings that a bucket is in, the bucket's own or that of one of their descriptors. */
function besides({ resource, path }: Place, field: string): Place | undefined {
  const parents = [path.slice(0, -1), path.slice(0, -3)].map((parent) => ({ resource, path: parent }));
  return parents
    .flatMap((parent) => [field, inCamelCase(field)].map((name) => within(parent, name)))
    .find((place) => writtenAt(place) !== undefined);
}

/** Where a bucket is written: one that says the same, for the same descriptor. */
function placeOfBucket(
  bucket: EnvoyTokenBucket | undefined,
  entries: Entries | undefined,
  { under, workload }: RateLimitContext,
): Place | undefined {
  return patchesFor(under, workload)
    .flatMap((patch) => writtenFields(patch, 'token_bucket'))
    .find((place) => {
      const parent = place.path.slice(0, -1);
      const written = inSnakeCase(writtenAt(place)) as EnvoyTokenBucket;
      const besideIt = valueAt(place.resource.value, [...parent, 'entries']) as Entries | undefined;
      return isSameBucket(written, bucket) && entriesText(besideIt) === entriesText(entries);
    });
}

function isSameBucket(a: EnvoyTokenBucket | undefined, b: EnvoyTokenBucket | undefined): boolean {
  const key = (bucket: EnvoyTokenBucket | undefined) =>
    [
      bucket?.max_tokens,
      bucket?.tokens_per_fill ?? 1,
      durationMs(String(bucket?.fill_interval ?? '')),
    ].join();
  return key(a) === key(b);
}

/** "plan=free, path=/search". */
const entriesText = (entries: Entries | undefined) =>
  entries?.map(({ key = '', value = '' }) => `${key}${value === '' ? '' : `=${value}`}`).join(', ');

/** Which requests have a descriptor with these entries; undefined when none has. */
function matchOf(entries: Entries, asks: readonly EnvoyRateLimit[]): RouteMatch | undefined {
  for (const { actions = [] } of asks) {
    if (actions.length !== entries.length) continue;
    const conditions = actions.map((action, index) => conditionsOf(action, entries[index] ?? {}));
    const known = conditions.filter((each) => each !== undefined);
    if (known.length < conditions.length) continue;
    return {
      path: { kind: 'prefix', value: '/' },
      headers: known.flatMap((each) => (each === 'perhaps' ? [] : each)),
      query: [],
      ...(known.includes('perhaps') ? { more: true as const } : {}),
    };
  }
  return undefined;
}

/** What a request has to be like for an action to give it this entry; undefined where none gets it. */
function conditionsOf(
  action: EnvoyRateLimitAction,
  { key = '', value = '' }: Entries[number],
): readonly NamedMatch[] | 'perhaps' | undefined {
  const { request_headers, generic_key, header_value_match } = action;
  const gives = (own: string | undefined, usual: string) => key === (own || usual);
  if (request_headers !== undefined) {
    if (key !== request_headers.descriptor_key) return undefined;
    const name = request_headers.header_name ?? '';
    return [value === '' ? { name, kind: 'present', value } : { name, kind: 'exact', value }];
  }
  if (generic_key !== undefined) {
    const { descriptor_key, descriptor_value } = generic_key;
    return gives(descriptor_key, 'generic_key') && value === descriptor_value ? [] : undefined;
  }
  if (header_value_match !== undefined) {
    const { descriptor_key, descriptor_value, expect_match = true, headers = [] } = header_value_match;
    if (!gives(descriptor_key, 'header_match') || value !== descriptor_value) return undefined;
    if (expect_match) return headers.map(readHeaderMatch);
    const [only, ...others] = headers.map(readHeaderMatch);
    if (only === undefined || others.length > 0) return 'perhaps';
    const { not, ...match } = only;
    return [not ? match : { ...match, not: true }];
  }
  return 'perhaps';
}
