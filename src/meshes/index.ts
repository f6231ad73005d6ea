import type { MeshFile } from '../model/mesh-configuration.ts';
import type { Mesh } from './contract.ts';

/** Every kind of mesh. Loaded when it is wanted: each brings the schemas and certificates of its own. */
const meshes = {
  istio: async (version) => {
    const { istio, istioOf } = await import('./istio/index.ts');
    return version === undefined ? istio : istioOf(version);
  },
  consul: async (version) => (await import('./consul/index.ts')).consulOf(version),
} as const satisfies Record<string, (version?: string) => Promise<Mesh>>;

export type MeshKind = keyof typeof meshes;

export const meshKinds = Object.keys(meshes) as [MeshKind, ...MeshKind[]];

/** A mesh, of the version that Breakwater is made for where none is named. Throws for one that cannot be had. */
export function meshOf(kind: MeshKind, version?: string): Promise<Mesh> {
  return meshes[kind](version);
}

/** The mesh that a file of configuration is for, told by its name and text alone; either may be wrong. */
export function meshKindOf({ file, content }: Pick<MeshFile, 'file' | 'content'>): MeshKind {
  const isConsul =
    /\.hcl$/i.test(file) ||
    /^\s*"?apiVersion"?\s*:\s*"?consul\.hashicorp\.com\//m.test(content) ||
    (/^[\s{[]*"Kind"\s*:/im.test(content) && !/"apiVersion"\s*:/.test(content));
  return isConsul ? 'consul' : 'istio';
}
