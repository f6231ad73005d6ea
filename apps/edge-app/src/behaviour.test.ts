import { expect, test } from 'vitest';
import { parseBehaviour } from './behaviour.ts';

test.each([
  { kind: 'latency', delayMs: 200, jitterMs: 0, rate: 1 },
  { kind: 'error', status: 503, rate: 0.5 },
  { kind: 'hang', rate: 1 },
  { kind: 'reset', rate: 0 },
  { kind: 'refuse' },
])('$kind is taken as it is written', (behaviour) => {
  expect(parseBehaviour(JSON.stringify(behaviour))).toEqual(behaviour);
});

test.each([
  ['{', /^the body is not JSON/],
  ['[]', 'the body must be a JSON object'],
  ['{}', 'kind: expected one of latency, error, hang, reset, refuse, got nothing'],
  ['{"kind":"toString"}', 'got "toString"'],
  ['{"kind":"refuse","rate":1}', 'rate: a refuse fault has no such field'],
  ['{"kind":"hang","rate":1.5}', 'rate: expected a number from 0 to 1, got 1.5'],
  ['{"kind":"hang","rate":"1"}', 'rate: expected a number from 0 to 1, got "1"'],
  ['{"kind":"error","status":503.5,"rate":1}', 'status: expected a whole number from 400 to 599, got 503.5'],
  [
    '{"kind":"latency","delay":5,"jitterMs":0,"rate":1}',
    'delay: a latency fault has no such field; delayMs: expected a number from 0 to 3600000, got nothing',
  ],
])('%s is an error that says why', (json, message) => {
  expect(() => parseBehaviour(json)).toThrow(message);
});
