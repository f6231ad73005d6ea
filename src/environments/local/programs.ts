import { environmentError } from '../../kit/errors.ts';
import { endsWithin } from '../../kit/eventually.ts';
import { groupUsage } from '../../kit/process-usage.ts';
import type { ProgramSpec, RunningProgram, Supervisor } from '../../kit/supervisor/client.ts';
import type { ProcessSample } from '../../model/evidence.ts';

/** The programs of a lab, by name, and which of their ends were meant. */
export class Programs {
  /** Resolves with a reason when one ended that nobody has ended, or the supervisor. */
  readonly lost: Promise<string>;
  readonly #supervisor: Supervisor;
  readonly #running = new Map<string, RunningProgram>();
  /** Those whose end is ours, so that it alarms nobody. */
  readonly #expected = new WeakSet<RunningProgram>();
  #lose: (reason: string) => void = () => {};

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    supervisor.lost.then((reason) => this.#lose(reason));
  }

  /** Starts one that runs for as long as the lab does: its end is the lab's loss. */
  async launch(spec: ProgramSpec): Promise<RunningProgram> {
    const program = await this.run(spec);
    program.exited.then(({ code, signal }) => {
      if (this.#expected.has(program)) return;
      this.#lose(`${spec.name} ended by itself (${signal ?? `exit code ${code}`}); see ${spec.log}`);
    });
    return program;
  }

  /** Starts one that comes to its own end. */
  async run(spec: ProgramSpec): Promise<RunningProgram> {
    const program = await this.#supervisor.start(spec);
    this.#running.set(spec.name, program);
    return program;
  }

  /** The one of that name, if it runs. */
  find(name: string): RunningProgram | undefined {
    const program = this.#running.get(name);
    return program?.exit === undefined ? program : undefined;
  }

  /** The one of that name; a fault on one that does not run would be none. */
  of(name: string): RunningProgram {
    const program = this.find(name);
    if (!program) throw environmentError(`${name} does not run`);
    return program;
  }

  /** Ends one at once. */
  async kill(name: string): Promise<void> {
    const program = this.of(name);
    this.#expected.add(program);
    this.#running.delete(name);
    await program.kill();
  }

  /** Tells one to end, and ends it where it has not within its grace. */
  async stop(name: string, graceMs: number): Promise<void> {
    const program = this.of(name);
    this.#expected.add(program);
    program.terminate();
    const isOver = await endsWithin(program.exited, graceMs);
    this.#running.delete(name);
    if (!isOver) await program.kill();
  }

  /** From here on every end is ours. */
  expectEnds(): void {
    for (const program of this.#running.values()) this.#expected.add(program);
  }

  /** CPU and memory of those that run, each with its process group, now. */
  async usage(): Promise<ProcessSample[]> {
    const running = [...this.#running].filter(([, program]) => program.exit === undefined);
    const usage = await groupUsage(running.map(([, program]) => program.pid));
    return running.flatMap(([name, program]) => {
      const used = usage.get(program.pid);
      return used ? [{ t: Date.now(), name, pid: program.pid, ...used }] : [];
    });
  }
}
