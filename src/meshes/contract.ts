import type { AskedFor } from '../effective/index.ts';
import type { Ready } from '../kit/eventually.ts';
import type { Mistake, Problem } from '../kit/problems.ts';
import type { ProgramSpec } from '../kit/supervisor/client.ts';
import type { Progress } from '../kit/terminal.ts';
import type { Credentials } from '../model/credentials.ts';
import type { EffectiveConfiguration } from '../model/effective.ts';
import type { LoggedEnding } from '../model/ending.ts';
import type { HostSample, StatisticsSample } from '../model/evidence.ts';
import type { Action, WantedCertificate } from '../model/fault.ts';
import type { LogLines } from '../model/log-lines.ts';
import type { MeshConfiguration, MeshFile, MeshResource, ResourceName } from '../model/mesh-configuration.ts';
import type { ServiceMetrics } from '../model/metrics.ts';
import type { LimitName, PoolLimits } from '../model/pool-limits.ts';
import type { Instance, TopologyPlan, TopologyService } from '../model/topology.ts';
import type { Span, SpanCounts } from '../model/tracing.ts';
import type { Program } from '../toolchain/index.ts';

/** What mesh configuration is held against: what runs, and what the checks of the scenario need of it. */
export interface ConfigurationContext {
  readonly topology: TopologyPlan;
  /** Who calls whom, and with which requests; nobody knows those of a script of the user's own. */
  readonly loads: readonly {
    readonly from: string;
    readonly to: string;
    readonly port: number;
    readonly request: AskedFor | undefined;
  }[];
  /** Checks on what a sidecar does with hosts: nothing that happens before a host is chosen shows there. */
  readonly aboutHosts: readonly {
    /** "checks.0", and its kind. */
    readonly check: string;
    readonly kind: string;
    /** What would have to happen: "overflow a pool". */
    readonly happens: string;
  }[];
}

/** What was found in files of which each is looked at by itself. */
export interface LintedConfiguration {
  readonly problems: readonly Problem[];
  /** The resources that have no mistakes of their own; the mesh's own validation may still refuse them. */
  readonly sound: readonly MeshResource[];
}

/** What a change does to mesh configuration. */
export interface ConfigurationChange {
  /** How mistakes call it. */
  readonly name: string;
  /** Their resources are put in, or take the place of those with their names. */
  readonly files: readonly MeshFile[];
  readonly deletes: readonly ResourceName[];
}

/** Mesh configuration after a change. */
export interface ChangedConfiguration {
  readonly resources: readonly MeshResource[];
  /** What was there before it. */
  readonly before: readonly ResourceName[];
  /** What was to be taken out, and was not there. */
  readonly missing: readonly ResourceName[];
  /** Whether it says what it said before. */
  readonly isSame: boolean;
}

/** What a mesh knows about its configuration; needs nothing that runs. */
interface MeshKnowledge {
  /** Splits and checks files against the mesh's own schemas; throws one error with every problem. */
  readConfiguration(files: readonly MeshFile[], context: ConfigurationContext): readonly MeshResource[];
  /** The same after each of these changes, one after the other; throws for what comes of a change too. */
  readChanges(
    files: readonly MeshFile[],
    changes: readonly ConfigurationChange[],
    context: ConfigurationContext,
  ): readonly ChangedConfiguration[];
  /**
   * Whatever of a scenario cannot be on this mesh, each with the reason: of its topology, and of each of its faults.
   */
  unsupported(topology: TopologyPlan, faults: readonly AskedFault[]): readonly Mistake[];
  /** What is wrong with each file by itself, without a topology; only what they refer to may be in another. */
  lintConfiguration(files: readonly MeshFile[]): LintedConfiguration;
}

/** What a scenario asks of a mesh with one of its faults. */
export interface AskedFault {
  /** What is done, and what takes it back. */
  readonly actions: readonly Action[];
  readonly forMs: number;
}

