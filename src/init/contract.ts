/** A workload of a service, as a scenario has it. */
export interface FoundWorkload {
  readonly name: string;
  readonly replicas: number;
  readonly labels: Readonly<Record<string, string>>;
  /** region/zone, where what was read says one. */
  readonly locality?: string | undefined;
}

/** A service that a scenario is to have. */
export interface FoundService {
  readonly name: string;
  readonly port: number;
  readonly extraPorts: readonly number[];
  readonly protocol: 'http1' | 'http2';
  readonly serviceAccount?: string | undefined;
  readonly workloads: readonly FoundWorkload[];
}

/** What was read out of manifests and mesh configuration. */
export interface Found {
  readonly namespace: string;
  readonly services: readonly FoundService[];
  /** region/zone, those that mesh configuration names. */
  readonly localities: readonly string[];
  /** What was left out or assumed, for whoever wants to know. */
  readonly notes: readonly string[];
}

/** Everything that a scenario is written from. */
export interface Wanted {
  /** Of the scenario. */
  readonly name: string;
  readonly namespace: string;
  /** The service that sends the load. */
  readonly from: string;
  /** The service that it calls, which is one of `services`. */
  readonly to: string;
  readonly services: readonly FoundService[];
  /** "50/s". */
  readonly rate: string;
  /** How long an answer of a service takes: "5ms". */
  readonly latency: string;
  /** Paths of mesh configuration as seen from the scenario's file. */
  readonly configuration: readonly string[];
}

/** A file that is to be written. */
export interface NewFile {
  /** As seen from the folder of the project. */
  readonly path: string;
  readonly text: string;
}
