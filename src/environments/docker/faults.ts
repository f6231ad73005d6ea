import { environmentError } from '../../kit/errors.ts';
import type { Action, LinkAction } from '../../model/fault.ts';
import { isCaller } from '../../model/topology.ts';
import { controlApp } from '../app-control.ts';
import { appOf, type Replicas, replicaNamed, sidecarOf } from '../replicas.ts';
import type { LabContext } from './context.ts';
import { clear, disturb } from './links.ts';

/** Does to the containers of a lab what faults ask for. */
export class DockerFaults {
  readonly #context: LabContext;
  readonly #replicas: Replicas;

  constructor(context: LabContext, replicas: Replicas) {
    this.#context = context;
    this.#replicas = replicas;
  }

  async perform(action: Action, signal?: AbortSignal): Promise<void> {
    const { containers, controlPlane, hosts, places } = this.#context;
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return controlApp(places.control(replicaNamed(hosts, action.target.name)), action);
      case 'kill':
      case 'stop':
      case 'start':
      case 'kill-sidecar':
      case 'start-sidecar':
        return this.#replicas.perform(action.do, replicaNamed(hosts, action.target.name), signal);
      case 'pause':
        return containers.of(appOf(action.target.name)).container.pause();
      case 'resume':
        return containers.of(appOf(action.target.name)).container.unpause();
      case 'limit-cpu':
        return containers.limitCpu(sidecarOf(action.target.name), action.cores);
      case 'unlimit-cpu':
        return containers.limitCpu(sidecarOf(action.target.name), undefined);
      case 'disturb-link':
      case 'clear-link':
        return this.#link(action);
      case 'stop-control-plane':
        return controlPlane.stop();
      case 'start-control-plane':
        return controlPlane.start();
      default:
        throw environmentError(
          `the lab in containers cannot ${action.do}`,
          'use --env local or --env kind, whichever can',
        );
    }
  }

  /** All callers of a locality are found in a replica's network by addresses of their own. */
  async #link({ do: does, target, disturbance }: LinkAction): Promise<void> {
    const { docker, hosts, places } = this.#context;
    const { locality } = replicaNamed(hosts, target.to);
    const replica = places.of(target.to).container;
    const callers = hosts.filter((host) => isCaller(host) && host.locality === target.from);
    await Promise.all(
      callers.map(async ({ name }) => {
        const address = await places.addressOf(name, locality);
        await (does === 'disturb-link' ? disturb : clear)(docker, replica, address, disturbance);
      }),
    );
  }
}