/** One replica as a mesh on one host needs it: everything on loopback addresses of its own. */
export interface HostInstance extends Instance {
  /** What the mesh knows it by; its sidecar listens here. */
  readonly address: string;
  /** An address for its own calls, where its sidecar listens too. */
  readonly egressAddress: string;
  readonly appPort: number;
  /** Where callers find it in the place of its own address, where a relay stands between. */
  readonly relays: readonly HostRelay[];
  /** "127.1.2.3:15000". */
  readonly admin: string;
  /** The sidecar's working folder, which is there already, with a way for its access log. */
  readonly directory: string;
}

/** Where all callers of one locality find a replica. */
export interface HostRelay {
  readonly from: string;
  readonly address: string;
  /** Port of its service → the one in its place. */
  readonly ports: ReadonlyMap<number, number>;
}

/** An address of loopback and a port there. */
export interface HostEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface HostMeshRequest {
  readonly topology: TopologyPlan;
  /** The revision of what it starts with, which has nothing in it that is under test. */
  readonly revision: string;
  readonly instances: readonly HostInstance[];
  /** Loopback address for the control plane. */
  readonly address: string;
  /** The port to listen on in place of a usual one of `Mesh.hostPorts`, on every address of the lab. */
  readonly port: (usual: number) => number;
  readonly directory: string;
  readonly logs: string;
  /** Name of the file in its working folder that a sidecar writes its access log to. */
  readonly accessLog: string;
  /** Program → path. */
  readonly programs: Readonly<Record<string, string>>;
  /** Data file → path, such as Envoy's bootstrap template. */
  readonly files: Readonly<Record<string, string>>;
}

/** A mesh that runs as plain processes on one host, prepared and ready to be started. */
export interface HostMesh {
  /** One, or one for each network where they have their own: they are started and stopped together. */
  readonly controlPlanes: readonly ProgramSpec[];
  /** Before it is started, each time: sidecars may call, but none is answered yet. */
  holdControlPlane(): Promise<void>;
  /**
   * Once it is started: gives it the topology and the mesh configuration, and lets the sidecars in when it
   * knows of as many services as the topology has.
   */
  controlPlaneReady(): Promise<Ready>;
  /** When it is stopped: sidecars are refused. */
  closeControlPlane(): Promise<void>;
  sidecar(instance: HostInstance): ProgramSpec;
  /** Where an instance's calls of a service, on one of its ports, leave: there its sidecar takes them. */
  egress(instance: HostInstance, service: string, port: number): HostEndpoint;
  /** Gives the control plane other mesh configuration under test, and with it a marker of this revision. */
  configure(configuration: MeshConfiguration, revision: MarkedRevision): Promise<void>;
  /** Tells callers of all replicas but those of these names; none where a scenario cannot ask for it on this mesh. */
  withdraw?(names: ReadonlySet<string>): Promise<void>;
  /**
   * Has a sidecar go on for as long as the scenario says before it is told to end; none where it does that by itself.
   */
  drain?(instance: HostInstance, signal: AbortSignal): Promise<void>;
  readonly authority: HostAuthority | OwnAuthority;
  /** Where an ingress gateway takes requests for any service by its host name, whatever is under test. */
  readonly gatewayPort: number;
  /** File that gets what a sidecar prints. */
  sidecarLog(instance: HostInstance): string;
  /** How a person changes the mesh configuration of a lab: lines of text. */
  readonly configurationHint: readonly string[];
}

/**
 * The certificate authority of a lab. It hands sidecars what they are to hold, which one that runs takes by itself a
 * moment later: each answer says what it holds then. One sidecar is handed one thing at a time.
 */
export interface HostAuthority {
  issue(instance: HostInstance, certificate: WantedCertificate): Promise<Handed>;
  /** Makes a new authority, which issues from now on; nobody trusts it yet. */
  succeed(): Promise<void>;
  /** Lets a sidecar trust the newest authority alone, or the one before as well. */
  trust(instance: HostInstance, whom: 'both' | 'newest'): Promise<Handed>;
  /** A certificate of the newest authority, unless it has one. */
  renew(instance: HostInstance): Promise<Handed>;
}

