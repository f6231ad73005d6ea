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
  ({ inject: { do: inject, instance: 'one' }, revert: { do: revert, instance: 'one' } }) as ReversibleAction;

test('after Ctrl-C nothing is waited for that would have to start, and the rest is taken back', async () => {
  const faults = [
    { name: 'all', halts: 'ended', actions: [on('kill', 'start'), on('stop-node', 'start-node')] },
    { name: 'away', halts: 'ended', actions: [on('scale-down', 'scale-up')] },
    { name: 'alone', halts: 'ended', actions: [on('stop-control-plane', 'start-control-plane')] },
    { name: 'frozen', halts: 'frozen', actions: [on('pause', 'resume')] },
    { name: 'wrong', actions: [on('set-fault', 'clear-fault')] },
  ].map((fault) => ({ ...fault, atMs: 0, forMs: 60_000 }));
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

test('a fault waits until the one before it on the same instance has been taken back', async () => {
  const fault = (name: string, atMs: number) => ({
    name,
    atMs,
    forMs: 50,
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
