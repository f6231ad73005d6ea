import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from './breakwater.ts';
import { loopbackListeners, processesOf } from './processes.ts';

/** What the runs of a workspace still have, looked for until nothing is left or time is up; `isOwn` tells which ports count. */
export async function remains(
  workspace: Workspace,
  isOwn: (port: string) => boolean,
  withinMs: number,
): Promise<string[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const left = [
      ...processesOf(workspace.runs).map(({ pid, command }) => `process ${pid}: ${command.slice(0, 100)}`),
      ...loopbackListeners()
        .filter(isOwn)
        .map((listener) => `port ${listener}`),
      ...(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).map((entry) => `folder ${entry}`),
    ];
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50);
  }
}

/** The process that ends everything when a run's harness is gone. */
export const supervisorOf = (workspace: Workspace) =>
  processesOf(workspace.runs).find(({ command }) => command.includes('supervisor/main'));

/** The process that removes everything from Docker when a run's harness is gone. */
export const removerOf = (workspace: Workspace) =>
  processesOf(workspace.runs).find(({ command }) => command.includes('remover-main'));
