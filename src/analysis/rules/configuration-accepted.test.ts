import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { configurationAccepted } from './configuration-accepted.ts';

test('rejected configuration', async () => {
  await expectViolated(configurationAccepted, {
    ...healed(),
    context: { rejections: [{ instance: 'frontend-1', reason: 'no such cluster' }] },
  });
});
