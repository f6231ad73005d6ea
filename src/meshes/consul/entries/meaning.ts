import { quote } from '../../../kit/nearest.ts';
import { isMap, mapAt, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { isOfBytes, servedBy, type TopologyPlan, type TopologyService } from '../../../model/topology.ts';
import { type Datacenter, datacentersOf } from '../datacenters.ts';
import { mistakesInCircles } from './circles.ts';
import { isFor } from './networks.ts';
import { mistakesInTexts } from './patterns.ts';
import { mistakesInExports, mistakesInNetwork, mistakesInPeers } from './peers.ts';
import type { Entry } from './read.ts';
import { listAt, meant, textAt } from './written.ts';

/** A name of a service that an entry has somewhere. */
interface Named {
  readonly entry: Entry;
  readonly path: Path;
  readonly service: string;
  /** The subset of it, where one is named. */
  readonly subset?: { readonly name: string; readonly path: Path };
}

/** What is wrong in what entries are together, and with what runs. */
export function mistakesTogether(entries: readonly Entry[], topology: TopologyPlan): readonly Problem[] {
  const all = datacentersOf(topology);
  const problems = [
    ...entries.flatMap((entry) => mistakesInNetwork(entry, all)),
    ...all.flatMap((datacenter) =>
      mistakesIn(
        datacenter,
        entries.filter((entry) => isFor(datacenter.network, entry)),
        topology,
      ),
    ),
  ];
  // What is for all of them is said once.
  return [...new Map(problems.map((each) => [JSON.stringify(each), each])).values()];
}

/** What is wrong in what one datacenter is given. */
function mistakesIn(
  datacenter: Datacenter,
  entries: readonly Entry[],
  topology: TopologyPlan,
): readonly Problem[] {
  const destinations = entries.flatMap(destinationsOf);
  const served = servedBy(topology);
  const servers = served.map(({ name }) => name);
  // A resolver makes a service of its name, wherever that leads.
  const virtual = entries
    .filter(({ kind }) => ['service-resolver', 'service-router', 'service-splitter'].includes(kind))
    .map(({ name }) => name);
  const all = topology.services.map(({ name }) => name);
  return [
    ...destinations.flatMap((each) => mistakeInService(each, [...servers, ...virtual])),
    ...entries.flatMap((entry) => mistakeInName(entry, all, destinations)),
    ...entries.flatMap((entry) => mistakesInCallers(entry, all)),
    ...destinations.flatMap((each) => mistakeInSubset(each, entries)),
    ...entries.flatMap((entry) => mistakesInPeers(entry, datacenter)),
    ...entries.flatMap((entry) => mistakesInExports(entry, datacenter, topology, virtual)),
    ...mistakesAlone(entries),
    ...mistakesInCircles(entries),
    ...mistakesInProtocol(entries, served),
  ];
}

/** What is wrong with entries of which nobody knows what runs. */
export function mistakesAlone(entries: readonly Entry[]): readonly Problem[] {
  return entries.flatMap((entry) => [
    ...mistakesInSplits(entry),
    ...mistakesInIntentions(entry),
    ...mistakesInOverrides(entry),
    ...mistakesInTexts(entry),
  ]);
}

/** Every service that an entry leads to; its own where it only names a subset. */
function destinationsOf(entry: Entry): readonly Named[] {
  const at = (path: Path): readonly Named[] => {
    const value = valueAt(entry.value, path);
    if (!isMap(value) || textAt(value, ['Peer']) !== undefined) return [];
    const service = textAt(value, ['Service']);
    const subset = textAt(value, ['ServiceSubset']);
    return [
      {
        entry,
        path: service === undefined ? path : [...path, 'Service'],
        service: service ?? entry.name,
        ...(subset === undefined ? {} : { subset: { name: subset, path: [...path, 'ServiceSubset'] } }),
      },
    ];
  };
  switch (entry.kind) {
    case 'service-router':
      return listAt(entry.value, ['Routes']).flatMap((_, index) => at(['Routes', index, 'Destination']));
    case 'service-splitter':
      return listAt(entry.value, ['Splits']).flatMap((_, index) => at(['Splits', index]));
    case 'service-resolver':
      return [
        ...at(['Redirect']),
        ...Object.entries(mapAt(entry.value, ['Failover']) ?? {}).flatMap(([name, failover]) => [
          ...listAt(failover, ['Targets']).flatMap((_, index) => at(['Failover', name, 'Targets', index])),
          ...(valueAt(failover, ['Targets']) === undefined ? at(['Failover', name]) : []),
        ]),
      ];
    default:
      return [];
  }
}

function mistakeInService({ entry, path, service }: Named, known: readonly string[]): readonly Problem[] {
  if (known.includes(service)) return [];
  return [entry.problem(path, `the topology has no service ${quote(service)}`, meant(service, known))];
}

/** Kinds of which there is one, and that no service is about. */
const isForAll: ReadonlySet<Entry['kind']> = new Set(['proxy-defaults', 'exported-services', 'mesh']);

/** The service that an entry is about has to be there, or another entry has to lead to it. */
function mistakeInName(
  entry: Entry,
  services: readonly string[],
  destinations: readonly Named[],
): readonly Problem[] {
  const { kind, name } = entry;
  if (isForAll.has(kind) || services.includes(name)) return [];
  if (kind === 'service-intentions' && name === '*') return [];
  if (destinations.some((each) => each.service === name && each.entry !== entry)) return [];
  const message = `the topology has no service ${quote(name)}, so nothing comes of this ${kind}`;
  return [entry.problem(['Name'], message, meant(name, services))];
}

/** Who calls, and whom, as intentions and settings of upstreams name them. */
function mistakesInCallers(entry: Entry, services: readonly string[]): readonly Problem[] {
  const at = (list: Path, what: string) =>
    listAt(entry.value, list).flatMap((each, index) => {
      const name = textAt(each, ['Name']);
      if (name === undefined || name === '*' || services.includes(name)) return [];
      const message = `the topology has no service ${quote(name)} ${what}`;
      return [entry.problem([...list, index, 'Name'], message, meant(name, services))];
    });
  if (entry.kind === 'service-intentions') return at(['Sources'], 'that could call');
  if (entry.kind === 'service-defaults') {
    return at(['UpstreamConfig', 'Overrides'], 'that could be called');
  }
  return [];
}

/** What settings of calls may not say: whom they are for has to be told once. */
function mistakesInOverrides(entry: Entry): readonly Problem[] {
  if (entry.kind !== 'service-defaults') return [];
  const overrides: Path = ['UpstreamConfig', 'Overrides'];
  const names = listAt(entry.value, overrides).map((each) => textAt(each, ['Name']));
  const again = names.flatMap((name, index) => {
    if (name === '*') {
      const hint = 'what is for all of them stands in UpstreamConfig.Defaults';
      return [entry.problem([...overrides, index, 'Name'], 'an override is for one service', hint)];
    }
    if (name === undefined || names.indexOf(name) === index) return [];
    const message = `an earlier override is for ${name} as well, and only one of the two counts`;
    return [entry.problem([...overrides, index, 'Name'], message, 'put both into one')];
  });
  const places: readonly Path[] = [
    ['UpstreamConfig', 'Defaults'],
    ...names.map((_, index) => [...overrides, index]),
  ];
  const ofBytes = places.flatMap((place) => {
    if (textAt(entry.value, [...place, 'Protocol']) !== 'tcp') return [];
    const message = 'callers would take requests for connections of TCP, of which nothing can be told';
    return [
      entry.problem([...place, 'Protocol'], message, 'leave it out: callers speak what the service does'),
    ];
  });
  return [...again, ...ofBytes, ...namelessOverrides(entry)];
}

function namelessOverrides(entry: Entry): readonly Problem[] {
  const overrides: Path = ['UpstreamConfig', 'Overrides'];
  const named = textAt(entry.value, ['UpstreamConfig', 'Defaults', 'Name']);
  return [
    ...listAt(entry.value, overrides).flatMap((each, index) =>
      textAt(each, ['Name']) === undefined
        ? [
            entry.problem(
              [...overrides, index],
              'an override has the Name of the service that it is for',
              'what is for all of them stands in UpstreamConfig.Defaults',
            ),
          ]
        : [],
    ),
    ...(named === undefined
      ? []
      : [
          entry.problem(
            ['UpstreamConfig', 'Defaults', 'Name'],
            'the defaults are for every service that is called, and have no Name',
            'what is for one stands in UpstreamConfig.Overrides',
          ),
        ]),
  ];
}

function mistakeInSubset({ entry, service, subset }: Named, entries: readonly Entry[]): readonly Problem[] {
  if (subset === undefined) return [];
  const resolver = entries.find(({ kind, name }) => kind === 'service-resolver' && name === service);
  const there = Object.keys(mapAt(resolver?.value, ['Subsets']) ?? {});
  if (there.includes(subset.name)) return [];
  const message = `${service} has no subset ${quote(subset.name)}`;
  const hint =
    there.length === 0
      ? `a service-resolver for ${service} says in Subsets which hosts that is`
      : meant(subset.name, there);
  return [entry.problem(subset.path, message, hint)];
}

function mistakesInSplits(entry: Entry): readonly Problem[] {
  if (entry.kind !== 'service-splitter') return [];
  const splits = listAt(entry.value, ['Splits']);
  const weights = splits.map((split) => Number(valueAt(split, ['Weight']) ?? 0));
  const sum = Number(weights.reduce((total, weight) => total + weight, 0).toFixed(4));
  const places = splits.map((split) =>
    [textAt(split, ['Service']) ?? entry.name, textAt(split, ['ServiceSubset']) ?? ''].join(' '),
  );
  const again = places.findIndex((place, index) => places.indexOf(place) !== index);
  return [
    ...(sum === 100
      ? []
      : [entry.problem(['Splits'], `the weights come to ${sum}, and have to come to 100`)]),
    ...(again < 0
      ? []
      : [
          entry.problem(
            ['Splits', again],
            'an earlier split leads to the same place',
            'a ServiceSubset or a Service tells them apart',
          ),
        ]),
  ];
}

/** What a source of intentions may not say together. */
function mistakesInIntentions(entry: Entry): readonly Problem[] {
  if (entry.kind !== 'service-intentions') return [];
  return listAt(entry.value, ['Sources']).flatMap((source, index) => {
    const at: Path = ['Sources', index];
    const action = textAt(source, ['Action']);
    const permissions = listAt(source, ['Permissions']);
    if (action !== undefined && permissions.length > 0) {
      return [entry.problem([...at, 'Action'], 'a source has an Action or Permissions, and not both')];
    }
    if (action === undefined && permissions.length === 0) {
      return [entry.problem(at, 'a source needs an Action, allow or deny, or Permissions')];
    }
    if (entry.name === '*' && permissions.length > 0) {
      const message = 'permissions are for one service, as they need one that speaks HTTP';
      return [entry.problem([...at, 'Permissions'], message, 'name the service, or write an Action alone')];
    }
    return [];
  });
}

/**
 * A service speaks TCP unless its own service-defaults say otherwise; those in proxy-defaults count only where it has
 * none. Of connections there are no routes, and no requests that a sidecar could tell of: only a service whose port is
 * named as one of bytes is to be taken so.
 */
function mistakesInProtocol(
  entries: readonly Entry[],
  services: readonly TopologyService[],
): readonly Problem[] {
  const hint = 'write Protocol = "http", or http2 or grpc';
  return entries.flatMap((entry) => {
    if (entry.kind === 'proxy-defaults' && textAt(entry.value, ['Config', 'protocol']) === 'tcp') {
      const message = 'sidecars would take requests for connections of TCP, of which nothing can be told';
      return [entry.problem(['Config', 'protocol'], message, hint)];
    }
    const { name } = entry;
    const service = services.find((each) => each.name === name);
    const ofBytes = service !== undefined && isOfBytes(service) ? service.portName?.text : undefined;
    if (entry.kind === 'service-intentions' && ofBytes !== undefined)
      return permissionsOfBytes(entry, ofBytes);
    if (isRouting(entry) && ofBytes !== undefined) {
      const message = `the port of ${name} is called ${ofBytes}, as one of bytes is: Consul refuses a ${entry.kind} for it`;
      return [entry.problem([], message, 'leave it out, or write another portName in the scenario')];
    }
    if (entry.kind !== 'service-defaults') return [];
    const routing = ofBytes === undefined && entries.find((each) => each.name === name && isRouting(each));
    const own = textAt(entry.value, ['Protocol']) ?? '';
    if (own !== '' && own !== 'tcp') {
      return ofBytes === undefined
        ? []
        : [
            entry.problem(
              ['Protocol'],
              `the port of ${name} is called ${ofBytes}, as one of bytes is`,
              `write Protocol = "tcp", or another portName in the scenario`,
            ),
          ];
    }
    if (!routing && (service === undefined || ofBytes !== undefined)) return [];
    const without = own === '' ? 'without a Protocol of its own' : 'with this Protocol';
    const message = routing
      ? `${without} ${name} speaks TCP, and a ${routing.kind} for it is refused`
      : `${without} ${name} speaks TCP, whatever proxy-defaults say, and nothing can be told of its requests`;
    return [entry.problem(['Protocol'], message, hint)];
  });
}

const isRouting = ({ kind }: Entry) => ['service-router', 'service-splitter'].includes(kind);

/** Of connections nobody can say which paths they are for: Consul makes of every permission one that denies. */
const permissionsOfBytes = (entry: Entry, portName: string): readonly Problem[] =>
  listAt(entry.value, ['Sources']).flatMap((source, index) =>
    valueAt(source, ['Permissions']) === undefined
      ? []
      : [
          entry.problem(
            ['Sources', index, 'Permissions'],
            `permissions are for requests, and the port of ${entry.name} is called ${portName}, as one of bytes is`,
            'write an Action, allow or deny',
          ),
        ],
  );
