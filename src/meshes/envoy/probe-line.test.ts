import { expect, test } from 'vitest';
import { probeOfLine } from './probe-line.ts';
import { accessLine } from './testing/access-line.ts';

const line = (due: string, peer = 'spiffe://cluster.local/ns/default/sa/frontend') =>
  accessLine({
    start: '1750000000.000000',
    totalUs: 1,
    durationMs: 1,
    status: 403,
    flags: '-',
    details: 'rbac_access_denied_matched_policy[none]',
    attempts: 1,
    upstreamHost: '-',
    cluster: 'inbound|8080||',
    peer,
    method: 'GET',
    requestId: '6f1c1d7e-0000-4000-8000-000000000001',
    due,
    path: '/a ;p9.9 b',
  });

test('a request of a probe is told by its mark, and whom the sidecar spoke with', () => {
  expect(probeOfLine(line(';p3.17'))).toEqual({
    mark: ';p3.17',
    peer: 'spiffe://cluster.local/ns/default/sa/frontend',
  });
  expect(probeOfLine(line(';p3.17', '-'))).toEqual({ mark: ';p3.17', peer: undefined });
  for (const other of ['-', ';1', '1750000000123.45', ';p3', ';pp.1', '1750000000123.45;p3.17'])
    expect(probeOfLine(line(other)), other).toBeUndefined();
});
