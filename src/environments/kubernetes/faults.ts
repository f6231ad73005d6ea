import type { V1Pod } from '@kubernetes/client-node';
import { environmentError } from '../../kit/errors.ts';
import { eventually, notYet, notYetSince, type Ready, unlessAborted } from '../../kit/eventually.ts';
import type { RunContext } from '../../model/evidence.ts';
import { type Action, describeActionTarget } from '../../model/fault.ts';
import { isClient } from '../../model/topology.ts';
import { type LabContext, patiently, throughApi } from './context.ts';
import { standing } from './diagnose.ts';
import { Interruptions } from './interruptions.ts';
import { APP, appPorts } from './manifests.ts';
import { containerIds, isReady, type Member, podName, restarts } from './pods.ts';
import { mendControlPlane, scale } from './scaling.ts';
import { seedApps } from './seeds.ts';
import { takePods } from './take-pods.ts';

const answerTimeoutMs = 5_000;
const againTimeoutMs = 120_000;
const againEveryMs = 200;

/** Does to pods and nodes what faults ask for, and knows which ends were meant. */
export class ClusterFaults {
  readonly #context: LabContext;
  /** Instances that a fault has taken down: their ends alarm nobody. */
  readonly #down = new Set<string>();
  /** Instance → ids of the containers that a fault has ended. */
  readonly #dead = new Map<string, ReadonlySet<string>>();
  /** Instances that are on their way into service, and get there once the control plane is back. */
  readonly #coming = new Map<string, { there: Promise<void> }>();
  /** Target → the last thing done to it. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #interruptions = new Interruptions();
  /** Deployments that a fault has scaled away. */
  readonly #scaledAway = new Set<string>();
  #controlPlaneGone = false;
  #listed: { readonly atMs: number; readonly pods: Promise<readonly V1Pod[]> } | undefined;

  constructor(context: LabContext) {
    this.#context = context;
  }

  /** Takes back what stands of the faults of this lab; waits for nothing to run again. */
  async mend(): Promise<void> {
    const { nodes, api, mesh } = this.#context;
    await nodes.mend();
    await mendControlPlane(api, mesh.cluster.controlPlane);
    for (const workload of this.#scaledAway) await this.#scaleBack(workload);
  }

  /** Whether the cluster is as faults have left it; an interrupted run does not wait for workloads to start again. */
  get disturbed(): boolean {
    return this.#controlPlaneGone || this.#scaledAway.size > 0 || this.#context.nodes.disturbed;
  }

  /** Instances that a fault has taken down. */
  get down(): ReadonlySet<string> {
    return this.#down;
  }

  /** From here on an end that no fault made is noticed. */
  arm(): void {
    for (const member of this.#context.roster.members) this.#interruptions.accept(member);
  }

  /** Where a server's pod has ended although no fault has ended it. */
  get gaps(): RunContext['gaps'] {
    return this.#interruptions.gaps;
  }

  /**
   * Looks for ends that no fault has made in a list of pods that was asked for at `askedMs`. A server's leaves a
   * gap; the load ends with a client's, and that is what this returns.
   */
  unexpected(askedMs: number): string | undefined {
    const lost = this.#context.roster.members
      .filter(({ instance }) => !this.#down.has(instance.name))
      .map((member) => ({
        client: isClient(member.instance),
        what: this.#interruptions.look(member, askedMs),
      }));
    return lost.find(({ client, what }) => client && what !== undefined)?.what;
  }

  /** Does one thing after the other to a target: what takes a fault back comes when the fault is made, or has failed. */
  perform(action: Action, signal?: AbortSignal): Promise<void> {
    const target = describeActionTarget(action.target);
    const before = this.#turns.get(target) ?? Promise.resolve();
    const turn = before.then(() => this.#perform(action, signal));
    this.#turns.set(
      target,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #perform(action: Action, signal?: AbortSignal): Promise<void> {
    const { roster, nodes } = this.#context;
    switch (action.do) {
      case 'set-fault':
      case 'clear-fault':
        return this.#controlApp(roster.of(action.target.name), action);
      case 'kill': {
        const { name } = action.target;
        return this.#end(roster.of(name), (node, pod) => nodes.kill(node, name, containerIds(pod)));
      }
      case 'start':
        return this.#runsAgain(roster.of(action.target.name), signal, (node, name) =>
          nodes.release(node, name, signal),
        );
      case 'pause':
      case 'resume': {
        const pod = await this.#fresh(roster.of(action.target.name));
        const name = action.do === 'pause' ? 'STOP' : 'CONT';
        return nodes.signal(pod.spec?.nodeName ?? '', name, containerIds(pod, APP));
      }
      case 'stop-node': {
        const { of } = action.target;
        return this.#end(roster.of(of), (node) => nodes.stop(node, of));
      }
      case 'start-node':
        return this.#runsAgain(roster.of(action.target.of), signal, (node, name) =>
          nodes.start(node, name, signal),
        );
      case 'scale-down':
        return this.#scaleDown(action.target.name, signal);
      case 'scale-up':
        return this.#scaleUp(action.target.name, signal);
      case 'stop-control-plane':
        return this.#scaleControlPlane(0, signal);
      case 'start-control-plane':
        return this.#scaleControlPlane(1, signal);
    }
  }

  #replicas(workload: string): readonly Member[] {
    return this.#context.roster.members.filter(({ instance }) => instance.workload === workload);
  }

  /** The instance's pod as it is now. */
  async #fresh({ instance, pod }: Member): Promise<V1Pod> {
    const uid = pod?.metadata?.uid;
    const found = (await this.#pods()).find(({ metadata }) => uid !== undefined && metadata?.uid === uid);
    if (!found) throw environmentError(`${instance.name} has no pod`);
    return found;
  }

  /** Through the API server to the app's control port, which goes past the sidecar. */
  async #controlApp(
    { pod }: Member,
    action: Extract<Action, { do: 'set-fault' | 'clear-fault' }>,
  ): Promise<void> {
    const { api, namespace } = this.#context;
    const path = throughApi(namespace, pod, appPorts.control, `/faults/${encodeURIComponent(action.id)}`);
    const ask = () =>
      action.do === 'set-fault'
        ? api.request('PUT', path, { body: JSON.stringify(action.behaviour), timeoutMs: answerTimeoutMs })
        : api.request('DELETE', path, { timeoutMs: answerTimeoutMs });
    // Done twice it is done once, and a busy API server loses a connection now and then.
    const answer = await eventually(
      () =>
        ask().then(
          (said) => (said.status >= 500 ? notYet(`${said.status}: ${said.body.slice(0, 200)}`) : said),
          notYetSince,
        ),
      {
        waitingFor: `${action.target.name} (${podName(pod)}) to take ${action.do}`,
        timeoutMs: answerTimeoutMs,
        everyMs: 100,
      },
    );
    if (answer.status >= 300) {
      throw environmentError(
        `${action.target.name} (${podName(pod)}) answered ${answer.status} to ${action.do}: ${answer.body.slice(0, 200)}`,
      );
    }
  }

