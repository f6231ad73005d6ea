import type { CoreV1Event } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { warningLines } from './diagnose.ts';

const event = (name: string, reason: string, second: number, type = 'Warning'): CoreV1Event => ({
  involvedObject: { name },
  metadata: {},
  reason,
  message: `about ${name}`,
  type,
  lastTimestamp: new Date(second * 1_000),
});

test('events are the newest warnings of just this object, the newest last', () => {
  const events = [
    event('edge-app', 'Third', 3),
    event('edge-app-east', 'Other', 9),
    event('edge-app', 'First', 1),
    event('edge-app', 'Fine', 8, 'Normal'),
    { ...event('edge-app', 'Second', 0), lastTimestamp: undefined, eventTime: new Date(2_000), count: 4 },
  ] as CoreV1Event[];
  expect(warningLines(events, ['edge-app'])).toBe(
    'events:\n  First: about edge-app\n  Second (4 times): about edge-app\n  Third: about edge-app',
  );
  const many = [7, 2, 6, 1, 5, 3, 4].map((second) => event('edge-app', `R${second}`, second));
  expect(warningLines(many, ['edge-app']).match(/R\d/g)).toEqual(['R3', 'R4', 'R5', 'R6', 'R7']);
  expect(warningLines(events, ['edge'])).toBe('no warnings among its events');
});
