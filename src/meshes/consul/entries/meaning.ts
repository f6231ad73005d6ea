import { quote } from '../../../kit/nearest.ts';
import { isMap, mapAt, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import { isOfBytes, servedBy, type TopologyPlan, type TopologyService } from '../../../model/topology.ts';
import { type Datacenter, datacentersOf } from '../datacenters.ts';
import { protocolOf } from '../names.ts';
import { mistakesInCircles } from './circles.ts';
import { isFor } from './networks.ts';
import { mistakesInTexts } from './patterns.ts';
import {
  isRouting,
  makesService,
  mistakesInExports,
  mistakesInNetwork,
  mistakesInPeers,
  mistakesInTargets,
} from './peers.ts';
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
        entries,
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
  everywhere: readonly Entry[],
): readonly Problem[] {
  const destinations = entries.flatMap(destinationsOf);
  const served = servedBy(topology);
  const servers = served.map(({ name }) => name);
  const virtual = entries.filter(makesService).map(({ name }) => name);
  const all = topology.services.map(({ name }) => name);
  return [
    ...destinations.flatMap((each) => mistakeInService(each, [...servers, ...virtual])),
    ...entries.flatMap((entry) => mistakeInName(entry, all, destinations)),
    ...entries.flatMap((entry) => mistakesInCallers(entry, all)),
    ...entries.flatMap((entry) => mistakesInSpeech(entry, topology)),
    ...destinations.flatMap((each) => mistakeInSubset(each, entries)),
    ...entries.flatMap((entry) => mistakesInPeers(entry, datacenter)),
    ...entries.flatMap((entry) => mistakesInTargets(entry, datacenter, topology, everywhere)),
    ...entries.flatMap((entry) => mistakesInExports(entry, datacenter, topology, virtual)),
    ...mistakesAlone(entries),
    ...mistakesInCircles(entries),
    ...mistakesInProtocol(entries, served),
    ...destinations.flatMap((each) => mistakeInWay(each, entries, topology.services)),
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
  const all = listAt(entry.value, overrides);
  const names = all.map((each) => textAt(each, ['Name']));
  // A service of a peer is another one than that of the same name here.
  const whole = all.map((each) => `${textAt(each, ['Name'])} ${textAt(each, ['Peer']) ?? ''}`);
  const again = names.flatMap((name, index) => {
    if (name === '*') {
      const hint = 'what is for all of them stands in UpstreamConfig.Defaults';
      return [entry.problem([...overrides, index, 'Name'], 'an override is for one service', hint)];
    }
    if (name === undefined || whole.indexOf(whole[index] ?? '') === index) return [];
    const message = `an earlier override is for ${name} as well, and only one of the two counts`;
    return [entry.problem([...overrides, index, 'Name'], message, 'put both into one')];
  });
  return [...again, ...namelessOverrides(entry)];
}

/** What callers are to speak has to be what the service does: of requests that go as bytes, or bytes as requests, nothing can be told. */
function mistakesInSpeech(entry: Entry, topology: TopologyPlan): readonly Problem[] {
  if (entry.kind !== 'service-defaults') return [];
  const services = servedBy(topology);
  const isOfBytesAt = (name: string | undefined) =>
    services.some((each) => each.name === name && isOfBytes(each));
  const called = topology.calls.filter(({ from }) => from === entry.name).map(({ to }) => to);
  const overrides: Path = ['UpstreamConfig', 'Overrides'];
  const places: readonly { readonly at: Path; readonly called: readonly (string | undefined)[] }[] = [
    { at: ['UpstreamConfig', 'Defaults'], called },
    ...listAt(entry.value, overrides).map((each, index) => ({
      at: [...overrides, index],
      called: [textAt(each, ['Name'])],
    })),
  ];
  return places.flatMap(({ at, called: services }) => {
    const protocol = textAt(entry.value, [...at, 'Protocol']);
    if (protocol === undefined) return [];
    const odd = services.find((name) => isOfBytesAt(name) !== (protocol === 'tcp'));
    const isOdd = odd !== undefined || (protocol === 'tcp' && services.length === 0);
    if (!isOdd) return [];
    const message =
      protocol === 'tcp'
        ? 'callers would take requests for connections of TCP, of which nothing can be told'
        : `callers would take connections of ${odd} for requests, and its port is named as one of bytes`;
    return [entry.problem([...at, 'Protocol'], message, 'leave it out: callers speak what the service does')];
  });
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

/** What stands behind one name speaks one protocol: Consul refuses entries that lead from one to another. */
function mistakeInWay(
  { entry, path, service: to }: Named,
  entries: readonly Entry[],
  services: readonly TopologyService[],
): readonly Problem[] {
  const [own, other] = [entry.name, to].map((name) => spokenBy(name, entries, services));
  // Of what routes bytes that alone is said.
  if (own === other || (own === 'tcp' && isRouting(entry))) return [];
  const message = `${entry.name} speaks ${own}, and ${to} speaks ${other}: Consul refuses what leads from one protocol to another`;
  return [entry.problem(path, message, `lead to services that speak ${own}, as their service-defaults say`)];
}

/** What Consul takes a service to speak: what its own service-defaults say, and where it has none, the scenario. */
function spokenBy(name: string, entries: readonly Entry[], services: readonly TopologyService[]): string {
  const defaults = entries.find((each) => each.kind === 'service-defaults' && each.name === name);
  if (defaults !== undefined) return textAt(defaults.value, ['Protocol']) ?? 'tcp';
  const own = protocolOf(services.find((each) => each.name === name) ?? {});
  if (own !== 'http') return own;
  const general = entries.find(({ kind }) => kind === 'proxy-defaults');
  return textAt(general?.value, ['Config', 'protocol']) ?? 'http';
}

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
