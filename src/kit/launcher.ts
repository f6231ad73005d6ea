import { readFileSync } from 'node:fs';

const everyMs = 250;
/** npm sets it for every program that it starts. */
const MARK = 'npm_command';

/**
 * Calls `gone` once when npm (npx, a script of a package) has started this process and is no more: a signal for it
 * alone ends it, or the shell that it has put in between, and neither passes it on. Who has started this process
 * otherwise may leave it alone, as nohup does.
 */
export function watchLauncher(gone: () => void): void {
  if (process.env[MARK] === undefined) return;
  const started = launchers();
  const timer = setInterval(() => {
    if (launchers().join() === started.join()) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
}

/** The environment for a program that goes on when npm has ended. */
export function withoutLauncher(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [MARK]: _, ...others } = env;
  return others;
}

/** This process's parent, and its parent, if that is a shell for this one command; orphans have others. */
function launchers(): number[] {
  const parent = process.ppid;
  const above = parentOfShell(parent);
  return above === undefined ? [parent] : [parent, above];
}

/** Linux alone tells. */
function parentOfShell(pid: number): number | undefined {
  try {
    const [, option] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (option !== '-c') return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
