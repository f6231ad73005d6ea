import type { TopologyPlan } from '../../model/topology.ts';
import { ROOT_NAMESPACE } from './names.ts';

/** Resources that make workloads refuse plaintext; none when they take it. */
export function plaintextPolicy({ mtls }: Pick<TopologyPlan, 'mtls'>): object[] {
  if (mtls !== 'strict') return [];
  return [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      // In the root namespace, so that a policy of the user's own for the namespace wins.
      metadata: { name: 'default', namespace: ROOT_NAMESPACE },
      spec: { mtls: { mode: 'STRICT' } },
    },
  ];
}
