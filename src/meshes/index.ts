import type { Mesh } from './contract.ts';

/** Every kind of mesh. Loaded when it is wanted: each brings the schemas and certificates of its own. */
const meshes = {
  istio: async (version) => {
    const { istio, istioOf } = await import('./istio/index.ts');
    return version === undefined ? istio : istioOf(version);
  },
} as const satisfies Record<string, (version?: string) => Promise<Mesh>>;

export type MeshKind = keyof typeof meshes;

export const meshKinds = Object.keys(meshes) as [MeshKind, ...MeshKind[]];

/** A mesh, of the version that Breakwater is made for where none is named. Throws for one that cannot be had. */
export function meshOf(kind: MeshKind, version?: string): Promise<Mesh> {
  return meshes[kind](version);
}
