import type { AppBehaviour, InstanceTarget, ReversibleAction, WantedCertificate } from '../model/fault.ts';
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

/** The instances are told to end, app and sidecar, and are started again. */
export const stopAndStart = (instances: readonly Instance[]) =>
  onEach(instances, (target) => ({ inject: { do: 'stop', target }, revert: { do: 'start', target } }));

/** The sidecars of the instances die, and are started again; their apps go on. */
export const killAndStartSidecars = (instances: readonly Instance[]) =>
  onEach(instances, (target) => ({
    inject: { do: 'kill-sidecar', target },
    revert: { do: 'start-sidecar', target },
  }));

/** The apps of the instances are frozen, and go on. */
export const pauseAndResume = (instances: readonly Instance[]) =>
  onEach(instances, (target) => ({ inject: { do: 'pause', target }, revert: { do: 'resume', target } }));

/** The instances get a certificate like this, and one that is as it should be at the end. */
export const certify = (instances: readonly Instance[], certificate: Partial<WantedCertificate> = {}) => {
  const sound = { by: 'authority', expired: false } as const;
  return onEach(instances, (target) => ({
    inject: { do: 'issue', target, certificate: { ...sound, ...certificate } },
    revert: { do: 'issue', target, certificate: sound },
  }));
};

/** Clients that send without an end call the instances, and go. */
export const callSlowly = (instances: readonly Instance[], id: string, connections: number) =>
  onEach(instances, (target) => ({
    inject: { do: 'call-slowly', target, id, connections },
    revert: { do: 'stop-calling-slowly', target, id },
  }));
