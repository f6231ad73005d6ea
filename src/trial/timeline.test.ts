import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Lab } from '../environments/contract.ts';
import type { Action, ReversibleAction } from '../model/fault.ts';
import type { TrialPlan } from '../plan/contract.ts';
import { Journal, runTimeline } from './timeline.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'bw-timeline-')), 'journal.jsonl');
});
afterEach(() => rmSync(dirname(path), { recursive: true, force: true }));

const on = (inject: Action['do'], revert: Action['do']) =>
  ({
    inject: { do: inject, target: { kind: 'instance', name: 'one' } },
    revert: { do: revert, target: { kind: 'instance', name: 'one' } },
  }) as ReversibleAction;

test('after Ctrl-C nothing is waited for that would have to start, and the rest is taken back', async () => {
  const faults = [
    { name: 'all', halts: 'ended', actions: [on('kill', 'start'), on('stop-node', 'start-node')] },
    { name: 'away', halts: 'ended', actions: [on('scale-down', 'scale-up')] },
    { name: 'alone', halts: 'ended', actions: [on('stop-control-plane', 'start-control-plane')] },
    { name: 'frozen', halts: 'frozen', actions: [on('pause', 'resume')] },
    { name: 'wrong', actions: [on('set-fault', 'clear-fault')] },
  ].map((fault) => ({ ...fault, targets: ['one'], atMs: 0, forMs: 60_000 }));
  const actions = faults.flatMap((fault) => fault.actions);
  const plan = { faults } as unknown as TrialPlan;
  const done: string[] = [];
  const interrupt = new AbortController();
  const environment = {
    signal: interrupt.signal,
    async perform(action: Action) {
      done.push(action.do);
      if (done.length === actions.length) setTimeout(() => interrupt.abort(), 50);
    },
  } as Lab;
  const events = { injecting() {}, reverted() {} };
  const timeline = runTimeline(plan, environment, new Journal(path), Date.now(), interrupt.signal, events);
  await expect(timeline).rejects.toMatchObject({ name: 'AbortError' });
  expect(done.slice(actions.length)).toEqual(['resume', 'clear-fault']);
  const journal = readFileSync(path, 'utf8');
  expect(journal.match(/"reverted"/g)).toHaveLength(2);
  expect(journal.match(/"left"/g)).toHaveLength(4);
});

test('a fault on an instance waits until its node has been taken back', async () => {
  const node = { kind: 'node', of: 'one' } as const;
  const stopped = {
    inject: { do: 'stop-node', target: node },
    revert: { do: 'start-node', target: node },
  } as const;
  const faults = [
    { name: 'first', atMs: 0, forMs: 50, targets: ['one'], actions: [stopped] },
    { name: 'second', atMs: 100, forMs: 50, targets: ['one'], actions: [on('kill', 'start')] },
  ];
  const done: string[] = [];
  const { signal } = new AbortController();
  const lab = {
    signal,
    async perform(action: Action) {
      if (action.do === 'start-node') await sleep(300);
      done.push(action.do);
    },
  } as Lab;
  const events = { injecting() {}, reverted() {} };
  await runTimeline({ faults } as unknown as TrialPlan, lab, new Journal(path), Date.now(), signal, events);
  expect(done).toEqual(['stop-node', 'start-node', 'kill', 'start']);
  expect(readFileSync(path, 'utf8')).toContain('"target":"the node of one"');
});

test('a fault waits until the one before it on the same instance has been taken back', async () => {
  const fault = (name: string, atMs: number) => ({
    name,
    atMs,
    forMs: 50,
    targets: [],
    actions: [on('stop-control-plane', 'start-control-plane')],
  });
  const plan = { faults: [fault('first', 0), fault('second', 100)] } as unknown as TrialPlan;
  const done: string[] = [];
  const { signal } = new AbortController();
  const environment = {
    signal,
    async perform(action: Action) {
      done.push(action.do);
      if (action.do === 'start-control-plane') await sleep(300);
      done.push(`${action.do} over`);
    },
  } as Lab;
  const events = { injecting() {}, reverted() {} };
  await runTimeline(plan, environment, new Journal(path), Date.now(), signal, events);
  const both = ['stop-control-plane', 'start-control-plane'].flatMap((name) => [name, `${name} over`]);
  expect(done).toEqual([...both, ...both]);
});

test('what Ctrl-C finds just starting again is left to the end of the lab, too', async () => {
  const faults = [
    { name: 'all', halts: 'ended', targets: ['one'], atMs: 0, forMs: 10, actions: [on('kill', 'start')] },
  ];
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const lab = {
    signal,
    async perform(action: Action) {
      if (action.do !== 'start') return;
      setTimeout(() => interrupt.abort(), 20);
      await sleep(5_000, undefined, { signal });
    },
  } as Lab;
  const events = { injecting() {}, reverted() {} };
  const plan = { faults } as unknown as TrialPlan;
  await runTimeline(plan, lab, new Journal(path), Date.now(), signal, events).catch((error: Error) =>
    expect(error.name).toBe('AbortError'),
  );
  const journal = readFileSync(path, 'utf8');
  expect(journal).toContain('"left"');
  expect(journal).not.toContain('"failed"');
});

test('what sidecars hold is asked around a fault, and no more once it is interrupted', async () => {
  const fault = (name: string, forMs: number) => ({
    name,
    atMs: 0,
    forMs,
    targets: [name],
    actions: [on('set-fault', 'clear-fault')],
  });
  const plan = { faults: [fault('short', 50), fault('long', 60_000)] } as unknown as TrialPlan;
  const done: string[] = [];
  const interrupt = new AbortController();
  const lab = {
    signal: interrupt.signal,
    async perform(action: Action) {
      done.push(action.do);
    },
  } as Lab;
  const events = {
    injecting: ({ name }: { name: string }) => done.push(`${name} begins`),
    reverted: ({ name }: { name: string }) => {
      done.push(`${name} is over`);
      if (name === 'short') interrupt.abort();
    },
    asked: async ({ name }: { name: string }, moment: string) => {
      done.push(`${name} ${moment}`);
    },
  };
  const timeline = runTimeline(plan, lab, new Journal(path), Date.now(), interrupt.signal, events);
  await expect(timeline).rejects.toMatchObject({ name: 'AbortError' });
  expect(done.filter((each) => each.startsWith('short'))).toEqual([
    'short before',
    'short begins',
    'short injected',
    'short reverting',
    'short is over',
  ]);
  expect(done.filter((each) => each.startsWith('long'))).toEqual([
    'long before',
    'long begins',
    'long injected',
    'long is over',
  ]);
});

test('a fault waits for the one before it on the same instance, however late that is made', async () => {
  const fault = (name: string, atMs: number) => ({
    name,
    atMs,
    forMs: 50,
    targets: ['one'],
    actions: [on('kill', 'start')],
  });
  const plan = { faults: [fault('first', 0), fault('second', 100)] } as unknown as TrialPlan;
  const done: string[] = [];
  const { signal } = new AbortController();
  const lab = {
    signal,
    async perform(action: Action) {
      if (action.do === 'kill' && done.length === 0) await sleep(300);
      done.push(action.do);
    },
  } as Lab;
  const events = { injecting() {}, reverted() {} };
  await runTimeline(plan, lab, new Journal(path), Date.now(), signal, events);
  expect(done).toEqual(['kill', 'start', 'kill', 'start']);
});
