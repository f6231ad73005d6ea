import type { Path } from '../../kit/path.ts';
import { entryKinds } from './entries/fields.ts';

/** How Consul begins what it says of one place of an entry, and where that is. */
const beginnings: readonly (readonly [words: RegExp, place: (found: RegExpExecArray) => Path])[] = [
  [/^Route\[(\d+)\] (Header|QueryParam)\[(\d+)\]/, ([, r, list = '', n]) => ofRoute(r, list, Number(n))],
  [/^Route\[(\d+)\] (PathPrefix|PathExact|PathRegex|Methods)\b/, ([, r, field = '']) => ofRoute(r, field)],
  [/^Route\[(\d+)\] should only contain at most one of Path/, ([, r]) => ofRoute(r)],
  [
    /^Route\[(\d+)\].*\b(PrefixRewrite|NumRetries|RetryOn\w*|RequestTimeout)\b/,
    ([, r, field = '']) => ['Routes', Number(r), 'Destination', field],
  ],
  [/^Route\[(\d+)\]/, ([, r]) => ['Routes', Number(r)]],
  [/^Bad Failover\["([^"]*)"\]/, ([, name = '']) => ['Failover', name]],
  [/^Bad (LoadBalancer)\b.*?\b(\w+Config|HashPolicies)\b/, ([, block = '', field = '']) => [block, field]],
  [/^Bad (LoadBalancer)\b/, ([, block = '']) => [block]],
  [/subset "([^"]*)" is not a valid expression/, ([, name = '']) => ['Subsets', name, 'Filter']],
  [/invalid EnvoyExtensions\[(\d+)\]/, ([, index]) => ['EnvoyExtensions', Number(index)]],
  [
    /error in (incoming|outgoing) TLS configuration/,
    ([, way]) => ['TLS', way === 'incoming' ? 'Incoming' : 'Outgoing'],
  ],
  [/access log/, () => ['AccessLogs']],
];

const ofRoute = (route: string | undefined, ...more: Path): Path => [
  'Routes',
  Number(route),
  'Match',
  'HTTP',
  ...more,
];

/** "Sources[0].Permissions[1].HTTP.PathExact", "DefaultSubset", at the beginning of what is said. */
const writtenOut = /^"?((?:[A-Z]\w+(?:\[\d+\])?)(?:\.[A-Z]\w+(?:\[\d+\])?)*)"?/;

const fieldsOfEntries: ReadonlySet<string> = new Set(
  Object.values(entryKinds).flatMap(({ fields }) => Object.keys(fields)),
);

/** Where in an entry something is that Consul refuses, by what it says; the entry as a whole where it does not say. */
export function placeOfRefusal(said: string): Path {
  for (const [words, place] of beginnings) {
    const found = words.exec(said);
    if (found !== null) return place(found);
  }
  const [, path = ''] = writtenOut.exec(said) ?? [];
  // Sentences begin with a capital too.
  if (!fieldsOfEntries.has(/^\w*/.exec(path)?.[0] ?? '')) return [];
  return [...path.matchAll(/(\w+)(?:\[(\d+)\])?/g)].flatMap(([, name = '', index]) =>
    index === undefined ? [name] : [name, Number(index)],
  );
}
