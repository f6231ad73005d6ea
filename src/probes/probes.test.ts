import { expect, test } from 'vitest';
import { readResult } from './probes.ts';

test('a line that the script printed is read, a torn one is not', () => {
  expect(readResult('breakwater-probe 3 17 1750000000123 12.5 200 0 edge-app-east-1')).toEqual({
    probe: 3,
    count: 17,
    sentAt: 1_750_000_000_123,
    durationMs: 12.5,
    status: 200,
    errorCode: 0,
    instance: 'edge-app-east-1',
  });
  expect(readResult('breakwater-probe 3 17 1750000000123 0 0 1000 -')).not.toHaveProperty('instance');
  const headers = { age: '3', 'x-says': 'a b' };
  const printed = encodeURIComponent(JSON.stringify(headers));
  const line = `breakwater-probe 3 17 1750000000123 0 0 0 - ${printed}`;
  expect(readResult(line)).toMatchObject({ headers });
  expect(readResult(line.slice(0, -4))).not.toHaveProperty('headers');
  expect(readResult('breakwater-probe 3 17 17500')).toBeUndefined();
  expect(readResult('breakwater-load-started 1 2 3 4 5 6 7')).toBeUndefined();
});
