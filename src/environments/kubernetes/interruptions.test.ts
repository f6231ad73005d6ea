import type { V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { Interruptions } from './interruptions.ts';
import { instance, pod } from './testing.ts';

/** A pod whose app has been restarted so often, and is up or down. */
function running(name: string, restartCount: number, up: boolean, finishedAt?: Date): V1Pod {
  const ended = { terminated: { reason: 'OOMKilled', exitCode: 137, ...(finishedAt ? { finishedAt } : {}) } };
  return {
    ...pod(name, '10.0.0.1'),
    status: {
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: up ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'app',
          image: '',
          imageID: '',
          ready: up,
          restartCount,
          state: up ? { running: {} } : ended,
          ...(restartCount > 0 ? { lastState: ended } : {}),
        },
      ],
    },
  };
}

/** What is asked in a moment, as lists of pods after one another. */
function watched(first: V1Pod) {
  const member = { instance: instance(1), pod: first as V1Pod | undefined, addresses: [] };
  const interruptions = new Interruptions();
  interruptions.accept(member);
  const begunMs = Date.now();
  const look = (now: V1Pod | undefined, afterMs: number) => {
    member.pod = now;
    return interruptions.look(member, begunMs + afterMs);
  };
  return { interruptions, begunMs, look, member };
}

test('a restart is one gap, from when the pod was last well until it is ready again', () => {
  const { interruptions, begunMs, look } = watched(running('a', 0, true));
  expect(look(running('a', 0, true), 1_000)).toBeUndefined();
  look(running('a', 0, false), 2_000);
  look(running('a', 1, false), 3_000);
  expect(interruptions.gaps).toHaveLength(1);
  look(running('a', 1, true), 4_000);
  look(running('a', 1, true), 5_000);
  expect(interruptions.gaps).toMatchObject([
    {
      what: 'the pod a of edge-app-east-1 was restarted (app: OOMKilled, exit code 137)',
      fromMs: begunMs + 1_000,
    },
  ]);
});

test('a gap begins when the container ended, when that was before the list that last showed it well', () => {
  const { interruptions, begunMs, look } = watched(running('a', 0, true));
  look(running('a', 0, true), 2_000);
  look(running('a', 1, true, new Date(begunMs + 1_500)), 3_000);
  expect(interruptions.gaps[0]?.fromMs).toBe(begunMs + 1_500);
});

test('a pod that is gone leaves a gap that lasts, and says so once it has been replaced', () => {
  const { interruptions, look } = watched(running('a', 0, true));
  look(undefined, 1_000);
  expect(interruptions.gaps.map(({ what }) => what)).toEqual(['the pod a of edge-app-east-1 is gone']);
  look(running('b', 0, false), 2_000);
  look(running('b', 0, true), 3_000);
  look(running('b', 0, true), 4_000);
  expect(interruptions.gaps.map(({ what }) => what)).toEqual(['the pod a of edge-app-east-1 was replaced']);
});

test('what a fault did and has taken back is no gap, whatever an older list says', () => {
  const { interruptions, look, member } = watched(running('a', 0, true));
  member.pod = running('a', 1, true);
  interruptions.accept(member);
  expect(look(running('a', 0, false), -1_000)).toBeUndefined();
  expect(look(running('a', 1, true), 1_000)).toBeUndefined();
  expect(interruptions.gaps).toEqual([]);
});

test('a pod that is not ready and has not ended is no gap', () => {
  const { interruptions, look } = watched(running('a', 0, true));
  const paused = running('a', 0, true);
  paused.status = { ...paused.status, conditions: [{ type: 'Ready', status: 'False' }] };
  expect(look(paused, 1_000)).toBeUndefined();
  expect(interruptions.gaps).toEqual([]);
});
