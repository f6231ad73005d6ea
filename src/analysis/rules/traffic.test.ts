import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { traffic } from './traffic.ts';

test('too few requests', async () => {
  await expectViolated(traffic, {
    ...healed(),
    requests: healed().requests.filter((_, index) => index % 30 === 0),
  });
});