/** The certificate authority of a mesh that has its own: when another takes over, it hands out by itself what follows. */
export interface OwnAuthority {
  /** Lets a new authority issue from now on, beside which the one before goes on to be trusted. */
  rotate(): Promise<void>;
  /** What a sidecar is to hold once a certificate of the newest authority has been issued to it; waits for that. */
  issued(instance: HostInstance, signal: AbortSignal): Promise<Handed>;
}

/** What a sidecar has been handed. */
export interface Handed {
  /** Serial number of its certificate, as `Certificate` has it. */
  readonly serial: string;
  /** Fingerprints of the roots that it is to trust. */
  readonly roots: readonly string[];
}

/** A revision of the mesh configuration as its marker says it. */
export interface MarkedRevision {
  readonly name: string;
  /** The one since which a client's view of the hosts is the same; its own name where it is made anew. */
  readonly hostsSince: string;
}

/** What a sidecar says of itself on its admin interface, wherever it runs. */
export interface MeshSidecar {
  /** Resource beside the configuration under test; whoever holds its revision holds all of that configuration. */
  marker(revision: MarkedRevision): object;
  readonly arrival: AdminQuestion<{ readonly revision: string; readonly rejectedBefore: number }>;
  /** Whether it took its configuration and sees every one of these hosts, healthy, and no others. */
  readonly ready: AdminQuestion<ServiceAddresses>;
  /** Whether no request is under way. */
  readonly idle: AdminQuestion;
  /** Whether all of its log is written; where it logs who asks it things as well, it never is. */
  readonly written: AdminQuestion;
  /** How often it rejected configuration since it started. */
  readonly rejected: { readonly paths: readonly string[]; count(answers: readonly string[]): number };
  /** What it shows of itself when it speaks TLS, and whom it trusts. */
  readonly credentials: { readonly paths: readonly string[]; read(answers: readonly string[]): Credentials };
  /** What it says of the spans that it reports. */
  readonly spans: { readonly paths: readonly string[]; read(answers: readonly string[]): SpanState };
  /** POST that makes it open its access log anew, by the same name. */
  readonly reopenLogPath: string;
}

/** How far a sidecar is with reporting spans. */
interface SpanState extends SpanCounts {
  /** How often it has reported whatever there was since it started, and how many of its reports are under way. */
  readonly rounds: number;
  readonly underWay: number;
}

/** Admin paths, and what is missing by the answers to them, which come in the same order. */
interface AdminQuestion<About = void> {
  readonly paths: readonly string[];
  answer(answers: readonly string[], about: About): Ready;
}

/** Host name of a service → "address:port" of its replicas. */
export type ServiceAddresses = ReadonlyMap<string, readonly string[]>;

/** The hosts of each service called, by its name. */
export type ServiceHosts = ReadonlyMap<string, readonly HostSample[]>;

/** How a mesh's sidecars tell their statistics. */
export interface MeshStatistics {
  /** Admin path of the counters of these services: a short answer, asked for in every sample. */
  countersPath(services: readonly string[]): string;
  /** Admin path of the state of every host of every service: a long answer. */
  readonly hostsPath: string;
  /** Of the counters those that count when a host changes: as long as this text is the same, no host has. */
  hostsVersion(counters: string): string;
  hosts(answer: string): ServiceHosts;
  /** One sample per service called. */
  samples(instance: string, t: number, counters: string, hosts: ServiceHosts): readonly StatisticsSample[];
}

/** Reads the access logs of a trial, one after the other, and remembers every ending that they told. */
export interface AccessLogReader {
  /** What the last call of `read` has read. */
  readonly lines: LogLines;
  /** By number; those that are there stay as they are. */
  readonly endings: readonly LoggedEnding[];
  /**
   * Reads whole lines of buffer[from, to) until `lines` is full or none is left; answers where the next one begins.
   * Lines without the mark are skipped.
   */
  read(buffer: Buffer, from: number, to: number): number;
}

