import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { droppedIterations } from './dropped-iterations.ts';

test('dropped iterations', async () => {
  await expectViolated(droppedIterations, { ...healed(), load: { droppedIterations: 30 } });
});
