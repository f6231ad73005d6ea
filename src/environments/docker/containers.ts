import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { StartedTestContainer } from 'testcontainers';
import { environmentError } from '../../kit/errors.ts';
import { endsWithin } from '../../kit/eventually.ts';
import { tail } from '../../kit/tail.ts';
import type { ContainerFile } from '../../meshes/contract.ts';
import type { ProcessSample } from '../../model/evidence.ts';
import { containerLabels } from '../../runs/containers.ts';
import { filesArchive } from './archive.ts';
import { type ContainerSpec, removeContainer, startContainer } from './container.ts';
import type { Docker, DockerContainer } from './docker.ts';
import { refused, whatAContainerNeeds } from './refusal.ts';

/** What a lab's container is, but for what is the same for all of them. */
export type LabContainerSpec = Omit<ContainerSpec, 'name' | 'labels'> & {
  /** "edge-app-east-1/app": by which it is known in a lab and among processes. */
  readonly name: string;
  /** File that gets what it prints; nothing is kept unless given. */
  readonly log?: string;
};

/** Whose containers these are. */
interface Owner {
  readonly runId: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** As the kernel has it unless it is told otherwise. */
const cpuPeriodUs = 100_000;
/** How long the end of a container may take to be told. */
const logEndMs = 2_000;

/** One container of a lab. */
export class Running {
  readonly spec: LabContainerSpec;
  readonly started: StartedTestContainer;
  readonly container: DockerContainer;
  /** Since it was last started: whether it runs, and the end of that. */
  runs = true;
  /** Whether its end is ours, so that it alarms nobody. */
  expected: boolean;
  ended: PromiseWithResolvers<number> = Promise.withResolvers();
  /** Resolves when all that it has printed is in its log. */
  logged: Promise<void> = Promise.resolve();

  constructor(
    spec: LabContainerSpec,
    started: StartedTestContainer,
    container: DockerContainer,
    comesToItsEnd: boolean,
  ) {
    this.spec = spec;
    this.started = started;
    this.container = container;
    this.expected = comesToItsEnd;
  }

  /** Where one of its published ports is: "127.0.0.1:49153". */
  at(port: number): string {
    return `127.0.0.1:${this.started.getMappedPort(port)}`;
  }

  /** Waits for something as long as it runs; rejects with its last words when it ends first. */
  async until<T>(ready: Promise<T>): Promise<T> {
    const died = this.ended.promise.then((code) => {
      const { name, log } = this.spec;
      throw environmentError(
        `${name} ended while it was starting (exit code ${code})`,
        log === undefined ? undefined : `its last lines:\n${tail(log, 8)}`,
      );
    });
    ready.catch(() => {});
    return await Promise.race([ready, died]);
  }
}

/** The containers of a lab, by name, and which of their ends were meant. */
export class Containers implements AsyncDisposable {
  /** Resolves with a reason when one ended that nobody has ended, or the daemon. */
  readonly lost: Promise<string>;
  readonly #docker: Docker;
  readonly #owner: Owner;
  readonly #all = new Map<string, Running>();
  #lose: (reason: string) => void = () => {};
  #over = false;
  #events: (NodeJS.ReadableStream & { destroy?(): void }) | undefined;