/** The access log of a mesh's sidecars. */
export interface MeshAccessLog {
  /** How every line begins: a sidecar may print other things beside them. */
  readonly mark: string;
  /** Whose sidecars write a line for a request; with the server's alone, what clients sent has to come from elsewhere. */
  readonly logs: 'both' | 'server';
  reader(): AccessLogReader;
  /** What a line says of a request of a probe: which (see `probeMark`), and who its sidecar spoke with; undefined for others. */
  probe(line: string): { readonly mark: string; readonly peer: string | undefined } | undefined;
}

/** What somebody reported of traces, as it came: the JSON of Zipkin, or OpenTelemetry's protocol in base64. */
export interface SpanReport {
  readonly zipkin?: unknown;
  readonly otlp?: string;
}

/** A span with the hash of its request's id in two halves, as `LogLines` has it; 0 and 0 where it names no request. */
export interface ReportedSpan extends Span {
  readonly hash: readonly [high: number, low: number];
}

/** The spans that a mesh's sidecars report. */
export interface MeshSpans {
  /** Those of them that tell whose they are; what is no span of a sidecar is left out. */
  read(report: SpanReport): readonly ReportedSpan[];
}

/** The metrics that a mesh's sidecars offer to whoever scrapes them. */
export interface MeshMetrics {
  /** Admin path of those of calls. */
  readonly path: string;
  /** What a sidecar's say, by the service called; none where they say nothing. */
  read(instance: string, answer: string): readonly ServiceMetrics[];
}

/** How a mesh's sidecars tell what they do, and what that means: nobody else reads their words. */
export interface MeshTelemetry {
  readonly accessLog: MeshAccessLog;
  readonly statistics: MeshStatistics;
  readonly spans: MeshSpans;
  readonly metrics: MeshMetrics;
}

/** How a mesh's sidecars tell what they hold. */
interface MeshEffective {
  /** Admin paths to ask a sidecar; `resources` are those under test. */
  paths(instance: Instance, topology: TopologyPlan, resources: readonly MeshResource[]): readonly string[];
  /** What it makes of the answers: by instance, one for each path. */
  read(
    answers: ReadonlyMap<string, readonly string[]>,
    topology: TopologyPlan,
    resources: readonly MeshResource[],
  ): EffectiveConfiguration;
}

/** The resource that says how many connections and requests a client's proxy may have to a service. */
export interface PoolRule {
  readonly resource: MeshResource;
  readonly written: PoolLimits;
  /** Whether sidecars speak HTTP/2 to that service whatever its app speaks. */
  readonly upgrades: boolean;
  /** Where the rule limits how many requests share a connection, "cart.yaml:12"; none where it does not. */
  readonly streams?: string;
}

/** Whose calls a pool is for. */
export interface PoolCalls {
  readonly from: string;
  readonly to: string;
  readonly namespace: string;
}

/** Where the limits of pools are written. */
export interface PoolSettings {
  /** Whether each server's own sidecar has the same limits towards its app, for all callers together. */
  readonly holdAtServers: boolean;
  /** The limits that the mesh has. */
  readonly limits: readonly LimitName[];
  /** What the mesh calls the limit of connections: "Limits.MaxConnections". */
  readonly ofConnections: string;
  /** The rule for calls; undefined where there is none. Throws a usage error where limits would not hold in one place. */
  ruleFor(resources: readonly MeshResource[], calls: PoolCalls): PoolRule | undefined;
  /** The text of the rule's file with these limits, and with everything else as it is; throws where that cannot be done. */
  withLimits(content: string, rule: PoolRule, calls: PoolCalls, limits: PoolLimits): string;
  /** A rule for calls that have none; a file that it is for says by its ending how it is written. */
  newRule(
    calls: PoolCalls,
    limits: PoolLimits,
    file?: string,
  ): { readonly name: ResourceName; readonly file: string; readonly text: string };
  /** What of a rule is to be changed, as whoever applies it takes it. */
  patch(calls: PoolCalls, limits: PoolLimits): string;
}

