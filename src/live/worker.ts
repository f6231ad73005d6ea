import { parentPort, workerData } from 'node:worker_threads';
import { meshOf } from '../meshes/index.ts';
import type { FromPage, ToPage } from './contract.ts';
import { liveContent, livePage } from './page.ts';
import { type LiveServer, startLiveServer } from './server.ts';
import { type LiveView, TrialFollower, type TrialView } from './view.ts';

/** A thread of its own: the harness keeps its appointments with faults whatever a page asks for. */
const EVERY_MS = 1_000;

const { title } = workerData as { readonly title: string };
const tell = (message: FromPage) => parentPort?.postMessage(message);

let view: LiveView = {
  title,
  scenario: undefined,
  environment: undefined,
  step: 'getting ready',
  stopping: false,
  standing: undefined,
  trial: undefined,
  ended: undefined,
};
let following: { readonly follower: TrialFollower; readonly startedAt: number } | undefined;
/** Where the newest trial stood when it was over. */
let last: TrialView | undefined;

const now = (): LiveView => {
  const trial = following?.follower.view(Math.max(0, Date.now() - following.startedAt)) ?? last;
  return { ...view, trial };
};

const server: LiveServer = await startLiveServer({
  page: () => livePage(now()),
  content: () => liveContent(now()),
  stop() {
    if (view.stopping || view.ended !== undefined) return;
    view = { ...view, stopping: true };
    tell({ is: 'stop' });
  },
});

/** One after the other: what is told while a look is on waits for its end. */
let turn = Promise.resolve();
const take = (body: () => Promise<void>) => {
  turn = turn.then(body).catch(() => {});
};

async function collected(): Promise<void> {
  if (following === undefined) return;
  const { follower, startedAt } = following;
  await follower.look(true);
  last = follower.view(Date.now() - startedAt);
  following = undefined;
  await follower[Symbol.asyncDispose]();
}

parentPort?.on('message', (message: ToPage) => {
  take(async () => {
    switch (message.is) {
      case 'step':
        view = { ...view, step: message.text };
        break;
      case 'trial': {
        const { trial } = message;
        await collected();
        const mesh = await meshOf(trial.meshKind);
        following = { follower: new TrialFollower(trial, mesh), startedAt: trial.startedAt };
        const { name } = trial.topology;
        view = {
          ...view,
          scenario: name === title ? undefined : name,
          environment: `${trial.mesh} on ${trial.environment}`,
        };
        break;
      }
      case 'collected':
        await collected();
        break;
      case 'standing':
        view = { ...view, standing: message.standing };
        break;
      case 'ended':
        await collected();
        view = { ...view, ended: message.ended };
        await server.show(liveContent(now()));
        await server[Symbol.asyncDispose]();
        tell({ is: 'shown' });
    }
  });
});

let isBusy = false;
setInterval(() => {
  if (isBusy || view.ended !== undefined) return;
  isBusy = true;
  take(async () => {
    try {
      // Without anybody who looks there is nothing to be late with: all of it is read when somebody comes.
      if (!server.isWatched) return;
      await following?.follower.look();
      await server.show(liveContent(now()));
    } finally {
      isBusy = false;
    }
  });
}, EVERY_MS);

tell({ is: 'open', url: server.url });
