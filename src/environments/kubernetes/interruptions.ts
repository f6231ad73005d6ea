import type { V1Pod } from '@kubernetes/client-node';
import type { RunContext } from '../../model/evidence.ts';
import { containers, isReady, type Member, podName, restarts } from './pods.ts';

/** How a container of a pod has ended, and when; undefined when none has since there were `before` restarts. */
function ending(pod: V1Pod, before: number): { readonly how: string; readonly atMs: number } | undefined {
  const all = containers(pod);
  if (restarts(pod) <= before && isRunning(pod)) return undefined;
  const [last] = all
    .flatMap(({ name, state, lastState }) => {
      const end = state?.terminated ?? lastState?.terminated;
      if (!end) return [];
      const atMs = new Date(end.finishedAt ?? Number.NaN).getTime();
      return [
        { how: `${name}: ${end.reason}, exit code ${end.exitCode}`, atMs: atMs || Number.POSITIVE_INFINITY },
      ];
    })
    .sort((one, other) => other.atMs - one.atMs);
  return last ?? { how: 'a container ended', atMs: Number.POSITIVE_INFINITY };
}

const isRunning = (pod: V1Pod) => containers(pod).every(({ state }) => state?.running);

type Gap = RunContext['gaps'][number];

/** How an instance was when it was last known to be well, and what is missing since it is not. */
interface Health {
  readonly pod: string;
  readonly uid: string | undefined;
  readonly restarts: number;
  readonly acceptedMs: number;
  wellMs: number;
  what?: string;
}

/** Gaps in the evidence where a pod ended that no fault has ended, until it or its successor is ready. */
export class Interruptions {
  readonly #health = new Map<string, Health>();
  readonly #closed: Gap[] = [];

  /** With those that are still open, which last until now. */
  get gaps(): readonly Gap[] {
    const open = [...this.#health.values()].flatMap(({ what, wellMs }) =>
      what === undefined ? [] : [{ what, fromMs: wellMs, toMs: Date.now() }],
    );
    return [...this.#closed, ...open];
  }

  /** From here on this pod, as it is now, is the instance. */
  accept({ instance, pod }: Member): void {
    const nowMs = Date.now();
    const before = this.#health.get(instance.name);
    if (before?.what !== undefined) {
      this.#closed.push({ what: before.what, fromMs: before.wellMs, toMs: nowMs });
    }
    this.#health.set(instance.name, {
      pod: podName(pod),
      uid: pod?.metadata?.uid,
      restarts: pod ? restarts(pod) : 0,
      acceptedMs: nowMs,
      wellMs: nowMs,
    });
  }

  /** Looks at an instance in a list of pods that was asked for at `askedMs`; says how it has ended, if it has. */
  look(member: Member, askedMs: number): string | undefined {
    const { instance, pod } = member;
    const health = this.#health.get(instance.name);
    // What was asked before the instance was accepted tells of another pod, or of an older state.
    if (!health || askedMs < health.wellMs) return undefined;
    const same = pod !== undefined && pod.metadata?.uid === health.uid;
    const ended = same ? ending(pod, health.restarts) : undefined;
    if (same && !ended && health.what === undefined) {
      // A paused app is not ready after a while, and nothing has ended.
      if (isReady(pod)) health.wellMs = askedMs;
      return undefined;
    }
    // A kubelet tells a second late what has ended.
    if (ended) health.wellMs = Math.max(health.acceptedMs, Math.min(health.wellMs, ended.atMs));
    const was = !pod ? 'is gone' : same ? `was restarted (${ended?.how})` : 'was replaced';
    if (!same || ended) health.what = `the pod ${health.pod} of ${instance.name} ${was}`;
    if (pod && isReady(pod) && isRunning(pod)) this.accept(member);
    return health.what;
  }
}
