import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

test('everything has a default but the name, which is the host', () => {
  const { service, control, drainMs } = readSettings({ INSTANCE: 'edge-1' });
  const { serviceTime, seed, ...rest } = service;
  expect(serviceTime(Math.random)).toBe(0);
  expect(seed).not.toBe(readSettings({}).service.seed);
  expect({ ...rest, control, drainMs }).toEqual({
    host: '127.0.0.1',
    port: 8080,
    extraPorts: [],
    protocol: 'http1',
    instance: 'edge-1',
    zone: '',
    answers: { bytes: undefined, maxAgeS: undefined },
    concurrency: 1_000,
    queue: 10_000,
    calls: [],
    startCalls: [],
    propagates: true,
    keepAliveMs: 7_200_000,
    control: { host: '127.0.0.1', port: 8081 },
    drainMs: 0,
  });
});

test('an onward call goes to the host of its URL unless it names one', () => {
  const calls = JSON.stringify([
    { url: 'http://127.0.0.1:18080/a', host: 'origin.default.svc.cluster.local' },
    { url: 'http://127.0.0.1:18080/b' },
  ]);
  expect(readSettings({ CALLS: calls }).service.calls.map((call) => call.host)).toEqual([
    'origin.default.svc.cluster.local',
    '127.0.0.1:18080',
  ]);
});

test('every problem is told at once', () => {
  const environment = {
    PORT: '70000',
    EXTRA_PORTS: '1,x',
    CONCURRENCY: '0',
    QUEUE: '-1',
    ZONE: 'a\nb',
    DRAIN: '5',
    SEED: '-1',
    BYTES: '1e9',
    MAX_AGE: '1m',
  };
  expect(() => readSettings(environment)).toThrow(
    /PORT: .*EXTRA_PORTS: .*ZONE: .*SEED: .*BYTES: .*MAX_AGE: .*CONCURRENCY: .*QUEUE: .*DRAIN: /s,
  );
});

test('an idle connection is kept from a millisecond to a day', () => {
  expect(readSettings({ KEEP_ALIVE: '1.5s' }).service.keepAliveMs).toBe(1_500);
  for (const text of ['0s', '0.5ms', '86401s', 'none', '2']) {
    expect(() => readSettings({ KEEP_ALIVE: text })).toThrow(/^KEEP_ALIVE: expected a duration from 1ms/);
  }
});

test.each([
  '{',
  '{}',
  '[1]',
  '[null]',
  '[{"host":"a"}]',
  '[{"url":"https://a"}]',
  '[{"url":"http://a","port":1}]',
  '[{"url":"http://a","headers":[]}]',
  '[{"url":"http://a","headers":{"a b":"1"}}]',
  '[{"url":"http://a","headers":{"a":1}}]',
])('CALLS=%s is an error', (text) => {
  expect(() => readSettings({ CALLS: text })).toThrow(/^CALLS: expected a JSON array/);
});
