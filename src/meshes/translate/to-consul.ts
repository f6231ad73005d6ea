import { retryConditions } from '../consul/entries/fields.ts';
import type { RouteIntent, RouteMatch, ServiceIntent, TextMatch } from './intent.ts';
import { merged } from './merged.ts';
import { percents } from './shares.ts';

/** An entry as Consul takes it. */
type ConsulEntry = Readonly<Record<string, unknown>> & { readonly Kind: string; readonly Name: string };

/** What has no place in entries, of a service. */
export interface Untranslated {
  readonly service: string;
  readonly why: string;
}

/** The entries that say the same: those of callers by name, and those of the services that are called. */
export function toConsul(
  intents: readonly ServiceIntent[],
  callers: readonly string[],
): { readonly entries: readonly ConsulEntry[]; readonly untranslated: readonly Untranslated[] } {
  const services = merged(intents);
  const untranslated: Untranslated[] = [];
  const entries: ConsulEntry[] = callers.flatMap((caller) => {
    const overrides = services.flatMap((intent) => overrideOf(intent) ?? []);
    return overrides.length === 0
      ? []
      : [{ Kind: 'service-defaults', Name: caller, UpstreamConfig: { Overrides: overrides } }];
  });
  for (const intent of services) {
    entries.push(...resolverOf(intent), ...routingOf(intent, untranslated));
  }
  return { entries, untranslated };
}

function overrideOf({ service, pool, ejection }: ServiceIntent): object | undefined {
  const { connections, pending, requests } = pool;
  const limits = {
    ...(connections === undefined ? {} : { MaxConnections: connections }),
    ...(pending === undefined ? {} : { MaxPendingRequests: pending }),
    ...(requests === undefined ? {} : { MaxConcurrentRequests: requests }),
  };
  if (Object.keys(limits).length === 0 && ejection === undefined) return undefined;
  return {
    Name: service,
    ...(Object.keys(limits).length === 0 ? {} : { Limits: limits }),
    ...(ejection === undefined
      ? {}
      : {
          // There it is on unless somebody says otherwise.
          PassiveHealthCheck:
            ejection.errors === 0
              ? { EnforcingConsecutive5xx: 0 }
              : {
                  Interval: ejection.interval,
                  MaxFailures: ejection.errors,
                  EnforcingConsecutive5xx: 100,
                  MaxEjectionPercent: ejection.mostPercent,
                  BaseEjectionTime: ejection.base,
                },
        }),
  };
}

function resolverOf({ service, subsets, balancing, connectTimeout }: ServiceIntent): ConsulEntry[] {
  const named = Object.entries(subsets);
  if (named.length === 0 && balancing === undefined && connectTimeout === undefined) return [];
  return [
    {
      Kind: 'service-resolver',
      Name: service,
      ...(connectTimeout === undefined ? {} : { ConnectTimeout: connectTimeout }),
      ...(named.length === 0
        ? {}
        : {
            Subsets: Object.fromEntries(
              named.map(([name, labels]) => [
                name,
                {
                  Filter: Object.entries(labels)
                    .map(([label, value]) => `Service.Meta.${label.replaceAll(/[^\w-]/g, '_')} == "${value}"`)
                    .join(' and '),
                },
              ]),
            ),
          }),
      ...(balancing === undefined ? {} : { LoadBalancer: { Policy: balancing.replaceAll('-', '_') } }),
    },
  ];
}

