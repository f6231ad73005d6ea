import type { Mistake } from '../../../kit/problems.ts';
import type { TopologyPlan } from '../../../model/topology.ts';
import type { AskedFault } from '../../contract.ts';

/** Whatever of a scenario cannot be with Consul in a cluster, and can on one host, each with the reason. */
export function unsupportedInCluster(
  { instances }: TopologyPlan,
  faults: readonly AskedFault[],
): readonly Mistake[] {
  const because = (why: string) => `unsupported here, because ${why}`;
  const bypassing = instances.filter(({ bypass = [] }) => bypass.length > 0);
  return [
    ...[...new Set(bypassing.map(({ service }) => service))].map(
      (service): Mistake => ({
        path: ['topology', 'services', service, 'bypass'],
        at: 'key',
        message: because('nothing captures connections with Consul, so that none can go past a sidecar'),
      }),
    ),
    ...faults.flatMap(({ actions }, index): readonly Mistake[] =>
      actions.some(({ do: action }) => action === 'stop-control-plane')
        ? [
            {
              path: ['faults', index, 'kind'],
              at: 'value',
              message: because(
                'an agent in a cluster keeps nothing beyond its pod: one that came back would have another authority, and no services',
              ),
              hint: 'run it with --env local',
            },
          ]
        : [],
    ),
  ];
}
