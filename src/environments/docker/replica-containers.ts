import { join } from 'node:path';
import { eventually, type Ready } from '../../kit/eventually.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import { portsOf } from '../../model/topology.ts';
import { appListens } from '../app-control.ts';
import { appSettings } from '../app-settings.ts';
import { appOf, type ReplicaLife, sidecarOf } from '../replicas.ts';
import { appFiles } from './app-files.ts';
import type { Running } from './containers.ts';
import { appUser, type LabContext, ports, startTimeoutMs } from './context.ts';

/** File that gets what a sidecar prints. */
export const sidecarLog = ({ name }: HostInstance, logs: string) => join(logs, `${name}.sidecar.log`);

/** The app and the sidecar of each replica: how they start in its network, and again. */
export class ReplicaContainers implements ReplicaLife {
  readonly #context: LabContext;

  constructor(context: LabContext) {
    this.#context = context;
  }

  async firstApp(host: HostInstance): Promise<void> {
    const { containers, images, request, places } = this.#context;
    const { entry, files } = await appFiles();
    const running = await containers.launch({
      name: appOf(host.name),
      image: images.node,
      command: ['node', '--no-warnings', entry],
      user: appUser,
      directory: '/app',
      files,
      env: this.#appEnvironment(host),
      network: { of: places.of(host.name).container.id },
      log: join(request.logs, `${host.name}.app.log`),
    });
    await this.#appListens(host, running);
  }

  #appEnvironment(host: HostInstance): Record<string, string> {
    const { mesh, request } = this.#context;
    const { app } = host;
    if (app === undefined) throw new Error(`${host.name} runs no app`);
    const [port, ...extra] = portsOf(host);
    return {
      HOST: '0.0.0.0',
      PORT: String(port),
      EXTRA_PORTS: [...extra, ports.past].join(','),
      CONTROL_HOST: '0.0.0.0',
      CONTROL_PORT: String(ports.control),
      INSTANCE: host.name,
      ZONE: host.locality,
      // Its sidecar takes every call that leaves, wherever it is to go.
      ...appSettings(
        app,
        (service) => mesh.serviceHost(service, request.topology.namespace),
        (name, port) => `${name}:${port}`,
      ),
      ...(app.seed === undefined ? {} : { SEED: String(app.seed) }),
    };
  }

  async app(host: HostInstance): Promise<void> {
    await this.#appListens(host, await this.#context.containers.again(appOf(host.name)));
  }

  async #appListens(host: HostInstance, running: Running): Promise<void> {
    const { places, request } = this.#context;
    const { signal } = request;
    await running.until(appListens(host, places.control(host), { timeoutMs: startTimeoutMs, signal }));
  }

  async firstSidecar(host: HostInstance): Promise<void> {
    const { containers, images, meshInContainers, places, request, sidecars } = this.#context;
    const running = await containers.launch({
      ...meshInContainers.sidecar(host),
      name: sidecarOf(host.name),
      image: images.sidecar,
      network: { of: places.of(host.name).container.id },
      log: sidecarLog(host, request.logs),
    });
    await this.#sidecarIs(() => sidecars.ready(host), host, running);
  }

  async sidecar(host: HostInstance, signal?: AbortSignal): Promise<void> {
    const { containers, sidecars } = this.#context;
    const running = await containers.again(sidecarOf(host.name));
    await this.#sidecarIs(() => sidecars.readyAgain(host), host, running, signal);
  }

  async #sidecarIs(
    ready: () => Promise<Ready>,
    { name }: HostInstance,
    running: Running,
    signal = this.#context.request.signal,
  ): Promise<void> {
    await running.until(
      eventually(ready, { waitingFor: `the sidecar of ${name}`, timeoutMs: startTimeoutMs, signal }),
    );
  }
}