/** A router with the routes, and a splitter for the shares that calls of the service are split into. */
function routingOf(intent: ServiceIntent, untranslated: Untranslated[]): ConsulEntry[] {
  const { service, routes } = intent;
  const entries: ConsulEntry[] = [];
  // Behind one that takes all none is ever reached.
  const last = routes.findIndex(({ matches }) => matches.length === 0);
  const reached = last < 0 ? routes : routes.slice(0, last + 1);
  const written = reached.flatMap((route) => {
    const split = route.to.length > 1;
    if (split && route.matches.length > 0) {
      untranslated.push({
        service,
        why: 'a split behind a match: in Consul shares belong to a service, not to a route',
      });
      return [];
    }
    if (split) {
      const shares = percents(route.to.map(({ weight }) => weight));
      entries.push({
        Kind: 'service-splitter',
        Name: service,
        Splits: route.to.map(({ service: to, subset }, index) => ({
          Weight: shares[index],
          ...(to === service ? {} : { Service: to }),
          ...(subset === undefined ? {} : { ServiceSubset: subset }),
        })),
      });
    }
    untranslated.push(...unknownConditions(route, service));
    return matchesOf(route).map((match) => {
      const rewritten = route.prefix === undefined ? match : rewritable(match);
      if (rewritten === undefined && route.prefix !== undefined) {
        untranslated.push({ service, why: `${route.prefix} in place of what a regular expression matches` });
      }
      const matched = rewritten ?? match;
      return {
        ...(matched === undefined ? {} : { Match: { HTTP: matchOf(matched) } }),
        Destination: destinationOf(route, service, { split, rewrites: rewritten !== undefined }),
      };
    });
  });
  if (written.length > 0) entries.push({ Kind: 'service-router', Name: service, Routes: written });
  return entries;
}

const isCode = (condition: string) => /^\d+$/.test(condition);
const isCondition = (condition: string) => retryConditions.includes(condition);

/** What Consul cannot try again for. */
function unknownConditions({ retries }: RouteIntent, service: string): readonly Untranslated[] {
  return (retries?.conditions ?? [])
    .filter((each) => !isCode(each) && !isCondition(each))
    .map((each) => ({ service, why: `retries for ${each}: Consul has no such condition` }));
}

/** One for each match, as any of them will do. */
const matchesOf = ({ matches }: RouteIntent): readonly (RouteMatch | undefined)[] =>
  matches.length === 0 ? [undefined] : matches;

/** The same with the beginning of a path that Consul may put another in the place of; undefined where it may not. */
function rewritable(match: RouteMatch | undefined): RouteMatch | undefined {
  if (match?.path?.kind === 'regex') return undefined;
  if (match?.path !== undefined && match.path.kind !== 'present') return match;
  const path = { kind: 'prefix', value: '/' } as const;
  return { methods: [], headers: {}, without: [], query: {}, ...match, path };
}

const words = { exact: 'Exact', prefix: 'Prefix', regex: 'Regex' } as const;

function matchOf({ path, methods, headers, without, query }: RouteMatch): object {
  const named = ([name, { kind, value }]: readonly [string, TextMatch]) => ({
    Name: name,
    ...(kind === 'present' ? { Present: true } : { [words[kind]]: value }),
  });
  const allHeaders = [
    ...Object.entries(headers).map(named),
    ...without.map((name) => ({ Name: name, Present: true, Invert: true })),
  ];
  return {
    ...(path === undefined || path.kind === 'present' ? {} : { [`Path${words[path.kind]}`]: path.value }),
    ...(methods.length === 0 ? {} : { Methods: methods }),
    ...(allHeaders.length === 0 ? {} : { Header: allHeaders }),
    ...(Object.keys(query).length === 0 ? {} : { QueryParam: Object.entries(query).map(named) }),
  };
}

function destinationOf(
  { to, timeout, retries, prefix }: RouteIntent,
  service: string,
  { split, rewrites }: { readonly split: boolean; readonly rewrites: boolean },
): object {
  const [first] = to;
  const codes = (retries?.conditions ?? []).filter(isCode).map(Number);
  const names = (retries?.conditions ?? []).filter(isCondition);
  return {
    ...(split || first === undefined || first.service === service ? {} : { Service: first.service }),
    ...(split || first?.subset === undefined ? {} : { ServiceSubset: first.subset }),
    ...(prefix === undefined || !rewrites ? {} : { PrefixRewrite: prefix }),
    // Where nothing is said, and where 0 is, its sidecars wait for 15 s.
    ...(timeout === undefined ? {} : { RequestTimeout: timeout === 'none' ? '24h' : timeout }),
    ...(retries === undefined || retries.attempts === 0
      ? {}
      : {
          NumRetries: retries.attempts,
          ...(names.length === 0 ? {} : { RetryOn: names }),
          ...(codes.length === 0 ? {} : { RetryOnStatusCodes: codes }),
        }),
  };
}
