import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { requestsAgree } from './requests-agree.ts';

test('requests past the sidecar', async () => {
  await expectViolated(requestsAgree, { ...healed(), load: { requests: 2_500 } });
});