  constructor(docker: Docker, owner: Owner) {
    this.#docker = docker;
    this.#owner = owner;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  /** Hears of every end from here on. */
  async watch(): Promise<void> {
    const stream = await this.#docker.container.dockerode.getEvents({
      filters: {
        type: ['container'],
        event: ['die'],
        label: [`${containerLabels.run}=${this.#owner.runId}`],
      },
    });
    this.#events = stream;
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter(Boolean)) this.#heard(JSON.parse(line));
    });
    const broke = () => {
      if (!this.#over) this.#lose('Docker says nothing more of the containers: has it ended?');
    };
    stream.on('error', broke);
    stream.on('end', broke);
  }

  #heard({ Actor }: { Actor?: { ID?: string; Attributes?: { exitCode?: string } } }): void {
    const running = [...this.#all.values()].find(({ container }) => container.id === Actor?.ID);
    if (!running?.runs) return;
    const code = Number(Actor?.Attributes?.exitCode ?? Number.NaN);
    this.#end(running, code);
    const { name, log } = running.spec;
    if (!running.expected && !this.#over) {
      const where = log === undefined ? '' : `; see ${log}`;
      this.#lose(`${name} ended by itself (${code === 137 ? 'SIGKILL' : `exit code ${code}`})${where}`);
    }
  }

  #end(running: Running, code: number): void {
    running.runs = false;
    running.ended.resolve(code);
  }

  /** Starts one that runs for as long as the lab does, unless it comes to its own end: the end of others is the lab's loss. */
  async launch(spec: LabContainerSpec, comesToItsEnd = false): Promise<Running> {
    const { runId, labels } = this.#owner;
    const name = `breakwater-${runId}-${spec.name.replaceAll(/[^\w.-]/g, '-')}`;
    const started = await startContainer({ ...spec, name, labels }, this.#docker).catch((error: Error) => {
      const { message } = error;
      throw environmentError(`could not start ${spec.name}: ${message}`, whatAContainerNeeds(message), error);
    });
    const container = this.#docker.container.getById(started.getId());
    const running = new Running(spec, started, container, comesToItsEnd);
    this.#all.set(spec.name, running);
    await this.#log(running, 0);
    const { State } = await container.inspect();
    // Who ended before anybody listened.
    if (!State.Running) this.#end(running, State.ExitCode);
    return running;
  }

  async #log(running: Running, since: number): Promise<void> {
    const { log } = running.spec;
    if (log === undefined) return;
    const said = await this.#docker.container.logs(running.container, { since });
    const file = createWriteStream(log, { flags: 'a' });
    said.pipe(file);
    running.logged = finished(file).catch(() => {});
  }

  /** The one of that name, if it runs. */
  find(name: string): Running | undefined {
    const running = this.#all.get(name);
    return running?.runs ? running : undefined;
  }

  /** The one of that name; a fault on one that does not run would be none. */
  of(name: string): Running {
    const running = this.find(name);
    if (!running) throw environmentError(`${name} does not run`);
    return running;
  }

  /** The one of that name, whether it runs or not. */
  known(name: string): Running {
    const running = this.#all.get(name);
    if (!running) throw new Error(`no container ${name}`);
    return running;
  }

  /** Puts files into one, whether it runs or not. */
  async give({ container, spec }: Running, files: readonly ContainerFile[]): Promise<void> {
    const owner = { user: spec.user ?? 0, directory: spec.directory ?? '/' };
    await this.#docker.container
      .putArchive(container, filesArchive(files, owner), '/')
      .catch(refused(`no file can be put into ${spec.name}`));
  }

  /** Ends one at once, and leaves it as it is. */
  async kill(name: string): Promise<void> {
    const running = this.of(name);
    running.expected = true;
    await running.container.kill();
    this.#end(running, 137);
  }

  /** It gets no more processor time than so many processors have; as much as it wants where nothing is said. */
  async limitCpu(name: string, cores: number | undefined): Promise<void> {
    const CpuQuota = cores === undefined ? -1 : Math.round(cores * cpuPeriodUs);
    // One that has ended has its limit taken back all the same.
    const running = cores === undefined ? this.known(name) : this.of(name);
    await running.container
      .update({ CpuPeriod: cpuPeriodUs, CpuQuota })
      .catch(refused(`the processor time of ${name} cannot be limited`));
  }

  /** Tells one to end, and ends it where it has not within its grace; leaves it as it is. */
  async stop(name: string, graceMs: number): Promise<void> {
    const running = this.of(name);
    running.expected = true;
    await running.container.kill({ signal: 'SIGTERM' });
    if (!(await endsWithin(running.ended.promise, graceMs))) await this.kill(name);
  }

  /** Starts one again that was ended. */
  async again(name: string): Promise<Running> {
    const running = this.known(name);
    running.ended = Promise.withResolvers();
    const since = Date.now() / 1_000;
    await running.container.start().catch(refused(`${name} cannot be started again`));
    running.runs = true;
    running.expected = false;
    await this.#log(running, since);
    return running;
  }

  /** Ends one, and forgets it. */
  async remove(name: string): Promise<void> {
    const running = this.#all.get(name);
    if (!running) return;
    running.expected = true;
    this.#all.delete(name);
    await removeContainer(running.container);
    this.#end(running, 137);
    await Promise.race([running.logged, new Promise((resolve) => setTimeout(resolve, logEndMs).unref())]);
  }

  /** From here on every end is ours. */
  expectEnds(): void {
    this.#over = true;
  }

  /** CPU and memory of those that run, now. */
  async usage(): Promise<ProcessSample[]> {
    const samples = await Promise.all(
      [...this.#all.values()].map(async ({ container, spec, runs, started }) => {
        // What keeps a network open does nothing.
        if (!runs || spec.name.endsWith('/network')) return [];
        const used = (await container.stats({ stream: false, 'one-shot': true }).catch(() => undefined)) as
          | Stats
          | undefined;
        if (used?.cpu_stats?.cpu_usage === undefined) return [];
        const { usage = 0, stats = {} } = used.memory_stats ?? {};
        // What it has read of files is not what it holds: as docker stats does.
        const cached = stats['inactive_file'] ?? stats['total_inactive_file'] ?? 0;
        return [
          {
            t: Date.now(),
            name: spec.name,
            // A container has no process id of its own here; a part of its id tells it from the next one.
            pid: Number.parseInt(started.getId().slice(0, 8), 16),
            cpuMs: used.cpu_stats.cpu_usage.total_usage / 1e6,
            rssBytes: Math.max(0, usage - cached),
          },
        ];
      }),
    );
    return samples.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.expectEnds();
    this.#events?.destroy?.();
  }
}

interface Stats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage: number } };
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}
