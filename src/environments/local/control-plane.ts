import { eventually } from '../../kit/eventually.ts';
import type { HostMesh } from '../../meshes/contract.ts';
import { startTimeoutMs } from './context.ts';
import type { Programs } from './programs.ts';

/** The control plane of a lab, which is one program or several; faults end it and start it again. */
export class ControlPlane {
  readonly #mesh: HostMesh;
  readonly #programs: Programs;
  readonly #signal: AbortSignal;

  constructor(mesh: HostMesh, programs: Programs, signal: AbortSignal) {
    this.#mesh = mesh;
    this.#programs = programs;
    this.#signal = signal;
  }

  /** Whether a fault has ended it and nobody has started it again yet. */
  get gone(): boolean {
    return this.#mesh.controlPlanes.some(({ name }) => this.#programs.find(name) === undefined);
  }

  async start(): Promise<void> {
    await this.#mesh.holdControlPlane();
    const programs = await Promise.all(this.#mesh.controlPlanes.map((spec) => this.#programs.launch(spec)));
    const ready = eventually(() => this.#mesh.controlPlaneReady(), {
      waitingFor: 'the control plane to know the topology',
      timeoutMs: startTimeoutMs,
      signal: this.#signal,
    });
    await Promise.all(programs.map((program) => program.until(ready)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#mesh.controlPlanes.map(({ name }) => this.#programs.kill(name)));
    await this.#mesh.closeControlPlane();
  }
}
