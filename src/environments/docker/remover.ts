import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ownFile } from '../../kit/own-file.ts';
import type { DockerDaemon } from '../../runs/docker-daemon.ts';

/** Removes what a run has in Docker when its harness has ended, in whatever way. */
export interface Remover {
  /** Resolves with the signal when somebody has killed it. */
  readonly killed: Promise<NodeJS.Signals>;
  /** Says that all is removed: it ends. */
  over(): Promise<void>;
}

/**
 * Waits in a shell, which is small, for the pipe to close, and becomes the program then, unless it was told before that
 * all is over. It has a session of its own: a Ctrl-C in the terminal is for the harness, which then removes what there is.
 */
export function startRemover(daemon: DockerDaemon, runId: string, directory: string): Remover {
  const main = fileURLToPath(ownFile(new URL('./remover-main.ts', import.meta.url)));
  const program = [process.execPath, '--no-warnings', main, daemon.host, runId, directory];
  const [command = '', ...args] =
    process.platform === 'win32'
      ? [...program, 'wait']
      : ['/bin/sh', '-c', 'read -r _ && exit 0; exec "$@"', 'sh', ...program];
  const child = spawn(command, args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
  const killed = Promise.withResolvers<NodeJS.Signals>();
  child.once('exit', (_code, signal) => {
    if (signal !== null) killed.resolve(signal);
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return {
    killed: killed.promise,
    async over() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      // From here on this process waits for it.
      child.ref();
      child.stdin.end('over\n');
      await gone;
    },
  };
}
