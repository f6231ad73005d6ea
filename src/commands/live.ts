import pc from 'picocolors';
import type { ExperimentWatcher } from '../experiment/run.ts';
import { ExitCode, OperatorError } from '../kit/errors.ts';
import type { Progress } from '../kit/terminal.ts';
import type { Ended, Standing } from '../live/contract.ts';
import { openLivePage } from '../live/live.ts';
import type { Plan } from '../plan/contract.ts';
import { openFile } from './open-file.ts';

export const LIVE_TEXT =
  'serve a page that shows how it goes on, on this machine alone, with a button to stop';

/** The live page of a command, or nothing where none is wanted. */
export interface Live extends AsyncDisposable {
  /** Who has it sees the page; undefined where there is none. */
  readonly url?: string;
  /** Ends with the command's own, and when somebody on the page wants it to stop. */
  readonly signal: AbortSignal;
  /** A watcher that shows on the page what it is told, too; steps with what they are `under` before them. */
  watch(plan: Plan, watcher: ExperimentWatcher, under?: () => string): ExperimentWatcher;
  /** How trials together stand. */
  standing(standing: Standing): void;
  /** The last thing that the page shows. */
  ended(ended: Ended): Promise<void>;
}

/** Opens it, says where it is, and shows it where there is a desktop and somebody at it. */
export async function openLive(
  { live: wanted, quiet }: { readonly live?: boolean; readonly quiet?: boolean },
  title: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<Live> {
  if (!wanted) {
    return {
      signal,
      watch: (_, watcher) => watcher,
      standing() {},
      async ended() {},
      async [Symbol.asyncDispose]() {},
    };
  }
  const stopping = new AbortController();
  const page = await openLivePage(title, () => {
    progress.note('stopped on the live page: ending in order');
    stopping.abort(new OperatorError('interrupted', { exitCode: ExitCode.interrupted }));
  });
  // Without its address nobody sees it, so that is said however quiet.
  const said = `${pc.bold('live')} ${page.url}`;
  if (quiet) process.stderr.write(`${said}\n`);
  else progress.note(said);
  await showLive(page.url);
  return {
    url: page.url,
    signal: AbortSignal.any([signal, stopping.signal]),
    watch: ({ mesh }, watcher, under = () => '') => ({
      ...watcher,
      step(text) {
        watcher.step(text);
        page.step(`${under()}${text}`);
      },
      began(trial) {
        watcher.began?.(trial);
        page.step(`${under()}load and faults`);
        page.trial({ ...trial, meshKind: mesh });
      },
      collected() {
        watcher.collected?.();
        page.collected();
      },
    }),
    standing: (standing) => page.standing(standing),
    ended: (ended) => page.ended(ended),
    [Symbol.asyncDispose]: () => page[Symbol.asyncDispose](),
  };
}

/** Shows a page where there is a desktop and somebody at it. */
export async function showLive(url: string): Promise<void> {
  if (process.stdout.isTTY && !process.env['CI'] && hasDesktop()) await openFile(url).catch(() => {});
}

function hasDesktop(): boolean {
  const { platform, env } = process;
  return platform === 'darwin' || platform === 'win32' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}
