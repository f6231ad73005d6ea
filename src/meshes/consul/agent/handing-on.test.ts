import { expect, test } from 'vitest';
import { NotYet, type Ready } from '../../../kit/eventually.ts';
import { HandingOn } from './handing-on.ts';

/** An agent whose server has the check like this, one after the other. */
function agentWith(...statuses: readonly (string | undefined)[]) {
  const left = [...statuses];
  const asked: string[] = [];
  const handingOn = new HandingOn({
    addLapsingCheck: async (_, afterMs) => {
      asked.push(`add, for ${afterMs} ms`);
    },
    removeCheck: async () => {
      asked.push('remove');
    },
    statusOf: async () => {
      if (left.length === 0) throw new Error('No cluster leader');
      return left.shift();
    },
  });
  return { asked, looks: async () => answerOf(await handingOn.look()) };
}

const answerOf = (ready: Ready) => (ready instanceof NotYet ? ready.why : 'hands on');
const waits = 'it does not hand on yet what changes in it';

test('an agent hands on what changes when its server hears of a check that fails by itself', async () => {
  const { asked, looks } = agentWith('passing', 'passing', 'critical');
  expect([await looks(), await looks(), await looks(), await looks()]).toEqual([
    waits,
    waits,
    'hands on',
    'hands on',
  ]);
  expect(asked).toEqual(['add, for 250 ms', 'remove']);
});

test('a check that had failed when it came there shows nothing, and comes again with more time', async () => {
  const { asked, looks } = agentWith('critical', 'passing', 'critical');
  expect([await looks(), await looks(), await looks()]).toEqual([waits, waits, 'hands on']);
  expect(asked).toEqual(['add, for 250 ms', 'add, for 500 ms', 'remove']);
});

test('an agent that does not answer is waited for', async () => {
  expect(await agentWith().looks()).toBe('No cluster leader');
});
