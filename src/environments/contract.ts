import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { InstanceContext, ProcessSample, RunContext } from '../model/evidence.ts';
import type { Action } from '../model/fault.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { Capabilities } from '../plan/environments.ts';
import type { HostPrograms } from '../toolchain/fetch.ts';
import type { Program } from '../toolchain/index.ts';

/** What a lab is opened with. */
export interface LabRequest {
  readonly topology: TopologyPlan;
  /** The mesh configuration under test at first. */
  readonly configuration: MeshConfiguration;
  readonly runId: string;
  /** The lab's own scratch folder; gone when the lab is. */
  readonly directory: string;
  /** Where programs' logs go. */
  readonly logs: string;
  /** Says what is being done or waited for. */
  progress(step: string): void;
  /** Says how that goes on, again and again while it lasts. */
  ongoing(text: string): void;
  /** Says something that an operator has to know, and that no later step may wipe away. */
  warn(text: string): void;
  /** Ends the lab: what waits gives up, and faults that only its end can take back are left to that. */
  readonly signal: AbortSignal;
}

/** Knows how to run things and how to reach them. */
export interface Environment {
  readonly name: string;
  /** The actions that its labs can do; a scenario whose faults take others is refused before anything starts. */
  readonly performs: readonly Action['do'][];
  /** Resolves when every sidecar accepted its configuration and sees its hosts; cleans up after itself when it fails. */
  open(request: LabRequest): Promise<Lab>;
}

export interface EnvironmentOptions {
  /** Whether what took long to make stays for the next run: a cluster. */
  readonly keep?: boolean;
  /** Programs of this machine in the place of the pinned ones. */
  readonly programs?: Readonly<Partial<Record<Program, OwnProgram>>>;
  /**
   * What runs in the place of the sample app of every service, and keeps to what that promises: a program (absolute)
   * and its arguments where apps are processes, the name of an image where they are containers.
   */
  readonly app?: readonly string[];
}

/** A program that an operator has brought, and what it says of its version. */
export interface OwnProgram {
  readonly path: string;
  readonly version: string;
}

/** A kind of environment, and what is known of it before one is made for a mesh. */
export interface EnvironmentKind extends Capabilities {
  /** What it starts or calls for a mesh with such topologies. Throws on a system that it does not run on. */
  readonly programs: (mesh: Mesh, topologies?: readonly TopologyPlan[]) => readonly Program[];
  /** What it makes images of when it has to, and fetches only then; `programs` unless given. */
  readonly makesOf?: (mesh: Mesh, topologies?: readonly TopologyPlan[]) => readonly Program[];
  /** How long it may take until a lab is up: a cluster may have to pull its images first. */
  readonly upTimeoutMs: number;
  /** How long it usually takes, in milliseconds, until a lab is up, and what a trial takes on it beside its load. */
  readonly usualMs: { readonly up: number; readonly besideLoad: number };
  readonly make: (
    mesh: Mesh,
    programs: (topology: TopologyPlan) => Promise<HostPrograms>,
    options: EnvironmentOptions,
  ) => Environment;
}

/** A mesh that is up with a topology in it. It has trials, one after the other; disposing takes all of it down. */
export interface Lab extends AsyncDisposable {
  /** "istio 1.29.1". */
  readonly mesh: string;
  /** Program → version. */
  readonly programs: Readonly<Record<string, string>>;
  readonly instances: readonly InstanceContext[];
  /** Epoch milliseconds of the first request that came back through both sidecars. */
  readonly firstRequestAt: number;
  /** Ends with the lab; see `LabRequest.signal`. */
  readonly signal: AbortSignal;
  /** Resolves with a reason when something died that no fault has killed. */
  readonly lost: Promise<string>;
  /**
   * Puts mesh configuration in the place of what is under test, and every client's view of the hosts anew: what
   * was ejected or counted before is forgotten. Resolves when every sidecar holds it: instance → milliseconds
   * that it took. Throws when a sidecar rejects it; the next configuration may come all the same.
   */
  configure(configuration: MeshConfiguration, signal?: AbortSignal): Promise<Arrivals>;
  /**
   * The same while loads go on: nothing is made anew that the configuration itself does not, so that whatever
   * breaks at the change is the mesh's doing. Instances that a fault has taken down have no part in it. While the
   * control plane is gone nobody hears of it: then it resolves some time after that is back.
   */
  change(configuration: MeshConfiguration, signal?: AbortSignal): Promise<Arrivals>;
  /**
   * Does what a fault asks for; resolves when it is done. What is started again is then in service, unless the control
   * plane is gone: then it runs, and comes into service when that is back.
   */
  perform(action: Action, signal?: AbortSignal): Promise<void>;
  /** GET of the admin interface of an instance's sidecar: path with query → body. */
  admin(instance: string, path: string, timeoutMs: number): Promise<string>;
  /** CPU and memory of everything that runs, now. */
  processes(): Promise<readonly ProcessSample[]>;
  /**
   * Begins a trial: from here on the sidecars' logs of requests are its evidence, and apps draw from their seeds
   * anew. One at a time.
   */
  trial(folder: TrialFolder): Promise<LabTrial>;
  /** How a person reaches it: lines of text. */
  access(): readonly string[];
  /**
   * Where a request has to go, and with which headers, so that it leaves as a client's own, through its sidecar; none
   * where it cannot be had from this machine.
   */
  wayIn?(client: string, called: CalledPort): WayIn;
  /** What containers of an instance are in: "container:4f1c…", as Docker's network mode; none where nothing is. */
  networkMode?(instance: string): string;
}

/** A port of a service, and what callers name it by: "edge-app:8080". */
export interface CalledPort {
  readonly service: string;
  readonly port: number;
  readonly host: string;
}

/** `url`: of the root, without the slash at its end. */
export interface WayIn {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Instance → milliseconds until its sidecar held a configuration. */
export type Arrivals = ReadonlyMap<string, number>;

/** Where what a trial leaves goes. */
export interface TrialFolder {
  readonly evidence: string;
  readonly logs: string;
}

/** The window of one trial on a lab. Disposing without `close` gives its evidence up; the lab goes on either way. */
export interface LabTrial extends AsyncDisposable {
  /** Prepares a load at its client's side of the mesh; it begins when told. */
  prepareLoad(job: LoadJob): Promise<PreparedLoad>;
  /** Ends the window, once every request of it has ended and is in the evidence folder. */
  close(): Promise<TrialWindow>;
}

/** What a lab knows of a window beside the logs. */
export interface TrialWindow {
  readonly instances: readonly InstanceContext[];
  /** Sidecars that rejected configuration, from the last change before the window on, with the reason they gave. */
  readonly rejections: RunContext['rejections'];
  /** Evidence that could not be had: a log stream that broke and could not go on where it was. */
  readonly gaps: RunContext['gaps'];
  /** What sidecars have said of the spans that they reported, where they are asked for any. */
  readonly spans?: NonNullable<RunContext['spans']>;
}
