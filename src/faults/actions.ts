import type { AppBehaviour, InstanceTarget, ReversibleAction } from '../model/fault.ts';
import type { Instance } from '../model/topology.ts';

const onEach = (
  instances: readonly Instance[],
  act: (target: InstanceTarget) => ReversibleAction,
): readonly ReversibleAction[] => instances.map(({ name }) => act({ kind: 'instance', name }));

/** The apps of the instances misbehave. */
export const misbehave = (instances: readonly Instance[], id: string, behaviour: AppBehaviour) =>
  onEach(instances, (target) => ({
    inject: { do: 'set-fault', target, id, behaviour },
    revert: { do: 'clear-fault', target, id },
  }));

/** The instances die, app and sidecar, and are started again. */
export const killAndStart = (instances: readonly Instance[]) =>
  onEach(instances, (target) => ({ inject: { do: 'kill', target }, revert: { do: 'start', target } }));

/** The apps of the instances are frozen, and go on. */
export const pauseAndResume = (instances: readonly Instance[]) =>
  onEach(instances, (target) => ({ inject: { do: 'pause', target }, revert: { do: 'resume', target } }));