  /** Ends the containers of an instance. */
  async #end(member: Member, end: (node: string, pod: V1Pod) => Promise<void>): Promise<void> {
    const { name } = member.instance;
    const pod = await this.#fresh(member);
    this.#down.add(name);
    this.#coming.delete(name);
    this.#dead.set(name, new Set(containerIds(pod)));
    try {
      await end(pod.spec?.nodeName ?? '', pod);
    } catch (error) {
      // They may live: nobody is to wait for others in their place.
      this.#dead.delete(name);
      throw error;
    }
  }

  /**
   * Lets the node run things again, and waits for the same pod with other containers than the dead ones. Its app is
   * started only once its sidecar is ready, which waits for the control plane.
   */
  async #runsAgain(
    member: Member,
    signal: AbortSignal | undefined,
    allow: (node: string, instance: string) => Promise<void>,
  ): Promise<void> {
    const { instance } = member;
    const dead = this.#dead.get(instance.name);
    await allow(member.pod?.spec?.nodeName ?? '', instance.name);
    const what = `${instance.name} (${podName(member.pod)}) to run again`;
    const look = async (isThere: (pod: V1Pod, ids: readonly string[]) => boolean): Promise<Ready> => {
      const pod = (await this.#pods()).find(({ metadata }) => metadata?.uid === member.pod?.metadata?.uid);
      if (!pod) return notYet(standing(undefined));
      if (!isThere(pod, containerIds(pod))) return notYet(standing(pod));
      member.pod = pod;
      return undefined;
    };
    await this.#until(what, signal, () => look((_, ids) => ids.some((id) => !dead?.has(id))));
    await this.#returns(member, what, signal, () =>
      look((pod, ids) => ids.length > 0 && ids.every((id) => !dead?.has(id)) && isReady(pod)),
    );
  }

  /**
   * Waits until an instance is in service again. While the control plane is gone it cannot be: then that is waited for
   * when it is back, and by nobody who has to go on.
   */
  async #returns(
    member: Member,
    what: string,
    signal: AbortSignal | undefined,
    isBack: () => Promise<Ready>,
  ): Promise<void> {
    let later = false;
    await this.#until(what, signal, async () => {
      const state = await isBack();
      later = state !== undefined && this.#controlPlaneGone;
      return later ? undefined : state;
    });
    if (!later) return this.#welcome(member);
    const { name } = member.instance;
    const coming = { there: Promise.resolve() };
    const isStill = () => this.#coming.get(name) === coming;
    const comes = async () => {
      const options = { timeoutMs: againTimeoutMs, everyMs: againEveryMs };
      await eventually(
        patiently(async () => (isStill() ? isBack() : undefined)),
        {
          ...options,
          waitingFor: `${what} after the control plane`,
          paused: () => this.#controlPlaneGone,
          signal: this.#context.request.signal,
        },
      );
      if (!isStill()) return;
      await this.#welcome(member);
      this.#coming.delete(name);
    };
    this.#coming.set(name, coming);
    coming.there = comes();
    coming.there.catch(() => {});
  }

  async #welcome(member: Member): Promise<void> {
    await seedApps(this.#context, [member]);
    this.#isUp(member);
  }

  async #scaleDown(workload: string, signal?: AbortSignal): Promise<void> {
    const replicas = this.#replicas(workload);
    const going = new Set(replicas.map(({ pod }) => pod?.metadata?.uid));
    for (const { instance } of replicas) {
      this.#down.add(instance.name);
      this.#coming.delete(instance.name);
    }
    this.#scaledAway.add(workload);
    const { api, namespace } = this.#context;
    await scale(api, namespace, workload, 0);
    await this.#until(`${workload} to go`, signal, async () => {
      const left = (await this.#pods()).filter(({ metadata }) => going.has(metadata?.uid));
      return left.length > 0 ? notYet(`${left.map(podName).join(', ')} still there`) : undefined;
    });
  }

  async #scaleUp(workload: string, signal?: AbortSignal): Promise<void> {
    await this.#scaleBack(workload);
    await Promise.all(this.#replicas(workload).map((member) => this.#replaced(member, undefined, signal)));
  }

  /** Waits for another pod than the one with this uid to take the instance's place. */
  async #replaced(member: Member, uid: string | undefined, signal?: AbortSignal): Promise<void> {
    await this.#returns(member, `${member.instance.name} to be there again`, signal, async () => {
      await takePods(this.#context, await this.#pods());
      const there = member.pod && member.pod.metadata?.uid !== uid && isReady(member.pod);
      return there ? undefined : notYet(standing(member.pod));
    });
  }

  /**
   * Replaces the pods whose containers have been started again, unless a fault is on; says whether there were any.
   * Kubernetes takes longer each time before it starts a container again, so a fault on one of them would last longer.
   * Who is still on the way into service is waited for first.
   */
  async renew(signal: AbortSignal): Promise<boolean> {
    const { api, namespace, roster } = this.#context;
    if (!this.#controlPlaneGone)
      await unlessAborted(Promise.all([...this.#coming.values()].map(({ there }) => there)), signal);
    if (this.disturbed || this.#down.size > 0) return false;
    const worn = roster.members.filter(({ pod }) => pod && restarts(pod) > 0);
    await Promise.all(
      worn.map(async (member) => {
        this.#down.add(member.instance.name);
        const { uid } = member.pod?.metadata ?? {};
        await api.delete({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { namespace, name: podName(member.pod) },
        });
        await this.#replaced(member, uid, signal);
      }),
    );
    return worn.length > 0;
  }

  async #scaleBack(workload: string): Promise<void> {
    const { api, namespace } = this.#context;
    await scale(api, namespace, workload, this.#replicas(workload).length);
    this.#scaledAway.delete(workload);
  }

  #isUp(member: Member): void {
    this.#interruptions.accept(member);
    this.#down.delete(member.instance.name);
    this.#dead.delete(member.instance.name);
  }

  /** However many wait for their pods, one list is asked for: six replicas would make thirty a second. */
  #pods(): Promise<readonly V1Pod[]> {
    const now = performance.now();
    if (!this.#listed || now - this.#listed.atMs >= againEveryMs) {
      const { api, namespace, workloads } = this.#context;
      this.#listed = { atMs: now, pods: api.pods(namespace, workloads) };
    }
    return this.#listed.pods;
  }

  async #until(
    waitingFor: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<Ready>,
  ): Promise<void> {
    await eventually(patiently(attempt), {
      waitingFor,
      timeoutMs: againTimeoutMs,
      everyMs: againEveryMs,
      ...(signal ? { signal } : {}),
    });
  }

  async #scaleControlPlane(replicas: number, signal?: AbortSignal): Promise<void> {
    const { api, mesh } = this.#context;
    const { namespace, deployment, labelSelector } = mesh.cluster.controlPlane;
    this.#controlPlaneGone = replicas === 0;
    await scale(api, namespace, deployment, replicas);
    await this.#until(`${deployment} to ${replicas === 0 ? 'go' : 'be there again'}`, signal, async () => {
      const pods = await api.pods(namespace, labelSelector);
      const there = replicas === 0 ? pods.length === 0 : pods.some(isReady);
      return there ? undefined : notYet(pods.map(standing).join(', ') || standing(undefined));
    });
  }
}
