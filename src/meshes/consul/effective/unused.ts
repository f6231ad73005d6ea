import { mapAt, valueAt } from '../../../kit/path.ts';
import type { Inbound, Subject, Unused } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Instance, TopologyPlan } from '../../../model/topology.ts';
import type { EnvoyCluster } from '../../envoy/config-dump.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { clusterName } from '../clusters.ts';
import { networkOf } from '../entries/networks.ts';
import { isForCallsOf, listAt, textAt } from '../entries/written.ts';
import type { EntriesUnderTest } from './entries.ts';
import { datacenterOf } from './targets.ts';

const subjects: readonly (readonly [block: string, Subject])[] = [
  ['Limits', 'limits'],
  ['PassiveHealthCheck', 'outlier-detection'],
];

const calledBy = (service: string, calls: TopologyPlan['calls']): readonly string[] => [
  ...new Set(calls.filter(({ from }) => from === service).map(({ to }) => to)),
];

/**
 * What is written about calls of a caller's services and does not hold for them: settings of calls belong to who calls,
 * and many write them to who is called.
 */
export function unusedByCaller(
  { service }: Instance,
  { calls }: TopologyPlan,
  under: EntriesUnderTest,
): readonly Unused[] {
  const called = calledBy(service, calls);
  return called.flatMap((to) => [
    ...ofCalled(service, to, under),
    ...hidden(service, to, under),
    ...failoverOfOthers(to, under),
  ]);
}

/** Failover of a service's subsets, where calls that name none go to a subset that has none. */
function failoverOfOthers(to: string, under: EntriesUnderTest): readonly Unused[] {
  const resolver = under.of('service-resolver', to);
  const usual = resolver && valueAt(writtenAt(resolver), ['DefaultSubset']);
  if (resolver === undefined || typeof usual !== 'string' || usual === '') return [];
  const all = within(resolver, 'Failover');
  const named = Object.keys(mapAt(writtenAt(all), []) ?? {});
  return named.includes(usual) || named.includes('*')
    ? []
    : named.map((name) =>
        unused(
          within(all, name),
          'locality',
          to,
          `it is for the subset ${name}, and calls of ${to} go to ${usual}`,
        ),
      );
}

/** Peers to which calls are to go over, and to which no way leads. */
export function unusedTargets(
  { service, network }: Instance,
  { calls, instances }: TopologyPlan,
  under: EntriesUnderTest,
  held: readonly EnvoyCluster[],
): readonly Unused[] {
  const called = calledBy(service, calls);
  return called.flatMap((to) => {
    const resolver = under.of('service-resolver', to);
    if (resolver === undefined) return [];
    const reached = new Set(
      held
        .filter(({ name }) => clusterName(name)?.service === to)
        .flatMap((each) => datacenterOf(each) ?? []),
    );
    const mode = under.gatewayMode(service, to);
    const isLocal = mode !== undefined && writtenAt(mode) === 'local';
    const hasGateway = instances.some((each) => each.gateway === 'east-west' && each.network === network);
    const all = within(resolver, 'Failover');
    return Object.entries(mapAt(writtenAt(all), []) ?? {}).flatMap(([subset, failover]) =>
      listAt(failover, ['Targets']).flatMap((target, index): readonly Unused[] => {
        const peer = textAt(target, ['Peer']);
        if (peer === undefined) return [];
        const place = within(all, subset, 'Targets', index, 'Peer');
        if (isLocal && !hasGateway) {
          const why = `the way to peers is through a gateway of the network ${network}, which has none`;
          return [unused(place, 'locality', to, why), unused(mode, 'locality', to, why)];
        }
        if (reached.has(peer)) return [];
        const why = `${peer} exports no ${textAt(target, ['Service']) ?? to} to ${network}`;
        return [unused(place, 'locality', to, why)];
      }),
    );
  });
}

