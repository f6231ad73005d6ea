import { setImmediate } from 'node:timers/promises';
import { environmentError } from '../../kit/errors.ts';
import { eventually, notYet } from '../../kit/eventually.ts';
import type { Run } from '../kubernetes/commands.ts';
import type { Nodes } from '../kubernetes/nodes.ts';

/**
 * What runs inside a node, by the ids of its containers: `sh -c SCRIPT sh SIGNAL HOLD ID…`. With HOLD the
 * kubelet is stopped first, so that it starts nothing again and nobody is told: the endpoints stay, as in the
 * first moments of a real outage. Prints for each container how many processes it had.
 */
const signalContainers = `
signal=$1; hold=$2; shift 2
[ "$hold" = hold ] && kill -STOP $(pidof kubelet)
for id; do
  count=0
  for file in $(grep -ls -- "$id" /proc/[0-9]*/cgroup); do
    pid=\${file#/proc/}; pid=\${pid%/cgroup}
    kill -"$signal" "$pid" 2>/dev/null && count=$((count + 1))
  done
  echo "$count"
done
`;

const release = 'kill -CONT $(pidof kubelet)';

/** A kubelet says every ten seconds that its node lives; after fifty without, Kubernetes takes its pods away. */
const aliveEveryMs = 10_000;

/** Containers to be signalled by one command, and how many processes each had. */
interface Batch {
  readonly containers: string[];
  readonly counts: Promise<readonly number[]>;
}

/** The machines of a kind cluster, which are containers: processes on them can be signalled, and they can be stopped. */
export class KindNodes implements Nodes, Disposable {
  readonly #run: Run;
  readonly #docker: string;
  readonly #names: readonly string[];
  readonly #sayAlive: (node: string) => Promise<unknown>;
  #sayingAlive: NodeJS.Timeout | undefined;
  /** Node → instances that must stay dead. */
  readonly #held = new Map<string, Set<string>>();
  readonly #stopped = new Map<string, Set<string>>();
  /** What is about to be signalled, by node and signal. */
  readonly #batches = new Map<string, Batch>();
  /** Commands under way. */
  readonly #running = new Map<string, Promise<string>>();

  /** `sayAlive` says for a kubelet that is held that its node lives. */
  constructor(
    run: Run,
    docker: string,
    names: readonly string[],
    sayAlive: (node: string) => Promise<unknown>,
  ) {
    this.#run = run;
    this.#docker = docker;
    this.#names = names;
    this.#sayAlive = sayAlive;
  }

  async kill(node: string, instance: string, containers: readonly string[]): Promise<void> {
    this.#of(this.#held, node).add(instance);
    this.#sayingAlive ??= setInterval(() => this.#allAlive(), aliveEveryMs).unref();
    const found = await this.#signal(node, 'KILL', 'hold', containers);
    if (found === 0) throw environmentError(`no process of ${instance} was found on ${node}`);
  }

  async release(node: string, instance: string, signal?: AbortSignal): Promise<void> {
    const held = this.#of(this.#held, node);
    held.delete(instance);
    await eventually(
      async () => (held.size === 0 ? undefined : notYet(`${[...held].join(', ')} on ${node} must stay dead`)),
      {
        waitingFor: `${node} to start ${instance} again`,
        timeoutMs: 3_600_000,
        ...(signal ? { signal } : {}),
      },
    );
    await this.#inside(node, ['sh', '-c', release]);
  }

  async signal(node: string, name: 'STOP' | 'CONT', containers: readonly string[]): Promise<void> {
    await this.#signal(node, name, 'go', containers);
  }

  /** Stops the machine at once, whoever asks first. */
  async stop(node: string, instance: string): Promise<void> {
    const wanted = this.#of(this.#stopped, node);
    wanted.add(instance);
    try {
      await this.#joined(['kill', node], `stopping ${node}`, 30_000);
    } catch (error) {
      // Docker refuses to kill what does not run: another instance of the node was first.
      if (await this.#isUp(node)) throw error;
    }
  }

  /** Starts it again when nobody wants it stopped any more. */
  async start(node: string, instance: string, signal?: AbortSignal): Promise<void> {
    const wanted = this.#of(this.#stopped, node);
    wanted.delete(instance);
    await eventually(
      async () => (wanted.size === 0 ? undefined : notYet(`${[...wanted].join(', ')} must stay dead`)),
      {
        waitingFor: `${node} to be started`,
        timeoutMs: 3_600_000,
        ...(signal ? { signal } : {}),
      },
    );
    await this.#joined(['start', node], `starting ${node}`, 60_000);
  }

  /** Machines run, kubelets work, processes go on. */
  async mend(): Promise<void> {
    await this.#run(this.#docker, ['start', ...this.#names], {
      what: 'starting the nodes',
      timeoutMs: 60_000,
    });
    // Inside a node, -1 is every process of its own.
    const goOn = `${release}; kill -CONT -1; true`;
    await Promise.all(this.#names.map((node) => this.#inside(node, ['sh', '-c', goOn])));
  }

  #allAlive(): void {
    for (const [node, { size }] of this.#held) {
      // One that fails is followed by the next long before anybody minds.
      if (size > 0) this.#sayAlive(node).catch(() => {});
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sayingAlive);
  }

  get disturbed(): boolean {
    return [...this.#held.values(), ...this.#stopped.values()].some(({ size }) => size > 0);
  }

  #of(map: Map<string, Set<string>>, node: string): Set<string> {
    const found = map.get(node) ?? new Set();
    map.set(node, found);
    return found;
  }

  /** All that is to be signalled on a node at the same moment is signalled by one command: how many it was. */
  async #signal(
    node: string,
    name: 'KILL' | 'STOP' | 'CONT',
    hold: 'hold' | 'go',
    containers: readonly string[],
  ): Promise<number> {
    const key = `${node} ${name} ${hold}`;
    const batch =
      this.#batches.get(key) ?? this.#collect(key, node, ['sh', '-c', signalContainers, 'sh', name, hold]);
    const from = batch.containers.push(...containers) - containers.length;
    const counts = await batch.counts;
    return counts.slice(from, from + containers.length).reduce((sum, count) => sum + count, 0);
  }

  #collect(key: string, node: string, command: readonly string[]): Batch {
    const containers: string[] = [];
    const counts = setImmediate().then(async () => {
      this.#batches.delete(key);
      const output = await this.#inside(node, [...command, ...containers]);
      return output.trim().split('\n').map(Number);
    });
    const batch = { containers, counts };
    this.#batches.set(key, batch);
    return batch;
  }

  /** Whether a machine runs, or docker does not say that it does not. */
  async #isUp(node: string): Promise<boolean> {
    const args = ['inspect', '--format', '{{.State.Running}}', node];
    const said = await this.#joined(args, `looking at ${node}`, 30_000).catch(() => '');
    return said.trim() !== 'false';
  }

  #inside(node: string, command: readonly string[]): Promise<string> {
    return this.#joined(['exec', node, ...command], `a command on ${node}`, 30_000);
  }

  /** Every instance of a node wants the same of docker: whoever comes while it is under way joins. */
  #joined(args: readonly string[], what: string, timeoutMs: number): Promise<string> {
    const key = args.join(' ');
    const running =
      this.#running.get(key) ??
      this.#run(this.#docker, args, { what, timeoutMs }).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }
}
