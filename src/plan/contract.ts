import type { Check } from '../checks/index.ts';
import type { Proof, ReversibleAction } from '../faults/contract.ts';
import type { Fault } from '../faults/index.ts';
import type { Scenario } from '../scenario/schema.ts';

/** One replica that will run: `edge-app-east-1`. */
export interface PlannedInstance {
  readonly name: string;
  readonly service: string;
  readonly workload: string;
  /** Counted from 1. */
  readonly replica: number;
  readonly locality: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A client runs no app of its own: the load stands in for it. */
  readonly client: boolean;
}

/** One fault with its targets worked out. */
export interface PlannedFault {
  /** Unique in the run. */
  readonly name: string;
  readonly fault: Fault;
  /** "region1/zone-east goes dark". */
  readonly description: string;
  readonly targets: readonly string[];
  readonly atMs: number;
  readonly forMs: number;
  readonly actions: readonly ReversibleAction[];
  readonly proof: Proof;
}

export interface PlannedCheck {
  readonly name: string;
  readonly check: Check;
  /** The fault its window belongs to. */
  readonly fault: string | undefined;
}

/** One file of mesh configuration under test, and the resources in it. */
export interface MeshFile {
  /** As the user named it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly content: string;
}

/** Everything a run will do; pure data, printable. */
export interface Plan {
  readonly scenario: Scenario;
  /** The scenario file as the user named it. */
  readonly file: string;
  readonly profile: string | undefined;
  readonly instances: readonly PlannedInstance[];
  readonly faults: readonly PlannedFault[];
  readonly checks: readonly PlannedCheck[];
  readonly meshFiles: readonly MeshFile[];
  /** Length of the load in milliseconds. */
  readonly loadMs: number;
  /** Most requests per second the load asks for; undefined in a closed loop or with a script of one's own. */
  readonly peakRate: number | undefined;
  /** Virtual users that k6 gets. */
  readonly users: number;
  /** Absolute path of the user's own k6 script, when there is one. */
  readonly script: string | undefined;
}
