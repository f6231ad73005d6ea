import { readdir, readFile } from 'node:fs/promises';

/** As the kernel does for containers: what is used up comes anew each tenth of a second. */
const periodMs = 100;
/** How often usage is looked at: what a program uses beyond its share until then, it does without later. */
const lookEveryMs = 5;
const familyEveryMs = 1_000;

/** A program whose processes may be stopped for a moment. */
interface Limited {
  readonly pid: number;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/**
 * Limits of the processor time of programs, kept as the kernel keeps those of containers, without its control groups,
 * which an ordinary user may not have: whoever has used up its share is stopped until it has some again.
 */
export class CpuLimits implements Disposable {
  readonly #running = new Map<string, AbortController>();

  /** Holds from now on; in place of an earlier one of that name. */
  limit(name: string, program: Limited, cores: number): void {
    this.lift(name);
    const over = new AbortController();
    this.#running.set(name, over);
    void keep(program, cores, over.signal);
  }

  lift(name: string): void {
    this.#running.get(name)?.abort();
    this.#running.delete(name);
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#running.keys()]) this.lift(name);
  }
}

/** Stops and continues a program until the signal aborts; then it goes on. */
async function keep(program: Limited, cores: number, signal: AbortSignal): Promise<void> {
  const share = cores * periodMs;
  let family = await familyOf(program.pid);
  let usedMs = await cpuOf(family);
  let leftMs = share;
  let period = performance.now();
  let knownAt = period;
  let stopped = false;
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    const now = performance.now();
    const used = await cpuOf(family);
    leftMs -= Math.max(0, used - usedMs);
    usedMs = used;
    const periods = Math.floor((now - period) / periodMs);
    if (periods > 0) {
      period += periods * periodMs;
      // What was not used is not kept, what was used too much is owed.
      leftMs = Math.min(share, leftMs + periods * share);
    }
    if (leftMs <= 0 !== stopped && !signal.aborted) {
      stopped = !stopped;
      program.signal(stopped ? 'SIGSTOP' : 'SIGCONT');
    }
    if (now - knownAt > familyEveryMs) {
      knownAt = now;
      family = await familyOf(program.pid);
      usedMs = await cpuOf(family);
    }
  }
  if (stopped) program.signal('SIGCONT');
}

/** The folders of all threads of a process and of what it has started. */
async function familyOf(pid: number): Promise<readonly string[]> {
  const tasks = (await readdir(`/proc/${pid}/task`).catch(() => [])).map((id) => `/proc/${pid}/task/${id}`);
  const children = await Promise.all(
    tasks.map((task) => readFile(`${task}/children`, 'utf8').catch(() => '')),
  );
  const inner = await Promise.all(children.join(' ').split(' ').filter(Boolean).map(Number).map(familyOf));
  return [...tasks, ...inner.flat()];
}

/** Processor time of threads in milliseconds, to the nanosecond; those that have ended are left out. */
async function cpuOf(tasks: readonly string[]): Promise<number> {
  const times = await Promise.all(
    tasks.map(async (task) => {
      const said = await readFile(`${task}/schedstat`, 'utf8').catch(() => '0');
      return Number(said.split(' ')[0]) / 1e6;
    }),
  );
  return times.reduce((sum, ms) => sum + ms, 0);
}
