import type { MeshFile, Plan } from '../plan/contract.ts';

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

/** A mistake in a file, counted from 1. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong. */
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** A request that failed, as a sidecar saw it. */
export interface SeenError {
  /** Response flag such as "UO", or "-". */
  readonly flag: string;
  /** Response code details such as "upstream_reset_before_response_started{overflow}". */
  readonly details: string;
  readonly status: number;
  /** The service that was called. */
  readonly service: string;
}

/** Why it failed, in the mesh's own terms. */
export interface Explanation {
  /** "The connection pool to edge-app was full, so the client's sidecar refused the request." */
  readonly cause: string;
  /** "DestinationRule/edge-app spec.trafficPolicy.connectionPool.tcp.maxConnections: 100", or what the default is. */
  readonly setting: string;
  /** file:line of that setting, when the user wrote it. */
  readonly source?: string;
}

/** What a mesh knows about configuration and errors; needs nothing that runs. */
export interface MeshKnowledge {
  /** Splits and checks files against the mesh's own schemas; throws one error with every problem. */
  readConfiguration(
    files: readonly MeshFile[],
    plan: Pick<Plan, 'instances' | 'scenario'>,
  ): readonly MeshResource[];
  explain(error: SeenError, resources: readonly MeshResource[]): Explanation;
}
