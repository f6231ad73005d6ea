import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ownFile } from '../kit/own-file.ts';
import type { Ended, FromPage, Standing, ToPage, WatchedTrial } from './contract.ts';

/** How long the page gets to show how it ended. */
const LAST_VIEW_MS = 2_000;

/** A page that shows a run as it goes on, on loopback, with a way to stop it. */
export interface LivePage extends AsyncDisposable {
  /** Who has it sees the page: it holds a secret. */
  readonly url: string;
  step(text: string): void;
  /** The load of a trial has begun. */
  trial(trial: WatchedTrial): void;
  /** Its evidence is whole. */
  collected(): void;
  /** How trials together stand. */
  standing(standing: Standing): void;
  /** The last thing that it shows; the page is not served any more when this resolves. */
  ended(ended: Ended): Promise<void>;
}

/** Starts serving; `stop` is called when somebody on the page wants the run to stop. */
export async function openLivePage(title: string, stop: () => void): Promise<LivePage> {
  const worker = new Worker(ownFile(new URL('./worker.ts', import.meta.url)), { workerData: { title } });
  const failed = once(worker, 'error').then(([error]) => {
    throw error;
  });
  // A page that breaks is no reason for a run to.
  failed.catch(() => {});
  const tell = (message: ToPage) => worker.postMessage(message);
  const shown = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<string>();
  worker.on('message', (message: FromPage) => {
    if (message.is === 'open') opened.resolve(message.url);
    if (message.is === 'stop') stop();
    if (message.is === 'shown') shown.resolve();
  });
  const url = await Promise.race([opened.promise, failed]);
  worker.unref();
  return {
    url,
    step: (text) => tell({ is: 'step', text }),
    trial: (trial) => tell({ is: 'trial', trial }),
    collected: () => tell({ is: 'collected' }),
    standing: (standing) => tell({ is: 'standing', standing }),
    async ended(ended) {
      // Nothing else may be left to wait for.
      worker.ref();
      tell({ is: 'ended', ended });
      const patience = new AbortController();
      const late = sleep(LAST_VIEW_MS, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([shown.promise, late, failed.catch(() => {})]);
      patience.abort();
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
