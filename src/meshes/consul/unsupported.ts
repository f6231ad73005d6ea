import type { Mistake } from '../../kit/problems.ts';
import type { Action } from '../../model/fault.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { isOfBytes, servedBy } from '../../model/topology.ts';
import { MOST_SERVICES } from './host/ports.ts';

/** Why a lab with Consul cannot do an action; undefined where it can. */
function whyNot({ do: action }: Action): string | undefined {
  if (action === 'issue') {
    return 'Consul issues certificates itself: no other one can be had from it, nor an expired one or one of a stranger';
  }
  if (action === 'stop') return 'its callers are told of no replica that goes yet: use kill';
  if (action === 'disturb-link') return 'relays stand between callers and sidecars of Istio only';
  return action === 'rotate-authority'
    ? 'Consul replaces its authority by itself, and hands out what follows from that in its own time'
    : undefined;
}

/** Whatever of a scenario cannot be on Consul, each with the reason. */
export function unsupported(
  { mtls, services, instances, ...topology }: TopologyPlan,
  faults: readonly (readonly Action[])[],
): readonly Mistake[] {
  const unable = (path: Mistake['path'], why: string, at: Mistake['at'] = 'value'): Mistake => ({
    path,
    at,
    message: `unsupported here, because ${why}`,
  });
  const served = servedBy({ mtls, services, instances, ...topology });
  return [
    ...(mtls === 'permissive'
      ? [
          unable(
            ['mesh', 'mtls'],
            'sidecars of Consul take plaintext only where connections are redirected to them',
          ),
        ]
      : []),
    ...((topology.gateways ?? []).length > 0
      ? [unable(['topology', 'gateways'], 'a lab with Consul has no gateways yet', 'key')]
      : []),
    ...services.flatMap(({ name, extraPorts = [] }) =>
      extraPorts.length === 0
        ? []
        : [unable(['topology', 'services', name, 'extraPorts'], 'a service of Consul 1.16 has one port')],
    ),
    ...(topology.tracing === undefined
      ? []
      : [unable(['mesh', 'tracing'], 'sidecars of Consul are told of no provider of traces yet', 'key')]),
    ...services
      .filter((service) => isOfBytes(service))
      .map(({ name }) =>
        unable(['topology', 'services', name, 'portName'], 'calls of plain TCP were never shown on Consul'),
      ),
    ...(served.length > MOST_SERVICES
      ? [unable(['topology', 'services'], `a lab with Consul holds ${MOST_SERVICES} services`, 'key')]
      : []),
    ...faults.flatMap((actions, index) => {
      const why = actions.map(whyNot).find(Boolean);
      return why === undefined ? [] : [unable(['faults', index, 'kind'], why)];
    }),
  ];
}
