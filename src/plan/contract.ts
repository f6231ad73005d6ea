import type { Check } from '../checks/index.ts';
import type { Fault } from '../faults/index.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { MeshKind } from '../meshes/index.ts';
import type { Halt, Proof, ReversibleAction } from '../model/fault.ts';
import type { MeshFile, ResourceName } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { PlannedProbe } from '../probes/planned.ts';

/** One fault with its targets worked out. */
export interface PlannedFault {
  /** Unique in the trial. */
  readonly name: string;
  readonly fault: Fault;
  /** file:line in the scenario; the option where it was given on the command line. */
  readonly source: string;
  /** "region1/zone-east goes dark". */
  readonly description: string;
  /** Names of the instances that it disturbs; none where it hits something else, such as the control plane. */
  readonly targets: readonly string[];
  readonly atMs: number;
  readonly forMs: number;
  readonly halts: Halt | undefined;
  /** Whether it is on as soon as its way in begins. */
  readonly isGradual?: true;
  readonly actions: readonly ReversibleAction[];
  readonly proof: Proof;
}

/** Of fewer requests a guard says nothing: one more or less is 5 % of them. */
export const GUARDED_REQUESTS = 20;

/** What watches over a change while the load goes on; shares are from 0 to 1. */
export interface PlannedGuard {
  readonly kind: 'success-rate' | 'error-rate';
  /** "success rate at least 99 % over 2 s". */
  readonly description: string;
  /** The load it watches; undefined for all. */
  readonly load: string | undefined;
  readonly atLeast: number | undefined;
  readonly atMost: number | undefined;
  readonly overMs: number;
  readonly forMs: number;
}

/** One change of the mesh configuration under test. */
export interface PlannedChange {
  /** Unique in the trial. */
  readonly name: string;
  /** file:line in the scenario; the option where it was given on the command line. */
  readonly source: string;
  /** "puts in scenarios/mesh/canary-10.yaml, takes out VirtualService default/old". */
  readonly description: string;
  readonly atMs: number;
  /** What is put in or takes the place of what has its name. */
  readonly files: readonly MeshFile[];
  readonly deletes: readonly ResourceName[];
  readonly guard: PlannedGuard | undefined;
}

export interface PlannedCheck {
  readonly name: string;
  readonly check: Check;
  /** The fault its window belongs to, or counts from. */
  readonly fault: string | undefined;
  /** The change its window belongs to. */
  readonly change?: string | undefined;
}

/** What happens on a lab: mesh configuration, loads and faults, and what is expected of the mesh; pure data. */
export interface TrialPlan {
  /** Files of the mesh configuration under test. */
  readonly configuration: readonly MeshFile[];
  readonly loads: readonly PlannedLoad[];
  /** What the steady state leaves out at the start of the loads. */
  readonly warmupMs: number;
  /** Length of the longest load; 0 when only its script knows. */
  readonly durationMs: number;
  readonly probes: readonly PlannedProbe[];
  readonly faults: readonly PlannedFault[];
  /** In the order of their times. */
  readonly changes: readonly PlannedChange[];
  readonly checks: readonly PlannedCheck[];
  /** Services whose apps pass no trace on, each with file:line in the scenario, or the option; none unless given. */
  readonly unpropagated?: readonly { readonly service: string; readonly source: string }[];
  /** Services whose apps' calls go past their sidecars on some ports, each with the same; none unless given. */
  readonly bypassing?: readonly Bypassing[];
  /** None unless given. */
  readonly restarted?: readonly RestartedService[];
}

/** A service whose apps' calls to some ports go past their sidecars. */
interface Bypassing {
  readonly service: string;
  readonly ports: readonly number[];
  /** file:line in the scenario, or the option. */
  readonly source: string;
}

/** A setting of the scenario in words, and its file:line or the option. */
export interface PlannedSetting {
  readonly setting: string;
  readonly source: string;
}

/** A service of which a replica is restarted, and what says in which order app and sidecar stop and start. */
export interface RestartedService {
  readonly service: string;
  readonly holdsApp: PlannedSetting;
  /** How long the sidecar goes on. */
  readonly drain: PlannedSetting;
  /** How long the app does. */
  readonly appDrain: PlannedSetting;
}

/** Everything a run will do; pure data, printable. */
export interface Plan {
  readonly name: string;
  readonly description: string;
  /** The scenario file as the user named it. */
  readonly file: string;
  readonly profile: string | undefined;
  /** What the seeds of instances and loads come from; undefined when each shall have a random one. */
  readonly seed: number | undefined;
  readonly mesh: MeshKind;
  /** Of the mesh; undefined for the one that Breakwater is made for. */
  readonly meshVersion: string | undefined;
  readonly topology: TopologyPlan;
  readonly trial: TrialPlan;
}
