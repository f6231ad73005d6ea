import type { MeshResource } from '../../model/mesh-configuration.ts';
import type { RejectionOrigin } from '../contract.ts';

/** What the patches of an EnvoyFilter may change of each kind of resource. */
const patched: Readonly<Record<string, readonly string[]>> = {
  cluster: ['CLUSTER'],
  listener: ['LISTENER', 'LISTENER_FILTER', 'FILTER_CHAIN', 'NETWORK_FILTER', 'HTTP_FILTER'],
  route: ['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'],
};

interface Patch extends RejectionOrigin {
  readonly applyTo: string;
  readonly text: string;
}

/**
 * Envoy does not know of resources. What Istio has made by itself of fields that it checks, Envoy takes; so it is a
 * patch that goes past those checks, of the kind of thing that was rejected: the one that says what the reason
 * quotes, or any. Without patches it may be whatever is there.
 */
export function originsOfRejection(
  reason: string,
  resources: readonly MeshResource[],
): readonly RejectionOrigin[] {
  const [kind = ''] = reason.split(/[ :]/, 1);
  const patches = resources.filter((resource) => resource.kind === 'EnvoyFilter').flatMap(patchesOf);
  if (patches.length === 0) return resources.map((resource) => ({ resource, path: [] }));
  const ofKind = patches.filter(({ applyTo }) => patched[kind]?.includes(applyTo));
  const candidates = ofKind.length > 0 ? ofKind : patches;
  const quoted = [...reason.matchAll(/['"]([^'"\s]{3,})['"]/g)].flatMap(([, word]) => word ?? []);
  const saying = candidates.filter(({ text }) => quoted.some((word) => text.includes(word)));
  return saying.length > 0 ? saying : candidates;
}

function patchesOf(resource: MeshResource): Patch[] {
  const { configPatches } = (resource.value['spec'] ?? {}) as {
    readonly configPatches?: readonly { readonly applyTo?: string; readonly patch?: unknown }[];
  };
  return (configPatches ?? []).map(({ applyTo = '', patch }, index) => ({
    resource,
    path: ['spec', 'configPatches', index],
    applyTo,
    text: JSON.stringify(patch ?? null),
  }));
}
