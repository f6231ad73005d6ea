import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * When the process with this id started, in the system's own words; undefined when there is none.
 * Ids are used again, ids with a start time are not. Zombies count as gone.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold blanks; state and start time are counted from behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return ps.status === 0 ? ps.stdout.trim() || undefined : undefined;
}

/** Whether that very process still runs. */
export function isSameProcess(pid: number, identity: string | undefined): boolean {
  return identity !== undefined && processIdentity(pid) === identity;
}

/** A process with a variable in the environment that it was started with. */
export interface MarkedProcess {
  readonly pid: number;
  readonly name: string;
  /** Of the variable. */
  readonly value: string;
}

/** All other processes of this user with that variable; Linux alone tells, elsewhere there are none. */
export function processesWith(variable: string): MarkedProcess[] {
  if (process.platform !== 'linux') return [];
  const pattern = new RegExp(`(?:^|\0)${variable}=([^\0]+)`);
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const value = pattern.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1];
      if (value === undefined || processIdentity(pid) === undefined) return [];
      return [{ pid, name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), value }];
    } catch {
      return []; // ended meanwhile, or another user's
    }
  });
}

/** Sends a signal to a process group; false when there is no such group. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
