import { quote } from '../../../kit/nearest.ts';
import { mapAt, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { mistakeInPattern } from '../../envoy/patterns.ts';
import type { Entry } from './read.ts';
import { listAt } from './written.ts';

/** Texts in a language of their own that Consul hands on as they are, and that only a sidecar would refuse, or nobody. */
export function mistakesInTexts(entry: Entry): readonly Problem[] {
  switch (entry.kind) {
    case 'service-router':
      return listAt(entry.value, ['Routes']).flatMap((_, index) =>
        inRequests(entry, ['Routes', index, 'Match', 'HTTP']),
      );
    case 'service-intentions':
      return listAt(entry.value, ['Sources']).flatMap((source, index) =>
        listAt(source, ['Permissions']).flatMap((_, number) =>
          inRequests(entry, ['Sources', index, 'Permissions', number, 'HTTP']),
        ),
      );
    case 'service-resolver':
      return Object.keys(mapAt(entry.value, ['Subsets']) ?? {}).flatMap((name) =>
        inFilter(entry, ['Subsets', name, 'Filter']),
      );
    case 'service-defaults':
      return [
        ['UpstreamConfig', 'Defaults'],
        ...listAt(entry.value, ['UpstreamConfig', 'Overrides']).map((_, index) => [
          'UpstreamConfig',
          'Overrides',
          index,
        ]),
      ].flatMap((at) =>
        ['EnvoyClusterJSON', 'EnvoyListenerJSON'].flatMap((name) => inJson(entry, [...at, name])),
      );
    default:
      return [];
  }
}

function inRequests(entry: Entry, at: Path): readonly Problem[] {
  const places: readonly Path[] = [
    [...at, 'PathRegex'],
    ...['Header', 'QueryParam'].flatMap((list) =>
      listAt(entry.value, [...at, list]).map((_, index) => [...at, list, index, 'Regex']),
    ),
  ];
  return places.flatMap((place) => {
    const pattern = valueAt(entry.value, place);
    const why = typeof pattern === 'string' ? mistakeInPattern(pattern) : undefined;
    return why === undefined ? [] : [entry.problem(place, `sidecars refuse this regular expression: ${why}`)];
  });
}

function inJson(entry: Entry, place: Path): readonly Problem[] {
  const text = valueAt(entry.value, place);
  if (typeof text !== 'string' || text === '') return [];
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [entry.problem(place, 'expected JSON in this text, and it is none')];
  }
}

/** What a filter of a subset may look at. https://developer.hashicorp.com/consul/api-docs/health#filtering-2 */
const selectors: Readonly<Record<string, readonly string[]>> = {
  Service: [
    ...['ID', 'Service', 'Kind', 'Tags', 'Meta', 'Address', 'TaggedAddresses', 'Port', 'SocketPath'],
    ...['Weights', 'EnableTagOverride', 'Proxy', 'Connect', 'PeerName'],
  ],
  Node: ['ID', 'Node', 'Address', 'Datacenter', 'TaggedAddresses', 'Meta', 'PeerName', 'Partition'],
  Checks: [],
};

/** Where a filter names something that there is not, no host is ever in the subset. */
function inFilter(entry: Entry, place: Path): readonly Problem[] {
  const filter = valueAt(entry.value, place);
  if (typeof filter !== 'string') return [];
  const bare = filter.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""');
  const named = bare.matchAll(/(?<!(?:==|!=|contains|matches)\s*)(?<![\w./-])[A-Z]\w*(?:\.[\w-]+)*/g);
  const wrong = [...named]
    .map(([name]) => name)
    .find((name) => {
      const [first = '', second] = name.split('.');
      const known = Object.hasOwn(selectors, first) ? selectors[first] : undefined;
      if (known === undefined) return name.includes('.') || /^(?:Service|Node)/.test(name);
      return second !== undefined && known.length > 0 && !known.includes(second);
    });
  if (wrong === undefined) return [];
  const message = `hosts have nothing that is called ${quote(wrong)}, so none is in this subset`;
  return [entry.problem(place, message, 'such as Service.Meta.version, Service.Tags or Node.Meta.rack')];
}
