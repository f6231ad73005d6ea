import { join } from 'node:path';
import { eventually, NotYet, notYet, notYetSince, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { ContainerFile, MeshInContainers } from '../../meshes/contract.ts';
import { type LabParts, startTimeoutMs } from './context.ts';

/** How long the control plane may take to notice its files; they come once more then. */
const unnoticedMs = 3_000;

/** The control plane of a lab, which faults end and start again. */
export class ControlPlane {
  readonly #parts: LabParts;
  readonly #mesh: MeshInContainers;
  #gone = true;

  constructor(parts: LabParts, mesh: MeshInContainers) {
    this.#parts = parts;
    this.#mesh = mesh;
  }

  /** Whether a fault has ended it and nobody has started it again yet, so that sidecars find it. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Nobody finds it by its name before it knows the topology: what it told them then, they would believe. */
  async start(): Promise<void> {
    const { containers, containerMesh, docker, images, networks, request } = this.#parts;
    const { name, asked } = containerMesh.controlPlane;
    const running = await containers.launch({
      ...this.#mesh.controlPlane,
      name,
      image: images.controlPlane,
      network: { home: networks.control, names: [], others: [] },
      publishes: [asked.port],
      log: join(request.logs, `${name}.log`),
    });
    const url = `http://${running.at(asked.port)}${asked.path}`;
    let givenAt = Number.NEGATIVE_INFINITY;
    const ready = async (): Promise<Ready> => {
      const answer = await asking(url);
      if (answer instanceof NotYet) return answer;
      const known = this.#mesh.knows(answer);
      if (known === undefined) return undefined;
      if (performance.now() - givenAt > unnoticedMs) {
        await containers.give(running, this.#mesh.configuration());
        givenAt = performance.now();
      }
      return known;
    };
    await running.until(
      eventually(ready, {
        waitingFor: 'the control plane to know the topology',
        timeoutMs: startTimeoutMs,
        signal: request.signal,
      }),
    );
    for (const zone of networks.zones.values()) {
      await docker.network
        .getById(zone)
        .connect({ Container: running.container.id, EndpointConfig: { Aliases: [name] } });
    }
    this.#gone = false;
  }

  async stop(): Promise<void> {
    this.#gone = true;
    const { containers, containerMesh } = this.#parts;
    await containers.remove(containerMesh.controlPlane.name);
  }

  /** Gives it a file; one that is gone gets that when it is back. */
  async tell(file: ContainerFile): Promise<void> {
    const { containers, containerMesh } = this.#parts;
    const running = containers.find(containerMesh.controlPlane.name);
    if (running) await containers.give(running, [file]);
  }
}

/** What a GET gets, or why it gets nothing yet. */
async function asking(url: string): Promise<string | NotYet> {
  try {
    const { status, body } = await http(url, { timeoutMs: 2_000 });
    return status === 200 ? body : notYet(`it answers ${status}`);
  } catch (error) {
    return notYetSince(error);
  }
}
