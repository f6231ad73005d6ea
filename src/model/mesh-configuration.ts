/** One file of mesh configuration under test. */
export interface MeshFile {
  /** As the user named it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

/** One resource of the mesh configuration under test, with where it stands. */
export interface MeshResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** The resource as parsed. */
  readonly value: Readonly<Record<string, unknown>>;
  /** As the user named the file. */
  readonly file: string;
  /** Line of the resource's first key, counted from 1. */
  readonly line: number;
  /** Line of a field, or of its nearest parent that is there: `['spec', 'trafficPolicy']`. */
  lineOf(path: readonly (string | number)[]): number;
}

/** Which resource is meant. */
export interface ResourceName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** "VirtualService default/edge-app-vs". */
export const describeResource = ({ kind, namespace, name }: ResourceName) => `${kind} ${namespace}/${name}`;

/** Mesh configuration under test: its files, and the resources in them. */
export interface MeshConfiguration {
  readonly files: readonly MeshFile[];
  readonly resources: readonly MeshResource[];
}
