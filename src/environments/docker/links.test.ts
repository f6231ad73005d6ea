import { expect, test } from 'vitest';
import { rulesOf } from './links.ts';

const of = (...about: Parameters<typeof rulesOf>) => rulesOf(...about).map((rule) => rule.join(' '));

test('what is lost is dropped where it comes in, and where it goes back', () => {
  expect(of({ kind: 'loss', of: 'requests' }, '172.18.0.4')).toEqual(['INPUT -s 172.18.0.4 -j DROP']);
  expect(of({ kind: 'loss', of: 'answers' }, '172.18.0.4')).toEqual(['OUTPUT -d 172.18.0.4 -j DROP']);
  expect(of({ kind: 'loss', of: 'both' }, '172.18.0.4')).toHaveLength(2);
});

test('a connection is made before it is reset, and the reset itself gets through', () => {
  for (const rule of of({ kind: 'reset' }, '172.18.0.4')) {
    expect(rule).toContain('-p tcp --tcp-flags SYN,RST NONE -j REJECT --reject-with tcp-reset');
  }
});

test('what takes time is nothing that a filter of packets can do', () => {
  expect(() => rulesOf({ kind: 'latency', delayMs: 50, jitterMs: 0 }, '172.18.0.4')).toThrow('latency');
});
