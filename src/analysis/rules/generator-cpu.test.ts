import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { healed } from '../testing/outage.ts';
import { generatorCpu } from './generator-cpu.ts';

test('no CPU left', async () => {
  await expectViolated(generatorCpu, {
    ...healed(),
    processes: (healed().processes ?? []).map((each) => ({ ...each, cpuMs: each.t * 1.9 })),
  });
});

test('a generator that nobody watched', async () => {
  await expectViolated(generatorCpu, {
    ...healed(),
    processes: (healed().processes ?? []).filter(({ name }) => name !== 'k6'),
  });
});
