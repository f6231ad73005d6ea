import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { answersAgree } from './answers-agree.ts';

test('answers that changed', async () => {
  await expectViolated(answersAgree, { ...healed(), load: { answers: { '2xx': 2_400 } } });
});
