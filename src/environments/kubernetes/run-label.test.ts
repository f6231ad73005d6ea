import { expect, test } from 'vitest';
import { runLabel } from './api.ts';

test('a run id is a label value, however long its name is', () => {
  const id = (name: string) => `${name}-20261125-011035-f502`;
  expect(runLabel(id('zone-failover'))).toBe('zone-failover-20261125-011035-f502');
  for (let length = 1; length < 100; length++) {
    const value = runLabel(id(`a${'-b'.repeat(length)}`));
    expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
    expect(value).toMatch(/b-20261125-011035-f502$/);
  }
});
