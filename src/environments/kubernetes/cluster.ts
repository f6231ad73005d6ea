import type { ClusterMeshSettings } from '../../meshes/contract.ts';

/** What a mesh is told of a cluster. */
export const meshSettings = ({
  meshImages,
  observers,
}: Pick<Cluster, 'meshImages' | 'observers'>): ClusterMeshSettings => ({
  ...meshImages,
  controlPlaneNodes: observers,
});

/** A cluster that a lab can be in: what is not the same for every cluster. */
export interface Cluster {
  /** As a person calls it: "the kept cluster breakwater-keep-1a2b3c4d". */
  readonly title: string;
  /** File with the way to its API. */
  readonly kubeconfig: string;
  /** Names of all its nodes. */
  readonly nodes: readonly string[];
  /** Label → value of the nodes that the clients and the control plane run on: no fault of a zone touches those. */
  readonly observers: Readonly<Record<string, string>>;
  /** Images of the sample app and of the generator. */
  readonly images: { readonly app: string; readonly k6: string };
  /** Where the images of the mesh come from. */
  readonly meshImages: Omit<ClusterMeshSettings, 'controlPlaneNodes'>;
  /** Program → version of what made it. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether it was there before: earlier runs may have left something in it. */
  readonly reused: boolean;
  /** Whether it stays when the lab is closed: what faults did to it is then taken back. */
  readonly kept: boolean;
  /** What an operator can do to get one without anything in it: the end of a hint. */
  readonly startOver: string;
  /** What an operator can do about an image that a node cannot pull, given what the node says. */
  imageHint(said: string): string;
}
