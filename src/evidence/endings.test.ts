import { expect, test } from 'vitest';
import type { LoggedEnding } from '../model/ending.ts';
import { settleEnding } from './endings.ts';

const ended = (said: Partial<LoggedEnding>) =>
  settleEnding({
    reason: 'none',
    status: 200,
    fromHost: true,
    whole: true,
    host: '127.1.2.3:8080',
    service: 'edge-app',
    direction: 'outbound',
    attempts: 1,
    raw: { flag: '-', details: '-', destination: '-' },
    ...said,
  });

test('what a host answers is its answer, good or bad', () => {
  expect(ended({})).toMatchObject({ outcome: 'ok', answered: true, refusedBy: undefined });
  expect(ended({ status: 503 })).toMatchObject({ outcome: 'error', answered: true, refusedBy: undefined });
});

test('what a sidecar answers in its place is not', () => {
  const made = { status: 503, fromHost: false } as const;
  expect(ended({ ...made, reason: 'connect' })).toMatchObject({ outcome: 'error', answered: false });
  for (const reason of ['overflow', 'rate-limited', 'overload'] as const) {
    expect(ended({ ...made, reason })).toMatchObject({ outcome: 'shed', refusedBy: 'client' });
  }
  expect(ended({ ...made, reason: 'denied', status: 403, direction: 'inbound' })).toMatchObject({
    outcome: 'error',
    answered: false,
    refusedBy: 'server',
  });
  expect(ended({ ...made, reason: 'no-route', status: 404, direction: 'none' }).refusedBy).toBeUndefined();
});

test('half an answer is none', () => {
  for (const said of [{ whole: false }, { status: 0, fromHost: false }, { status: 503, whole: false }]) {
    expect(ended({ ...said, reason: 'reset' })).toMatchObject({ outcome: 'unanswered', answered: false });
  }
});

test('a certificate is refused by the side that it was shown to', () => {
  const distrusted = (of: 'client' | 'server') =>
    ended({ status: 503, fromHost: false, reason: 'tls', clues: { distrust: { of, since: 'expired' } } });
  expect(distrusted('client')).toMatchObject({ outcome: 'error', answered: false, refusedBy: 'server' });
  expect(distrusted('server')).toMatchObject({ outcome: 'error', answered: false, refusedBy: 'client' });
});
