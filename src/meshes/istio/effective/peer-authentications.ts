import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { ROOT_NAMESPACE } from '../names.ts';
import { olderFirst, selectorOf, type Workload, whyNotSelected } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/**
 * Those that are for a workload, in groups that want the same: its own, its namespace's, everybody's. The first of a
 * group is in effect and the others are not.
 * https://github.com/istio/istio/blob/1.29.1/pilot/pkg/security/authn/policy_applier.go (ComposePeerAuthentication)
 */
export function peerAuthentications(
  under: ResourcesUnderTest,
  workload: Workload,
): readonly (readonly [MeshResource, ...MeshResource[]])[] {
  const selected = under
    .ofKind('PeerAuthentication')
    .filter((resource) => whyNotSelected(resource, workload) === undefined)
    .toSorted(olderFirst);
  const scopes = Map.groupBy(selected, (resource) =>
    selectorOf(resource) !== undefined ? 0 : resource.namespace === ROOT_NAMESPACE ? 2 : 1,
  );
  return [...scopes]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, [first, ...others]]) => (first === undefined ? [] : [[first, ...others] as const]));
}
