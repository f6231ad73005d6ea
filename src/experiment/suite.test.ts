import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { environmentError, OperatorError } from '../kit/errors.ts';
import { planExperiment } from './planned.ts';
import { runSuite } from './suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-suites-'));
afterAll(() => rmSync(folder, { recursive: true }));

const scenarios = await Promise.all(
  ['first', 'second', 'third'].map((name, index) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(
      file,
      `name: ${name}
description: A scenario of a test.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east, replicas: ${2 - (index % 2)} }] }
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 20/s, duration: 3s }
checks: [{ kind: success-rate, during: run, atLeast: 99% }]
`,
    );
    return planExperiment(file, { set: [], config: [] }, 7);
  }),
);

/** A suite on an environment whose labs do not come up; `open` says why. */
async function suite(open: (name: string) => unknown, failFast = false) {
  const ending = new AbortController();
  const begun: string[] = [];
  const nobody = () => {};
  const found = await runSuite({
    id: 'suite-test',
    scenarios,
    environmentOf: () => ({
      name: 'none',
      performs: [],
      async open({ topology: { name } }) {
        const error = open(name);
        if (error instanceof OperatorError && error.exitCode === 130) ending.abort(error);
        throw error;
      },
    }),
    reports: join(folder, 'reports'),
    startedAt: Date.now(),
    command: ['run', folder],
    commandOf: ({ file }) => ['run', file],
    seed: 7,
    freshLabs: false,
    failFast,
    signal: ending.signal,
    watcherOf: () => ({ step: nobody, ongoing: nobody, warn: nobody, fault: nobody, load: nobody }),
    watcher: {
      begins: (number, of, { name }) => begun.push(`${number} of ${of}: ${name}`),
      ended: nobody,
    },
  });
  return { ...found, begun, endings: found.scenarios.map(({ name, ended }) => `${name} ${ended}`) };
}

test('an error of the environment is told in its place and keeps no other from its turn', async () => {
  const found = await suite((name) => environmentError(`no lab for ${name}`, 'make room'));
  // The third has the topology of the first, and follows it.
  expect(found.begun).toEqual(['1 of 3: first', '2 of 3: third', '3 of 3: second']);
  expect(found.endings).toEqual(['first error', 'second error', 'third error']);
  expect(found.scenarios[1]).toMatchObject({
    error: { message: 'no lab for second', hint: 'make room', exitCode: 4 },
  });
  expect(found).toMatchObject({ verdict: 'error', exitCode: 4, interrupted: false });
  expect(readdirSync(join(folder, 'reports'))).toHaveLength(3);
});

test('a bug in one is told in its place, too', async () => {
  const found = await suite(() => new TypeError('x is not a function'));
  expect(found.scenarios[0]).toMatchObject({
    error: { message: expect.stringContaining('bug'), hint: expect.stringContaining('x is not a function') },
  });
  expect(found.exitCode).toBe(4);
});

test('with --fail-fast none begins after the first that does not pass', async () => {
  const found = await suite(() => environmentError('no lab'), true);
  expect(found.begun).toHaveLength(1);
  expect(found.endings).toEqual(['first error', 'second not-run', 'third not-run']);
});

test('an interruption leaves out what has no evidence yet, and the rest', async () => {
  const found = await suite((name) =>
    name === 'third' ? new OperatorError('interrupted', { exitCode: 130 }) : environmentError('no lab'),
  );
  expect(found.endings).toEqual(['first error', 'second not-run', 'third not-run']);
  expect(found).toMatchObject({ interrupted: true, exitCode: 130 });
});
