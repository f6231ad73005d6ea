import { valueAt } from '../../../kit/path.ts';
import type { PassedOn, Sidecar, Unused } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Instance, TopologyPlan } from '../../../model/topology.ts';
import { dumpedListeners, type EnvoyListener } from '../../envoy/config-dump.ts';
import { settingAt, within, writtenAt } from '../../told.ts';
import { askedByPeer } from '../clusters.ts';
import { networkOf } from '../entries/networks.ts';
import { listAt } from '../entries/written.ts';
import type { EntriesUnderTest } from './entries.ts';

interface GatewayContext {
  readonly topology: TopologyPlan;
  readonly under: EntriesUnderTest;
  /** What is for other networks. */
  readonly elsewhere: readonly MeshResource[];
}

/** What a gateway takes of the peers of its datacenter: what that exports. */
export function readMeshGateway(
  instance: Instance,
  [, listenerAnswer = '{}']: readonly string[],
  context: GatewayContext,
): Sidecar {
  const { service, workload, locality, role, network, port } = instance;
  const own = dumpedListeners(listenerAnswer).filter(
    ({ address }) => address?.socket_address?.port_value === port,
  );
  return {
    instance: instance.name,
    service,
    workload,
    locality,
    role,
    ...(network === undefined ? {} : { network }),
    gateway: {
      kind: 'east-west',
      port,
      listens: own.length > 0,
      passes: passedOn(own, context),
      takes: [],
      openedBy: { name: 'exported-services', of: 'Consul' },
    },
    hosts: [],
    clusters: [],
    filters: [],
    inbound: [],
    unused: unusedByGateway(instance, context),
  };
}

/** Of each service once, however many peers may ask for it. */
function passedOn(
  listeners: readonly EnvoyListener[],
  { topology: { services }, under }: GatewayContext,
): readonly PassedOn[] {
  const exports = under.of('exported-services', 'default');
  const written = listAt(exports && writtenAt(exports), ['Services']);
  const names = listeners
    .flatMap(({ filter_chains = [] }) => filter_chains)
    .flatMap(({ filter_chain_match }) => filter_chain_match?.server_names ?? [])
    .flatMap((name) => askedByPeer(name)?.service ?? []);
  return [...new Set(names)].flatMap((name) => {
    const service = services.find((each) => each.name === name);
    // The marker's is nobody's.
    if (service === undefined) return [];
    const index = [name, '*']
      .map((wanted) => written.findIndex((each) => valueAt(each, ['Name']) === wanted))
      .find((found) => found >= 0);
    return [
      {
        service: name,
        port: service.port,
        subset: undefined,
        anew: true as const,
        from:
          exports === undefined || index === undefined
            ? { by: 'unknown' as const, maybe: [] }
            : settingAt(within(exports, 'Services', index)),
      },
    ];
  });
}

/** What is exported elsewhere. */
const unusedByGateway = ({ service, network }: Instance, { elsewhere }: GatewayContext): readonly Unused[] =>
  elsewhere
    .filter(({ kind }) => kind === 'exported-services')
    .flatMap((resource) =>
      listAt(resource.value, ['Services']).map((_, index) => ({
        about: 'gateway' as const,
        service,
        side: 'server' as const,
        setting: settingAt({ resource, path: ['Services', index] }),
        why: `it is what ${networkOf(resource)} exports, and not ${network}`,
      })),
    );
