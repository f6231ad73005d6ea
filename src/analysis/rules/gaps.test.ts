import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { gaps } from './gaps.ts';

test('a gap', async () => {
  await expectViolated(gaps, {
    ...healed(),
    context: {
      gaps: [{ what: 'the log stream broke', fromMs: 1_750_000_005_000, toMs: 1_750_000_006_000 }],
    },
  });
});
