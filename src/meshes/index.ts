import type { Mesh } from './contract.ts';

/** Every kind of mesh. Loaded when it is wanted: each brings the schemas and certificates of its own. */
const meshes = {
  istio: async () => (await import('./istio/index.ts')).istio,
} as const satisfies Record<string, () => Promise<Mesh>>;

export type MeshKind = keyof typeof meshes;

export const meshKinds = Object.keys(meshes) as [MeshKind, ...MeshKind[]];

export function meshOf(kind: MeshKind): Promise<Mesh> {
  return meshes[kind]();
}