/** A field of a resource, such as a patch, that a sidecar may have rejected. */
export interface RejectionOrigin {
  readonly resource: MeshResource;
  readonly path: readonly (string | number)[];
}

/** "istio 1.29.1": two meshes that are called the same are the same. */
export const fullName = ({ name, version }: Pick<Mesh, 'name' | 'version'>) => `${name} ${version}`;

/** One kind of mesh in one version: what it knows, and how it runs. */
export interface Mesh extends MeshKnowledge {
  readonly name: string;
  readonly version: string;
  /** The host name callers use for a service. */
  serviceHost(service: string, namespace: string): string;
  /** Whether callers see what is in other networks from the start, or where configuration under test says so. */
  readonly otherNetworks: 'seen' | 'configured';
  /** What a reader of its reports should know whatever they say: sentences. */
  readonly caveats: readonly string[];
  readonly telemetry: MeshTelemetry;
  readonly sidecar: MeshSidecar;
  readonly effective: MeshEffective;
  readonly pools: PoolSettings;
  /** The mesh's own validation of configuration; throws one usage error with every problem. */
  validate(configuration: MeshConfiguration, progress: Progress, signal: AbortSignal): Promise<void>;
  /**
   * The same without waiting for a program to be built: what it refuses, and what it takes with a warning; or why it
   * was not asked.
   */
  refused(
    resources: readonly MeshResource[],
    signal: AbortSignal,
  ): Promise<
    | { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }
    | { readonly notAsked: string }
  >;
  /** What a sidecar's log says of configuration that it did not take. */
  rejectionsIn(log: string): readonly string[];
  /** Where in the configuration under test what a sidecar did not take may come from, for one of those reasons. */
  originsOfRejection(reason: string, resources: readonly MeshResource[]): readonly RejectionOrigin[];
  readonly hostPrograms: readonly Program[];
  /**
   * Ports that its programs usually listen on, on an address of their own; `admin`: its sidecars' statistics;
   * `collector`: where sidecars report spans to, on the control plane's address, where they can.
   */
  readonly hostPorts: {
    readonly admin: number;
    readonly collector?: number;
    readonly others: readonly number[];
  };
  prepareOnHost(request: HostMeshRequest): Promise<HostMesh>;
  readonly cluster: ClusterMesh;
  /** How it runs in containers; none where nobody has said yet. */
  readonly containers?: ContainerMesh;
}

/** Where a mesh's images come from in a cluster, when it is not their usual place. */
export interface ClusterMeshSettings {
  /** "registry.example/istio". */
  readonly hub: string | undefined;
  readonly tag: string | undefined;
  /** Whether its sidecars are a plain Envoy, without the filters that only the mesh's own build has. */
  readonly stockEnvoy: boolean;
  /** Label → value of the nodes that its control plane may run on, beside the taint of such nodes. */
  readonly controlPlaneNodes: Readonly<Record<string, string>>;
  /** A registry that has its images by their usual names: "registry.example:5000". */
  readonly registry?: string;
  /** Program → the image with it. */
  readonly images?: Readonly<Partial<Record<Program, string>>>;
}

/** One call of a mesh's own command line against a cluster. */
interface ClusterMeshCommand {
  /** What a person calls it: "istioctl install". */
  readonly what: string;
  readonly program: Program;
  readonly args: readonly string[];
  /** What its standard output says is wrong; nothing when all is well. */
  problems(output: string): readonly string[];
  /** What its standard output says of what runs: program → version. */
  versions?(output: string): Readonly<Record<string, string>>;
}

