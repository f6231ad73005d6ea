import { NotYet, type Ready } from '../../../kit/eventually.ts';
import { http } from '../../../kit/http.ts';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { isServer, servedBy } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest, MarkedRevision } from '../../contract.ts';
import { accepts, DiscoveryGate } from '../../envoy/discovery-gate.ts';
import { AgentApi } from '../agent/api.ts';
import { desiredEntries, MARKER_ENTRY } from '../agent/desired.ts';
import { HandingOn } from '../agent/handing-on.ts';
import { countOf, markerService, type Replica, registrations } from '../agent/services.ts';
import { type Datacenter, gatewaysOf, within } from '../datacenters.ts';
import { proxyId } from '../names.ts';
import { prepareAgent, writeServices } from './agent-program.ts';
import type { AgentOfAuthority } from './authority.ts';
import { type AgentPort, agentPort, MARKER_PORT, upstreamPort } from './ports.ts';

const answerTimeoutMs = 10_000;

/** The agent of a datacenter, and the gate before it. */
export class Agent {
  readonly datacenter: Datacenter;
  readonly program: ProgramSpec;
  /** Of its HTTP interface: "127.1.2.1:8500". */
  readonly address: string;
  readonly #request: HostMeshRequest;
  readonly #api: AgentApi;
  readonly #gate: DiscoveryGate;
  #handingOn: HandingOn;
  /** Names of replicas that callers are told not to call; undefined while nobody knows what it has of an earlier start. */
  #withdrawn: ReadonlySet<string> | undefined = new Set();
  /** By service, how many there are of its own. */
  readonly #replicas: ReadonlyMap<string, number>;
  readonly #gateways: ReadonlyMap<string, number>;

  private constructor(datacenter: Datacenter, request: HostMeshRequest, program: ProgramSpec) {
    this.datacenter = datacenter;
    this.program = program;
    this.#request = request;
    const { host, port } = this.#at('http');
    this.address = `${host}:${port}`;
    this.#api = new AgentApi((method, path, body) =>
      http(`http://${this.address}${path}`, {
        method,
        timeoutMs: answerTimeoutMs,
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
      }),
    );
    this.#handingOn = new HandingOn(this.#api);
    this.#gate = new DiscoveryGate(this.#at('discovery'), this.#at('grpc'));
    this.#replicas = countOf(within(request.instances, datacenter).filter(isServer));
    this.#gateways = countOf(gatewaysOf(request.instances, datacenter));
  }

  static async prepare(datacenter: Datacenter, request: HostMeshRequest): Promise<Agent> {
    return new Agent(datacenter, request, await prepareAgent(datacenter, request));
  }

  #at(what: AgentPort) {
    return { host: this.#request.address, port: this.#request.port(agentPort(what, this.datacenter)) };
  }

  /**
   * Before it is started: sidecars wait, and it knows of none. It would make up what they are to hold before its server
   * has read its log, fail at that, and take seconds to try again, in which whoever asks is told that there is nothing to
   * call.
   */
  async hold(): Promise<void> {
    this.#handingOn = new HandingOn(this.#api);
    if (this.#withdrawn?.size !== 0) this.#withdrawn = undefined;
    await writeServices(this.datacenter, this.#request, []);
    await this.#gate.hold();
  }

  async hasReadItsLog(): Promise<Ready> {
    const accepted = await accepts(this.#at('grpc'));
    return accepted instanceof NotYet ? accepted : this.#api.hasReadItsLog();
  }

  /** Whether it takes services well now: see HandingOn. */
  handsOn(): Promise<Ready> {
    return this.#handingOn.look();
  }

  /** Makes another agent of the lab a peer. */
  peerWith(other: Agent): Promise<Ready> {
    return this.#api.peerWith(other.#api, other.datacenter.name, this.datacenter.name);
  }

  get authority(): AgentOfAuthority['authority'] {
    return this.#api;
  }

  /** Gives it mesh configuration in the place of what it had. */
  async give(resources: readonly MeshResource[], revision: MarkedRevision): Promise<void> {
    const { topology, accessLog } = this.#request;
    const entries = desiredEntries(this.datacenter, resources, topology, {
      accessLog: { Type: 'file', Path: accessLog },
      revision,
    });
    await this.#api.apply(entries, MARKER_ENTRY);
  }

  async tellServices(): Promise<void> {
    const { topology, instances, address, port } = this.#request;
    const own = within(instances, this.datacenter).map((instance) => replica(instance, this.#request));
    const marker = { address, port: port(MARKER_PORT) };
    await writeServices(this.datacenter, this.#request, [
      ...registrations(own, servedBy(topology)),
      ...(this.#gateways.size === 0 ? [] : [markerService(marker)]),
    ]);
    await this.#api.reload();
  }

  /** Whether it tells sidecars what is so, of its own datacenter and of what the other agents of the lab export. */
  async knows(all: readonly Agent[]): Promise<Ready> {
    const own = await this.#api.knows(this.#replicas, this.#gateways);
    if (own !== undefined) return own;
    for (const other of all) {
      if (other === this) continue;
      const { name } = other.datacenter;
      const missing = await this.#api.hearsOf(other.#api, name, this.datacenter.name, other.#gateways);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }

  /** Has callers be told of all its sidecars but those of the replicas of these names. */
  async withdraw(names: ReadonlySet<string>): Promise<void> {
    const own = within(this.#request.instances, this.datacenter).map(({ name }) => name);
    const changed = own.filter((name) => names.has(name) !== this.#withdrawn?.has(name));
    await Promise.all(changed.map((name) => this.#api.withdraw(proxyId(name), names.has(name))));
    this.#withdrawn = new Set(own.filter((name) => names.has(name)));
  }

  letIn(): void {
    this.#gate.open();
  }

  refuse(): Promise<void> {
    return this.#gate.close();
  }
}

/** An instance as its agent hears of it. */
const replica = (instance: HostInstance, request: HostMeshRequest): Replica => ({
  ...instance,
  id: instance.name,
  sidecar: instance,
  appAt: { address: instance.address, port: instance.appPort },
  upstream: (service) => egress(instance, service, request),
  marker: { address: instance.egressAddress, port: request.port(MARKER_PORT) },
});

/** Where a sidecar takes calls of a service. */
export function egress(
  { egressAddress }: Pick<HostInstance, 'egressAddress'>,
  service: string,
  { topology, port }: HostMeshRequest,
): { readonly address: string; readonly port: number } {
  const index = servedBy(topology).findIndex(({ name }) => name === service);
  return { address: egressAddress, port: port(upstreamPort(index)) };
}
