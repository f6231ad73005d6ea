import type { Destination, NamedMatch, RouteMatch, TextMatch } from '../../model/effective.ts';
import type { EnvoyHeaderMatcher, EnvoyRoute, EnvoyRouteMatch, StringMatcher } from './config-dump.ts';

/** Which requests a route takes. */
export function readMatch(match: EnvoyRouteMatch): RouteMatch {
  const { runtime_fraction, dynamic_metadata = [], headers = [], query_parameters = [] } = match;
  const ignoreCase = match.case_sensitive === false ? { ignoreCase: true as const } : {};
  const path: TextMatch =
    match.path !== undefined
      ? { kind: 'exact', value: match.path, ...ignoreCase }
      : match.path_separated_prefix !== undefined
        ? { kind: 'segments', value: match.path_separated_prefix, ...ignoreCase }
        : match.safe_regex !== undefined
          ? { kind: 'regex', value: match.safe_regex.regex ?? '' }
          : { kind: 'prefix', value: match.prefix ?? '/', ...ignoreCase };
  return {
    path,
    headers: headers.map(readHeaderMatch),
    query: query_parameters.map(({ name, string_match }) => ({ name, ...textMatch(string_match ?? {}) })),
    ...(runtime_fraction === undefined && dynamic_metadata.length === 0 ? {} : { more: true as const }),
  };
}

/** Which header has to match, and how. */
export function readHeaderMatch(header: EnvoyHeaderMatcher): NamedMatch {
  return {
    name: header.name,
    ...textMatch(
      header.string_match ?? {
        ...(header.exact_match === undefined ? {} : { exact: header.exact_match }),
        ...(header.prefix_match === undefined ? {} : { prefix: header.prefix_match }),
        ...(header.safe_regex_match === undefined ? {} : { safe_regex: header.safe_regex_match }),
      },
    ),
    ...(header.invert_match ? { not: true as const } : {}),
    ...(header.treat_missing_header_as_empty ? { emptyIfMissing: true as const } : {}),
  };
}

function textMatch({ exact, prefix, suffix, contains, safe_regex, ignore_case }: StringMatcher): TextMatch {
  const ignoreCase = ignore_case ? { ignoreCase: true as const } : {};
  if (exact !== undefined) return { kind: 'exact', value: exact, ...ignoreCase };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix, ...ignoreCase };
  if (suffix !== undefined) return { kind: 'suffix', value: suffix, ...ignoreCase };
  if (contains !== undefined) return { kind: 'contains', value: contains, ...ignoreCase };
  if (safe_regex !== undefined) return { kind: 'regex', value: safe_regex.regex ?? '' };
  return { kind: 'present', value: '' };
}

/** What a redirect answers with, by Envoy's words. */
export const redirectStatus: Readonly<Record<string, number>> = {
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
};

/** Where a route leads, each cluster with its share; `placeOf` says in words where a cluster is. */
export function destinationsOf(
  route: EnvoyRoute['route'],
  placeOf: (cluster: string) => string,
): readonly Destination[] {
  if (route?.cluster !== undefined) {
    return [{ cluster: route.cluster, place: placeOf(route.cluster), share: 1 }];
  }
  const weighted = (route?.weighted_clusters?.clusters ?? []).map(({ name = '', weight = 0 }) => ({
    name,
    weight,
  }));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.map(({ name, weight }) => ({
    cluster: name,
    place: placeOf(name),
    share: total === 0 ? 0 : weight / total,
  }));
}

/** What is tried again: "connect-failure", "5xx", "503", in the order of the alphabet. */
export function conditionsOf(retryOn: string, codes: readonly number[]): readonly string[] {
  const names = retryOn
    .split(',')
    .map((name) => name.trim())
    // Only says that the codes beside it count.
    .filter((name) => name !== '' && name !== 'retriable-status-codes');
  return [...new Set([...names, ...codes.map(String)])].toSorted();
}
