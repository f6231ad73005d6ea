import { eventually, type Ready } from '../../kit/eventually.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import { appListens } from '../app-control.ts';
import type { ReplicaLife } from '../replicas.ts';
import { appProgram } from './app.ts';
import { type LabContext, startTimeoutMs } from './context.ts';

/** The app and the sidecar of each replica: how they start, and how the sidecar goes. */
export class ReplicaPrograms implements ReplicaLife {
  readonly #context: LabContext;

  constructor(context: LabContext) {
    this.#context = context;
  }

  async app(host: HostInstance): Promise<void> {
    const { request, mesh, hostMesh, layout, programs, app: own } = this.#context;
    const { topology, directory, logs, signal } = request;
    const hostOf = (service: string) => mesh.serviceHost(service, topology.namespace);
    const placeOf = (service: string, port: number) => {
      const egress = hostMesh.egress(host, service, port);
      return `${egress.address}:${egress.port}`;
    };
    const app = await programs.launch(
      appProgram(host, layout.appPorts, hostOf, placeOf, directory, logs, own),
    );
    await app.until(appListens(host, layout.control(host), { timeoutMs: startTimeoutMs, signal }));
  }

  /** The first time: it starts while the control plane does, and waits for it. */
  firstSidecar(host: HostInstance): Promise<void> {
    const { request, sidecars } = this.#context;
    return this.#startSidecar(host, () => sidecars.ready(host), request.signal, 2 * startTimeoutMs);
  }

  sidecar(host: HostInstance, signal = this.#context.request.signal): Promise<void> {
    return this.#startSidecar(host, () => this.#context.sidecars.readyAgain(host), signal, startTimeoutMs);
  }

  async drain(host: HostInstance): Promise<void> {
    const { hostMesh, request } = this.#context;
    await hostMesh.drain?.(host, request.signal);
  }

  async #startSidecar(
    host: HostInstance,
    ready: () => Promise<Ready>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<void> {
    const { hostMesh, programs } = this.#context;
    const sidecar = await programs.launch(hostMesh.sidecar(host));
    await sidecar.until(eventually(ready, { waitingFor: `the sidecar of ${host.name}`, timeoutMs, signal }));
  }
}
