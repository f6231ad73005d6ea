import { expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { runCase } from '../support/cases.ts';

/** Shorter than the scenario: what these cases show is there from the first request on. */
const short = ['load.duration=13s', 'load.rate=50/s', 'faults.0.at=4s', 'faults.0.for=3s'].flatMap((set) => [
  '--set',
  set,
]);

test('a rule that turns TLS off under STRICT is named', async () => {
  const finished = await runCase('tls-off-under-strict', { args: short, once: true });
  expect(finished.report?.errors[0], outcome(finished)).toMatchObject({
    setting: expect.stringContaining('tls.mode: DISABLE'),
    source: 'test/cases/tls-off-under-strict/mesh.yaml:7',
  });
});
