import type { Mistake } from '../../../kit/problems.ts';
import type { Action } from '../../../model/fault.ts';
import type { TopologyPlan } from '../../../model/topology.ts';

/** Whatever of a scenario cannot be with Consul in a cluster, and can on one host, each with the reason. */
export function unsupportedInCluster(
  { instances }: TopologyPlan,
  faults: readonly (readonly Action[])[],
): readonly Mistake[] {
  const unable = (path: Mistake['path'], why: string, at: Mistake['at']): Mistake => ({
    path,
    at,
    message: `unsupported here, because ${why}`,
    hint: 'run it with --env local',
  });
  const bypassing = instances.filter(({ bypass = [] }) => bypass.length > 0);
  return [
    ...[...new Set(bypassing.map(({ service }) => service))].map((service) =>
      unable(
        ['topology', 'services', service, 'bypass'],
        'nothing captures connections with Consul, so that none can go past a sidecar',
        'key',
      ),
    ),
    ...faults.flatMap((actions, index) =>
      actions.some(({ do: action }) => action === 'stop-control-plane')
        ? [
            unable(
              ['faults', index, 'kind'],
              'an agent in a cluster keeps nothing beyond its pod: one that came back would have another authority, and no services',
              'value',
            ),
          ]
        : [],
    ),
  ];
}
