/**
 * What an environment is asked to do to one instance. Plain data, so that it can be
 * written to the journal and undone by whoever finds it there.
 */
export type Action =
  | {
      readonly do: 'set-fault';
      readonly instance: string;
      readonly id: string;
      readonly behaviour: AppBehaviour;
    }
  | { readonly do: 'clear-fault'; readonly instance: string; readonly id: string }
  | { readonly do: 'kill'; readonly instance: string }
  | { readonly do: 'start'; readonly instance: string }
  | { readonly do: 'pause'; readonly instance: string }
  | { readonly do: 'resume'; readonly instance: string }
  /** The node that the instance runs on. Once is enough for all instances of a node. */
  | { readonly do: 'stop-node'; readonly instance: string }
  | { readonly do: 'start-node'; readonly instance: string }
  /** The Deployment of the instance's workload, to zero and back. */
  | { readonly do: 'scale-down'; readonly instance: string }
  | { readonly do: 'scale-up'; readonly instance: string }
  /** `instance` is CONTROL_PLANE. */
  | { readonly do: 'stop-control-plane'; readonly instance: string }
  | { readonly do: 'start-control-plane'; readonly instance: string };

/** How the control plane is called where instances are named. */
export const CONTROL_PLANE = 'control-plane';

/** A misbehaviour of the sample edge app; the body of `PUT /faults/ID` on its control port. */
export type AppBehaviour =
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs: number; readonly rate: number }
  | { readonly kind: 'error'; readonly status: number; readonly rate: number }
  | { readonly kind: 'hang'; readonly rate: number }
  | { readonly kind: 'reset'; readonly rate: number }
  | { readonly kind: 'refuse' };

/** What a fault does to processes that it stops: frozen ones go on, ended ones are started again. */
export type Halt = 'frozen' | 'ended';

/** An action and the one that takes it back. */
export interface ReversibleAction {
  readonly inject: Action;
  readonly revert: Action;
}

/**
 * What the target's own side must show while the fault is on, as seen by the sidecars of the
 * target (never by the client: hiding the fault from the client is the mesh's job).
 */
export type Proof =
  /** At least `share` of what reached the target ended with one of `statuses`. */
  | { readonly kind: 'status'; readonly statuses: readonly number[]; readonly share: number }
  /** At least `share` of what reached the target took `ms` or longer. */
  | { readonly kind: 'slower'; readonly ms: number; readonly share: number }
  /** At least `share` of what was sent to the target got no answer from it (0 in status, reset, refused, cut off). */
  | { readonly kind: 'unanswered'; readonly share: number }
  /** The target answers nothing that arrived after the injection, and its process is gone or stopped. */
  | { readonly kind: 'silent' }
  /** The clients' sidecars had the control plane before, and have lost it. */
  | { readonly kind: 'disconnected' };
