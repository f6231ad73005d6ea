import { environmentError } from '../../kit/errors.ts';
import type { Action } from '../../model/fault.ts';
import { controlApp } from '../app-control.ts';
import { appOf, type Replicas, replicaNamed, sidecarOf } from '../replicas.ts';
import type { LabContext } from './context.ts';
import { CpuLimits } from './cpu-limits.ts';
import { HandingOut } from './credentials.ts';
import { SlowClients } from './slow-clients.ts';

/** Does to the programs of a lab what faults ask for. */
export class LocalFaults implements Disposable {
  readonly #context: LabContext;
  readonly #replicas: Replicas;
  readonly #handingOut: HandingOut;
  readonly #cpuLimits = new CpuLimits();
  /** By gateway and fault. */
  readonly #slowClients = new Map<string, SlowClients>();

  constructor(context: LabContext, replicas: Replicas) {
    const { hostMesh, sidecars, layout, request } = context;
    this.#context = context;
    this.#replicas = replicas;
    this.#handingOut = new HandingOut(hostMesh.authority, sidecars, layout.hosts, request.signal);
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const { layout, programs, controlPlane } = this.#context;
    const host = (name: string) => replicaNamed(layout.hosts, name);
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(layout.control(host(action.target.name)), action);
      case 'kill':
      case 'stop':
      case 'start':
      case 'kill-sidecar':
      case 'start-sidecar':
        return this.#replicas.perform(action.do, host(action.target.name), signal);
      case 'pause':
        return programs.of(appOf(action.target.name)).signal('SIGSTOP');
      case 'resume':
        return programs.of(appOf(action.target.name)).signal('SIGCONT');
      case 'limit-cpu': {
        const name = sidecarOf(action.target.name);
        return this.#cpuLimits.limit(name, programs.of(name), action.cores);
      }
      case 'unlimit-cpu':
        return this.#cpuLimits.lift(sidecarOf(action.target.name));
      case 'stop-control-plane':
        return controlPlane.stop();
      case 'start-control-plane':
        return controlPlane.start();
      case 'call-slowly':
        return this.#callSlowly(action);
      case 'stop-calling-slowly':
        return this.#stopCallingSlowly(action);
      case 'issue':
      case 'rotate-authority':
      case 'complete-rotation':
        return this.#handingOut.perform(action, signal);
      case 'disturb-link':
      case 'clear-link':
        if (!layout.relay) throw new Error('no relay runs');
        return layout.relay.perform(action);
      default:
        throw environmentError(`the local lab cannot ${action.do}`, 'use --env kind');
    }
  }

  #callSlowly({ target, id, connections }: Extract<Action, { do: 'call-slowly' }>): void {
    const { layout, request } = this.#context;
    const { name, address, port, service } = replicaNamed(layout.hosts, target.name);
    const gateway = request.topology.gateways?.find((each) => each.name === service);
    const [host] = gateway?.hosts ?? [];
    if (gateway === undefined || host === undefined) throw new Error(`${name} is no gateway that has hosts`);
    const tls = gateway.certificates.length > 0;
    this.#slowClients.set(`${name} ${id}`, new SlowClients(connections, { address, port, host, tls }));
  }

  #stopCallingSlowly({ target: { name }, id }: Extract<Action, { do: 'stop-calling-slowly' }>): void {
    this.#slowClients.get(`${name} ${id}`)?.[Symbol.dispose]();
    this.#slowClients.delete(`${name} ${id}`);
  }

  [Symbol.dispose](): void {
    this.#cpuLimits[Symbol.dispose]();
    for (const clients of this.#slowClients.values()) clients[Symbol.dispose]();
  }
}
