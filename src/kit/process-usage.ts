import { readdir, readFile } from 'node:fs/promises';
import { runProgram } from './run-program.ts';

export interface Usage {
  /** User and system time since the processes started. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The kernel counts in ticks of a hundredth of a second for every program that asks (USER_HZ). */
const msPerTick = 10;
const pageBytes = 4_096;

/** CPU time and memory of each process and everything it started, by process id. */
export async function groupUsage(pids: readonly number[]): Promise<Map<number, Usage>> {
  if (process.platform !== 'linux') return usageFromPs(pids);
  const result = new Map<number, Usage>();
  await Promise.all(
    pids.map(async (pid) => {
      const usage = await treeUsage(pid);
      if (usage) result.set(pid, usage);
    }),
  );
  return result;
}

async function treeUsage(pid: number): Promise<Usage | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime, stime, and the same of children that have ended: proc_pid_stat(5), fields 14 to 17.
    let cpuMs = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) * msPerTick;
    let rssBytes = Number(fields[21]) * pageBytes;
    for (const child of await children(pid)) {
      const usage = await treeUsage(child);
      cpuMs += usage?.cpuMs ?? 0;
      rssBytes += usage?.rssBytes ?? 0;
    }
    return { cpuMs, rssBytes };
  } catch {
    return undefined;
  }
}

async function children(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

async function usageFromPs(pids: readonly number[]): Promise<Map<number, Usage>> {
  const args = ['-A', '-o', 'pgid=,time=,rss='];
  const { stdout } = await runProgram({ program: 'ps', args, group: 'shared' });
  const result = new Map<number, Usage>();
  for (const line of stdout.split('\n')) {
    const [group, time, rss] = line.trim().split(/\s+/);
    const pid = Number(group);
    if (!pids.includes(pid) || time === undefined) continue;
    const seconds = time.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0);
    const before = result.get(pid);
    result.set(pid, {
      cpuMs: (before?.cpuMs ?? 0) + seconds * 1_000,
      rssBytes: (before?.rssBytes ?? 0) + Number(rss) * 1_024,
    });
  }
  return result;
}
