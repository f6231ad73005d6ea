import { expect, test } from 'vitest';
import { environmentError } from '../../kit/errors.ts';
import { KindNodes } from './nodes.ts';

const refusal = environmentError('stopping n did not succeed (exit code 1)');

/** One node of a docker that kills nothing, and says this of whether it runs. */
const unkillable = (runs: () => Promise<string>) =>
  new KindNodes(
    async (_, [verb]) => {
      if (verb === 'inspect') return runs();
      throw refusal;
    },
    'docker',
    ['n'],
    async () => {},
  );

test('a node that does not run any more is stopped', async () => {
  using nodes = unkillable(async () => 'false\n');
  await nodes.stop('n', 'edge-app-east-1');
  expect(nodes.disturbed).toBe(true);
});

test.each([
  ['still runs', async () => 'true\n'],
  ['docker knows nothing of', () => Promise.reject(environmentError('no such object: n'))],
])('a node that %s was not stopped, and docker says why', async (_, runs) => {
  using nodes = unkillable(runs);
  await expect(nodes.stop('n', 'edge-app-east-1')).rejects.toBe(refusal);
});