/** What is written for calls, and for the network of somebody else. */
export function unusedElsewhere(
  instance: Instance,
  { calls }: TopologyPlan,
  elsewhere: readonly MeshResource[],
): readonly Unused[] {
  const { service, network, role } = instance;
  if (role !== 'client') return [];
  const called = calledBy(service, calls);
  return elsewhere.flatMap((resource) => {
    const place = { resource, path: [] };
    const why = `it is for the network ${networkOf(resource)}, and ${service} calls from ${network}`;
    if (resource.kind === 'service-resolver' && called.includes(resource.name)) {
      return [unused(within(place, 'Meta', 'network'), 'locality', resource.name, why)];
    }
    if (resource.kind !== 'service-defaults' || resource.name !== service) return [];
    return called.flatMap((to) =>
      subjects.map(([, about]) => unused(within(place, 'Meta', 'network'), about, to, why)),
    );
  });
}

/** Intentions that refuse nobody at a server: those for calls of other services, and those that deny nothing at all. */
export function unusedByServer(
  { service }: Instance,
  inbound: readonly Inbound[],
  under: EntriesUnderTest,
): readonly Unused[] {
  const denies = inbound.some(({ filters }) => filters.some(({ kind }) => kind === 'authorization'));
  return under.all
    .filter(({ kind }) => kind === 'service-intentions')
    .flatMap(({ kind, name }): readonly Unused[] => {
      const entry = under.of(kind, name);
      const isOwn = name === service || name === '*';
      if (entry === undefined || (isOwn && denies)) return [];
      const sources = within(entry, 'Sources');
      const setting = settingAt(writtenAt(sources) === undefined ? entry : sources);
      const why = isOwn
        ? 'nothing in it is denied, and who is not denied may call'
        : `it is for calls of ${name}`;
      return [{ about: 'authorization', service, side: 'server', setting, why }];
    });
}

/** Blocks in the service-defaults of the service that is called: they are for what that one calls. */
function ofCalled(from: string, to: string, under: EntriesUnderTest): readonly Unused[] {
  const entry = under.of('service-defaults', to);
  if (entry === undefined) return [];
  const config = within(entry, 'UpstreamConfig');
  const overrides = listAt(writtenAt(config), ['Overrides']).map((_, index) =>
    within(config, 'Overrides', index),
  );
  const why = `UpstreamConfig in the service-defaults of ${to} is for what ${to} calls; what is for calls of ${from} stands in those of ${from}`;
  return [within(config, 'Defaults'), ...overrides].flatMap((place) => blocksIn(place, to, why));
}

/** Blocks for all that a service calls, where there is one for this service alone. */
function hidden(from: string, to: string, under: EntriesUnderTest): readonly Unused[] {
  const entry = under.of('service-defaults', from);
  if (entry === undefined) return [];
  const config = within(entry, 'UpstreamConfig');
  const overrides = listAt(writtenAt(config), ['Overrides']);
  const foreign = overrides.flatMap((each, index) => {
    const name = textAt(each, ['Name']) ?? '-';
    const peer = textAt(each, ['Peer']);
    if (isForCallsOf(each, to) || (name !== to && overrides.some((other) => isForCallsOf(other, to))))
      return [];
    const why =
      peer === undefined
        ? `it is for calls of ${name}, and not of ${to}`
        : `it is for calls that name ${name} of the peer ${peer}, and those that go over to it by a failover or a redirect name ${to}`;
    return blocksIn(within(config, 'Overrides', index), to, why);
  });
  const own = subjects.flatMap(([block, about]) => {
    const used = under.upstreamBlock(from, to, block);
    const general = within(config, 'Defaults', block);
    if (used === undefined || writtenAt(general) === undefined || used.path.includes('Defaults')) return [];
    const why = `the ${block} of the override for ${to} take the place of the whole block`;
    return [unused(general, about, to, why)];
  });
  return [...foreign, ...own];
}

const blocksIn = (place: Place, service: string, why: string): readonly Unused[] =>
  subjects.flatMap(([block, about]) => {
    const written = within(place, block);
    return writtenAt(written) === undefined ? [] : [unused(written, about, service, why)];
  });

const unused = (place: Place, about: Subject, service: string, why: string): Unused => ({
  about,
  service,
  side: 'client',
  setting: settingAt(place),
  why,
});
