import type { Link } from './topology.ts';

/** What an action is done to. */
export type ActionTarget =
  | InstanceTarget
  | NodeTarget
  | WorkloadTarget
  | ControlPlaneTarget
  | AuthorityTarget
  | LinkTarget;

/** One replica. */
export interface InstanceTarget {
  readonly kind: 'instance';
  readonly name: string;
}

/** The node that an instance runs on; instances may share it. */
interface NodeTarget {
  readonly kind: 'node';
  readonly of: string;
}

/** The Deployment of a workload, all its replicas. */
interface WorkloadTarget {
  readonly kind: 'workload';
  readonly name: string;
}

interface ControlPlaneTarget {
  readonly kind: 'control-plane';
}

/** The certificate authority of all workloads. */
interface AuthorityTarget {
  readonly kind: 'authority';
}

/** The network between the callers of one locality and a replica. */
interface LinkTarget extends Link {
  readonly kind: 'link';
}

/** The target as the journal and reports say it: "edge-app-east-1", "the node of edge-app-east-1", "region1/zone-west → edge-app-east-1". */
export function describeActionTarget(target: ActionTarget): string {
  switch (target.kind) {
    case 'instance':
      return target.name;
    case 'node':
      return `the node of ${target.of}`;
    case 'workload':
      return `the workload ${target.name}`;
    case 'control-plane':
      return 'control-plane';
    case 'authority':
      return 'the certificate authority';
    case 'link':
      return `${target.from} → ${target.to}`;
  }
}

/**
 * What an environment is asked to do. Plain data, so that it can be written to the journal and undone by
 * whoever finds it there.
 */
export type Action =
  | {
      readonly do: 'set-fault';
      readonly target: InstanceTarget;
      readonly id: string;
      readonly behaviour: AppBehaviour;
    }
  | { readonly do: 'clear-fault'; readonly target: InstanceTarget; readonly id: string }
  | { readonly do: 'kill' | 'start' | 'pause' | 'resume'; readonly target: InstanceTarget }
  /** App and sidecar are told to end, in their own time, and callers that it goes; done when both have ended. */
  | { readonly do: 'stop'; readonly target: InstanceTarget }
  /** The sidecar gets no more processor time than so many processors have, and then as much as it wants again. */
  | { readonly do: 'limit-cpu'; readonly target: InstanceTarget; readonly cores: number }
  | { readonly do: 'unlimit-cpu'; readonly target: InstanceTarget }
  /** Its app goes on. */
  | { readonly do: 'kill-sidecar' | 'start-sidecar'; readonly target: InstanceTarget }
  /** Once is enough for all instances of a node. */
  | { readonly do: 'stop-node' | 'start-node'; readonly target: NodeTarget }
  /** To no replica, and back to as many as there were. */
  | { readonly do: 'scale-down' | 'scale-up'; readonly target: WorkloadTarget }
  | { readonly do: 'stop-control-plane' | 'start-control-plane'; readonly target: ControlPlaneTarget }
  /** Clients from outside the mesh call a gateway, and send requests without an end. */
  | {
      readonly do: 'call-slowly';
      readonly target: InstanceTarget;
      readonly id: string;
      readonly connections: number;
    }
  | { readonly do: 'stop-calling-slowly'; readonly target: InstanceTarget; readonly id: string }
  /** A new key and certificate for the sidecar, which holds them when this is done. */
  | { readonly do: 'issue'; readonly target: InstanceTarget; readonly certificate: WantedCertificate }
  /**
   * From one authority to the next. With an overlap every sidecar first trusts both roots, then gets a certificate of
   * the new one; without, each gets both at once, those that are called first. `complete-rotation` is what is left: the
   * callers' turn, and the old root withdrawn.
   */
  | {
      readonly do: 'rotate-authority' | 'complete-rotation';
      readonly target: AuthorityTarget;
      readonly overlap: boolean;
    }
  /** Connections that are open are disturbed as well. */
  | {
      readonly do: 'disturb-link';
      readonly target: LinkTarget;
      readonly id: string;
      readonly disturbance: Disturbance;
    }
  /** One that was never made is none either. */
  | {
      readonly do: 'clear-link';
      readonly target: LinkTarget;
      readonly id: string;
      readonly disturbance: Disturbance;
    };

/** What is done to a link. */
export type LinkAction = Extract<Action, { do: 'disturb-link' | 'clear-link' }>;

/** What becomes of what is sent over a link. */
export type Disturbance =
  /** What callers send comes later, by the delay and up to the jitter on top of it. */
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs: number }
  /** Each connection carries no more than that, in either direction. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** It is lost, and nobody is told; when that is over the connections are closed. */
  | { readonly kind: 'loss'; readonly of: LostDirection }
  /** A connection is closed as soon as something is sent on it. */
  | { readonly kind: 'reset' };

/** What callers send, what they are answered, or both. */
type LostDirection = 'requests' | 'answers' | 'both';

/** A certificate that a sidecar is to have. */
export interface WantedCertificate {
  /** The authority that all trust, or one that nobody does. */
  readonly by: 'authority' | 'stranger';
  /** Whether its time is over. */
  readonly expired: boolean;
  /** Whose identity it has; the instance's own unless given. */
  readonly serviceAccount?: string;
}

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

/** What a fault hits, as plans and reports say it: its instances, or what else its actions are done to. */
export function describeHit(fault: {
  readonly targets: readonly string[];
  readonly actions: readonly ReversibleAction[];
}): readonly string[] {
  if (fault.targets.length > 0) return fault.targets;
  return [...new Set(fault.actions.map(({ inject }) => describeActionTarget(inject.target)))];
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
  /** The target answers nothing that arrived after the injection, and its process is gone or stopped: all of them, or this one. */
  | { readonly kind: 'silent'; readonly part?: 'sidecar' }
  /** As many requests as that came to each target, and never were whole. */
  | { readonly kind: 'unfinished'; readonly requests: number }
  /** The clients' sidecars had the control plane before, and have lost it. */
  | { readonly kind: 'disconnected' }
  /** The targets' sidecars use no more than so many processors. */
  | { readonly kind: 'limited'; readonly cores: number }
  /** The targets' sidecars hold such a certificate, and make connections with it. */
  | { readonly kind: 'certificate'; readonly is: CertificateTrait; readonly serviceAccount?: string }
  /** Certificates are of another authority than before, and both are trusted; or the two sides trust different ones. */
  | { readonly kind: 'authority'; readonly overlap: boolean }
  /** At least `share` of what was sent over the links took `ms` longer than before on its way: for its caller, not at the target. */
  | { readonly kind: 'slower-link'; readonly ms: number; readonly share: number }
  /** Nothing that was sent over the links was answered, though it had been before. */
  | { readonly kind: 'cut-link' };

/** What of a certificate is other than it was: only that it is new, or what makes it one to be refused. */
export type CertificateTrait = 'renewed' | 'expired' | 'foreign' | 'of-another';