/** One resource as a control plane has read it from the cluster; `uid` and `generation` are the cluster's. */
interface KnownResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** How a mesh gets into a cluster, and what its parts are called there. */
export interface ClusterMesh {
  readonly programs: readonly Program[];
  images(settings: ClusterMeshSettings): {
    readonly controlPlane: readonly string[];
    readonly sidecar: readonly string[];
  };
  /** Whatever of a scenario cannot be with it in a cluster, and can elsewhere, as `Mesh.unsupported` has it. */
  unsupported(topology: TopologyPlan, faults: readonly AskedFault[]): readonly Mistake[];
  /** For the pods of a workload; what comes in on `excludedPorts` goes past the sidecar. */
  podMetadata(
    instance: Instance,
    excludedPorts: readonly number[],
  ): {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** What a port of a service has to be called, for the mesh to know its protocol; `service` says which is its usual one. */
  portName(port: number, service: Pick<TopologyService, 'port' | 'portName' | 'protocol'>): string;
  /** Where apps listen in their pods: for everybody where sidecars capture connections, else for their sidecar alone. */
  readonly appHost: '0.0.0.0' | '127.0.0.1';
  /** The ports of a pod at which a replica is called, by the app's own, in their order. */
  calledAt(appPorts: readonly number[]): readonly number[];
  readonly sidecar: {
    readonly container: string;
    readonly adminPort: number;
  };
  readonly controlPlane: {
    readonly namespace: string;
    readonly deployment: string;
    readonly labelSelector: string;
  };
  /** The name of a run's revision with this number, for its marker: no sidecar that it finds there holds the same. */
  revision(run: string, number: number): string;
  /** How a person changes the mesh configuration of a lab: lines of text. */
  readonly configurationHint: readonly string[];
  readonly control: InstalledMesh | ToldMesh;
}

/**
 * A mesh that an installer of its own brings, which adds sidecars to pods by itself, and finds the services and the
 * configuration among the cluster's resources. It stays in a cluster that is kept.
 */
export interface InstalledMesh {
  readonly by: 'resources';
  /** How the names of the API groups of its configuration end. */
  readonly apiGroupSuffix: string;
  /** Writes what its installer reads into the folder; returns the call that installs it, and what it wrote. */
  installation(
    settings: ClusterMeshSettings,
    directory: string,
  ): Promise<ClusterMeshCommand & { readonly configuration: string }>;
  /** Calls that check an installation, and the configuration of the sidecars in a namespace. */
  checks(namespace: string): readonly ClusterMeshCommand[];
  /** Gives every pod of a namespace a sidecar. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Labels of a pod that gets none all the same. */
  readonly outsideLabels: Readonly<Record<string, string>>;
  /** Whom to ask, from inside a pod of the control plane, what mesh configuration it knows; and what the answer says. */
  readonly known: {
    readonly port: number;
    readonly path: string;
    resources(answer: string): readonly KnownResource[];
  };
  /** Resources beside the topology and the configuration under test: whether plaintext is refused. */
  resources(topology: TopologyPlan): readonly object[];
}

/**
 * A mesh that is made of plain objects: sidecars stand in the manifests of pods, and a control plane is told of them, and
 * of the configuration, by whoever has deployed it. Pods of both are made anew for each run.
 */
export interface ToldMesh {
  readonly by: 'telling';
  /** Its control plane, whose pods get these labels too. */
  objects(settings: ClusterMeshSettings, labels: Readonly<Record<string, string>>): readonly object[];
  /** What a pod has for it: the container of its sidecar, and where its own containers find services, by host names. */
  podParts(
    instance: Instance,
    topology: TopologyPlan,
    settings: ClusterMeshSettings,
  ): {
    readonly containers: readonly object[];
    readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  };
  /** The control plane's container, and the port in it that takes requests. */
  readonly at: { readonly container: string; readonly port: number };
  tell(way: ControlPlaneWay, topology: TopologyPlan): ToldControlPlane;
}

/** How a control plane in a cluster is reached. */
export interface ControlPlaneWay {
  /** One request of HTTP; rejects when there is no answer. */
  ask(
    method: string,
    path: string,
    body?: string,
  ): Promise<{ readonly status: number; readonly body: string }>;
  /** Writes a file into its container, in the place of one that is there. */
  write(path: string, content: string): Promise<void>;
}

/** One replica as a control plane is told of it. */
export interface ToldReplica extends Instance {
  /** The name of its pod. */
  readonly pod: string;
  /** Its pod's. */
  readonly address: string;
  readonly appPort: number;
}

/** A control plane that knows what it is told. */
export interface ToldControlPlane {
  /** Tells it that there are these replicas and no others. */
  there(replicas: readonly ToldReplica[]): Promise<void>;
  /** Whether it knows of all of them, and how they are. */
  knows(): Promise<Ready>;
  /** Gives it other mesh configuration under test, and with it a marker of this revision. */
  configure(configuration: MeshConfiguration, revision: MarkedRevision): Promise<void>;
  /** Program → version, as it says itself. */
  versions(): Promise<Readonly<Record<string, string>>>;
}

/** One replica as a mesh in containers needs it: in a network of its own, all of whose connections its sidecar takes. */
export interface ContainerInstance extends Instance {
  /** What the mesh knows it by. */
  readonly address: string;
}

/** A file that is put into a container before its program starts. */
export interface ContainerFile {
  /** Absolute; folders on the way that are not there are made. */
  readonly path: string;
  readonly content: string;
  /** 0o644 unless given. */
  readonly mode?: number;
}

/** A program in a container of one of the mesh's images. */
export interface ContainerProgram {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whose process it is, and whose its folder and its files are. */
  readonly user: number;
  /** Its working folder, which it may write to. */
  readonly directory: string;
  readonly files: readonly ContainerFile[];
}

export interface ContainerMeshRequest {
  readonly topology: TopologyPlan;
  /** The revision of what it starts with, which has nothing in it that is under test. */
  readonly revision: string;
  readonly instances: readonly ContainerInstance[];
  /** What `ContainerMesh.template` holds. */
  readonly template: string;
}

/** A mesh prepared for containers. The control plane is found by its name once it knows the topology, never before. */
export interface MeshInContainers {
  readonly controlPlane: ContainerProgram;
  /** What it is given once it runs, in the folder that it watches: the topology, and what is under test now. */
  configuration(): readonly ContainerFile[];
  /** Whether it knows the topology, by its answer to `ContainerMesh.controlPlane.asked`. */
  knows(answer: string): Ready;
  sidecar(instance: ContainerInstance): ContainerProgram;
  /** Puts other configuration in the place of what is under test; the one file of it. */
  configure(configuration: MeshConfiguration, revision: MarkedRevision): ContainerFile;
  /** Leaves the replicas of these names out of what callers are told; the file that says so. */
  withdraw(names: ReadonlySet<string>): ContainerFile;
}

/** How a mesh runs in containers; its images are those of a cluster. */
export interface ContainerMesh {
  /** Path in an image → the program that is there; what images are made of where none can be had. */
  readonly programs: Readonly<Record<string, Program>>;
  /** Path in an image → data file, as `HostPrograms.files` calls it. */
  readonly dataFiles: Readonly<Record<string, string>>;
  /** File of the sidecar's image that it is configured from. */
  readonly template: string;
  /** The control plane among the programs of a lab, by which its sidecars find it too, and where it is asked what it knows. */
  readonly controlPlane: {
    readonly name: string;
    readonly asked: { readonly port: number; readonly path: string };
  };
  readonly adminPort: number;
  /** The file that sidecars write their log of requests to. */
  readonly accessLog: string;
  /**
   * What makes the sidecar take all connections of a network but those that come in on some ports, and those that leave
   * for some: a command of its image, for root with NET_ADMIN in that network.
   */
  capture(excluded: {
    readonly inbound: readonly number[];
    readonly outbound: readonly number[];
  }): readonly string[];
  prepare(request: ContainerMeshRequest): Promise<MeshInContainers>;
}
