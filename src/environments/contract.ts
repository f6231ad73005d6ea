import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import type { InstanceContext, ProcessSample, RunContext } from '../model/evidence.ts';
import type { Action } from '../model/fault.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';

/** What an environment is started with. */
export interface EnvironmentRequest {
  readonly topology: TopologyPlan;
  /** The mesh configuration under test. */
  readonly configuration: MeshConfiguration;
  readonly runId: string;
  /** The run's own scratch folder; gone when the run is. */
  readonly directory: string;
  /** Where raw evidence goes: `evidence/` of the report folder. */
  readonly evidence: string;
  /** Where programs' logs go: `logs/` of the report folder. */
  readonly logs: string;
  /** Says what is being done or waited for. */
  progress(step: string): void;
  /** Says how that goes on, again and again while it lasts. */
  ongoing(text: string): void;
  /** Says something that an operator has to know, and that no later step may wipe away. */
  warn(text: string): void;
  readonly signal: AbortSignal;
}

/** Knows how to run things and how to reach them. */
export interface Environment {
  readonly name: string;
  /** Resolves when every sidecar accepted its configuration and sees its hosts; cleans up after itself when it fails. */
  start(request: EnvironmentRequest): Promise<StartedEnvironment>;
}

/** A mesh with the scenario's topology and configuration in it. Disposing takes all of it down. */
export interface StartedEnvironment extends AsyncDisposable {
  /** "istio 1.29.1". */
  readonly mesh: string;
  /** Program → version. */
  readonly programs: Readonly<Record<string, string>>;
  readonly instances: readonly InstanceContext[];
  /** Epoch milliseconds of the first request that came back through both sidecars. */
  readonly firstRequestAt: number;
  /** Does to one instance what a fault asks for; resolves when it is done. */
  perform(action: Action, signal?: AbortSignal): Promise<void>;
  /** Prepares the load at the client's side of the mesh; it begins when told. */
  prepareLoad(job: LoadJob): Promise<PreparedLoad>;
  /** GET of the admin interface of an instance's sidecar: path with query → body. */
  admin(instance: string, path: string, timeoutMs: number): Promise<string>;
  /** CPU and memory of everything that runs, now. */
  processes(): Promise<readonly ProcessSample[]>;
  /** Sidecars that rejected configuration so far, with the reason they gave. */
  rejections(): Promise<readonly { readonly instance: string; readonly reason: string }[]>;
  /** Resolves with a reason when something died that no fault has killed. */
  readonly lost: Promise<string>;
  /** Evidence that could not be had so far: a log stream that broke and could not go on where it was. */
  readonly gaps: RunContext['gaps'];
  /** Brings everything that is still in buffers or far away into the evidence folder. */
  collect(): Promise<void>;
  /** How a person reaches it: lines of text. */
  reach(): readonly string[];
}
