import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the harness asks its supervisor to do; sent over the IPC channel between them. */
export type Request =
  | {
      readonly do: 'spawn';
      readonly id: number;
      readonly name: string;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      /** File that gets both standard output and standard error, appended. */
      readonly log: string;
    }
  /** To the whole process group. */
  | { readonly do: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }
  /** SIGTERM to the program alone: what it has started it ends itself. */
  | { readonly do: 'terminate'; readonly id: number }
  /** End everything and exit; the harness does the rest of the tidying itself. */
  | { readonly do: 'end' };

/** What the supervisor tells the harness. */
export type Reply =
  | { readonly did: 'started' }
  | { readonly did: 'spawned'; readonly id: number; readonly pid: number }
  | { readonly did: 'not-spawned'; readonly id: number; readonly error: string }
  | {
      readonly did: 'exited';
      readonly id: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };

/** A line of `processes.jsonl`: what was started, so that a later cleanup can end it by id. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** See processIdentity: tells a process from a later one with the same id. */
  readonly identity: string | undefined;
}

export const PROCESS_RECORDS = 'processes.jsonl';

/** Path of a program of this folder: its source in the clone, compiled in the package. */
export function programPath(name: 'main' | 'watchdog'): string {
  const source = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

/** File descriptor of the supervisor: the pipe that closes when it dies, which its watchdog waits for. */
export const WATCHDOG_FD = 4;
