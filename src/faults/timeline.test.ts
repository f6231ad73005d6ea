import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { StartedEnvironment } from '../environments/contract.ts';
import type { Plan } from '../plan/contract.ts';
import type { Action, ReversibleAction } from './contract.ts';
import { Journal, runTimeline } from './timeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-timeline-'));
const path = join(folder, 'journal.jsonl');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const on = (inject: Action['do'], revert: Action['do']) =>
  ({ inject: { do: inject, instance: 'one' }, revert: { do: revert, instance: 'one' } }) as ReversibleAction;

test('after Ctrl-C nothing is waited for that would have to start, and the rest is taken back', async () => {
  const actions = [
    on('kill', 'start'),
    on('stop-node', 'start-node'),
    on('scale-down', 'scale-up'),
    on('stop-control-plane', 'start-control-plane'),
    on('pause', 'resume'),
    on('set-fault', 'clear-fault'),
  ];
  const plan = { faults: [{ name: 'all', atMs: 0, forMs: 60_000, actions }] } as unknown as Plan;
  const done: string[] = [];
  const interrupt = new AbortController();
  const environment = {
    async perform(action: Action) {
      done.push(action.do);
      if (done.length === actions.length) setTimeout(() => interrupt.abort(), 50);
    },
  } as StartedEnvironment;
  const events = { injecting() {}, reverted() {} };
  const timeline = runTimeline(plan, environment, new Journal(path), Date.now(), interrupt.signal, events);
  await expect(timeline).rejects.toMatchObject({ name: 'AbortError' });
  expect(done.slice(actions.length)).toEqual(['resume', 'clear-fault']);
  expect(readFileSync(path, 'utf8').match(/"reverted"/g)).toHaveLength(2);
});
