import type { Mistake } from '../../kit/problems.ts';
import type { Action } from '../../model/fault.ts';
import type { TopologyPlan } from '../../model/topology.ts';
import { servedBy } from '../../model/topology.ts';
import type { AskedFault } from '../contract.ts';
import { calledFromAfar, datacentersOf, MOST_NETWORKS } from './datacenters.ts';
import { MOST_SERVICES } from './host/ports.ts';

/** In half a minute all certificates have been issued anew, and sidecars take them a moment later. */
const longestRotationMs = 34_000;

/** Why a lab with Consul cannot do an action; undefined where it can. */
function whyNot(action: Action, networks: number): string | undefined {
  switch (action.do) {
    case 'issue':
      return 'Consul issues certificates itself: no other one can be had from it, nor an expired one or one of a stranger';
    case 'rotate-authority':
      if (networks > 1)
        return 'gateways between networks have certificates of their own, which nobody here waits for';
      return action.overlap
        ? undefined
        : 'Consul goes on to trust the authority before for days: write overlap: true';
    case 'disturb-link':
      return 'relays stand between callers and sidecars of Istio only';
    default:
      return undefined;
  }
}

/** Whatever of a scenario cannot be on Consul, each with the reason. */
export function unsupported(
  { mtls, services, instances, ...topology }: TopologyPlan,
  faults: readonly AskedFault[],
): readonly Mistake[] {
  const unable = (path: Mistake['path'], why: string, at: Mistake['at'] = 'value'): Mistake => ({
    path,
    at,
    message: `unsupported here, because ${why}`,
  });
  const datacenters = datacentersOf({ instances });
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
    ...(topology.gateways ?? [])
      .filter(({ kind }) => kind === 'ingress')
      .map(({ name }) =>
        unable(
          ['topology', 'gateways', name, 'kind'],
          'a lab with Consul has no gateway for callers from outside yet',
        ),
      ),
    ...(datacenters.length > 1 ? [] : (topology.gateways ?? []))
      .filter(({ kind }) => kind === 'east-west')
      .map(({ name }) =>
        unable(
          ['topology', 'gateways', name],
          'a gateway of Consul lets in peers, and a lab of one network has none',
          'key',
        ),
      ),
    ...(datacenters.length > MOST_NETWORKS
      ? [unable(['topology'], `a lab with Consul holds ${MOST_NETWORKS} networks`, 'key')]
      : []),
    ...calledFromAfar({ calls: topology.calls, instances }).map(({ to, network }) =>
      unable(
        ['topology', 'services', to, 'workloads'],
        `${to} is called from the network ${network} and has no replica there: in Consul only configuration under test leads to another one, and the first request goes before that`,
      ),
    ),
    ...services.flatMap(({ name, extraPorts = [] }) =>
      extraPorts.length === 0
        ? []
        : [unable(['topology', 'services', name, 'extraPorts'], 'a service of Consul 1.16 has one port')],
    ),
    ...[
      ...new Set(instances.filter(({ sidecar }) => sidecar?.exitsWhenIdle).map(({ service }) => service)),
    ].map((name) =>
      unable(
        ['topology', 'services', name, 'sidecar', 'exitsWhenIdle'],
        'consul-dataplane ends a sidecar when its time is up, whatever is still under way',
      ),
    ),
    ...(topology.tracing === undefined
      ? []
      : [unable(['mesh', 'tracing'], 'sidecars of Consul are told of no provider of traces yet', 'key')]),
    ...(served.length > MOST_SERVICES
      ? [unable(['topology', 'services'], `a lab with Consul holds ${MOST_SERVICES} services`, 'key')]
      : []),
    ...faults.flatMap(({ actions, forMs }, index): readonly Mistake[] => {
      const why = actions.map((action) => whyNot(action, datacenters.length)).find(Boolean);
      if (why !== undefined) return [unable(['faults', index, 'kind'], why)];
      return actions.some(({ do: does }) => does === 'rotate-authority') && forMs < longestRotationMs
        ? [
            {
              path: ['faults', index, 'for'],
              at: 'value',
              message:
                'it may be over before it is made: an agent of Consul has each certificate issued anew at some moment of half a minute',
              hint: `use ${longestRotationMs / 1_000}s or longer`,
            },
          ]
        : [];
    }),
  ];
}
