/** What a lab is started with. */
export interface LabOptions {
  /** A scenario file, or the name of one that came along: its services are what runs, its rules what is under test. */
  readonly scenario: string;
  /** Files or folders of mesh configuration in the place of the scenario's; relative to the working folder. */
  readonly config?: readonly string[];
  /** Changes of the scenario, as `--set` takes them: `topology.services.edge-app.app.serviceTime=constant:20ms`. */
  readonly set?: readonly string[];
  /** Says what is being done or waited for; nobody is told unless given. */
  readonly progress?: (step: string) => void;
  /** Gives the start up when it aborts. */
  readonly signal?: AbortSignal;
}

/** One replica of a lab. */
export interface LabInstance {
  readonly name: string;
  readonly service: string;
  readonly workload: string;
  /** "region1/zone-east". */
  readonly locality: string;
  /** A client has no app: what calls through its sidecar is the test. */
  readonly role: 'client' | 'server' | 'gateway';
}

/** Who is called, and by whom. */
export interface Called {
  /** The service's usual port unless given. */
  readonly port?: number;
  /** The client instance through whose sidecar it goes; the first one unless given. */
  readonly from?: string;
}

/** What a request is beside its path; GET without a body unless given. */
export interface RequestOptions extends Called {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** A mesh that is up with a topology in it. Disposing takes all of it down; so does the end of the process. */
export interface StartedLab extends AsyncDisposable {
  /** "istio 1.29.1". */
  readonly mesh: string;
  readonly instances: readonly LabInstance[];
  /** Resolves with a reason when something of it died that no fault has killed. */
  readonly lost: Promise<string>;
  /**
   * Where requests to a service go so that they leave as the client's own, through its sidecar, and with which headers;
   * `url` is that of the root, without the slash at its end.
   */
  way(
    service: string,
    called?: Called,
  ): { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  /** A request to a service as the client sends it, along that way; resolves for every status, with all of the body. */
  fetch(service: string, path?: string, options?: RequestOptions): Promise<Response>;
  /** Puts other mesh configuration in the place of what is under test; resolves when every sidecar holds it. */
  configure(...files: readonly string[]): Promise<void>;
  /**
   * Makes a fault, written as scenarios have it but for its times: `{ kind: 'error', on: { workload: 'edge-app-east' } }`.
   * Disposing takes it back.
   */
  break(fault: Readonly<Record<string, unknown>>): Promise<AsyncDisposable>;
  /** GET of the admin interface of an instance's sidecar: path with query → body. */
  admin(instance: string, path: string): Promise<string>;
}

/** A lab in containers. */
export interface StartedContainers extends StartedLab {
  /**
   * Docker's network mode of an instance, for a container of your own in its place behind its sidecar:
   * `new GenericContainer('my-shop').withNetworkMode(lab.networkMode('frontend-1'))` calls `http://edge-app:8080`.
   */
  networkMode(instance: string): string;
}
