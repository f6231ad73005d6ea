import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ProblemsError } from '../kit/problems.ts';
import { sharingLabs } from './labs.ts';
import { planSuite, type SuiteChanges } from './plan-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-plans-'));
afterAll(() => rmSync(folder, { recursive: true }));

function scenario(name: string, { replicas = 1, more = '' } = {}): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `name: ${name}
description: A scenario of a test.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east, replicas: ${replicas} }] }
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 20/s, duration: 10s }
checks: [{ kind: success-rate, during: run, atLeast: 99% }]
${more}`,
  );
  return file;
}

const profiled = scenario('profiled', { more: 'profiles: { short: { load.duration: 5s } }\n' });
const plain = scenario('plain');
const larger = scenario('larger', { replicas: 2 });
const broken = scenario('broken', { more: 'loda: {}\n' });
const stopping = scenario('stopping', {
  more: 'faults: [{ kind: node-stopped, on: { zone: region1/zone-east }, at: 3s, for: 2s }]\n',
});

const plan = (files: readonly string[], changes: Partial<SuiteChanges> = {}) =>
  planSuite(
    files,
    { set: [], config: [], only: [], ...changes },
    { seed: 7, environment: 'local' },
    async () => {},
  );

async function problems(...about: Parameters<typeof plan>): Promise<readonly string[]> {
  const error = await plan(...about).catch((caught: unknown) => caught);
  if (!(error instanceof ProblemsError)) throw error;
  return error.problems.map(({ file, message, hint = '' }) =>
    `${file}: ${message} ${hint}`.replaceAll(`${folder}/`, ''),
  );
}

test('every mistake in any scenario is one error, also what the environment cannot do', async () => {
  const found = await problems([broken, plain, stopping, join(folder, 'none.yaml')]);
  expect(found).toEqual([
    expect.stringMatching(/^none\.yaml: there is no such file/),
    expect.stringMatching(/^broken\.yaml: .*unknown/),
    expect.stringMatching(/^stopping\.yaml: the local environment has no node-stopped/),
  ]);
});

test('what a mesh refuses stands beside the other mistakes', async () => {
  const refusing = planSuite(
    [plain, broken],
    { set: [], config: [], only: [] },
    { seed: 7, environment: 'local' },
    async () => {
      throw new ProblemsError([{ file: 'rule.yaml', line: 3, message: 'Istio refuses it' }]);
    },
  );
  await expect(refusing).rejects.toThrow(/broken\.yaml[\s\S]*rule\.yaml:3: Istio refuses it/);
});

test('a mistake of the command line says which scenarios it is one in', async () => {
  expect(await problems([profiled, plain], { set: ['profiles.short.x=1', 'load.rate=none'] })).toEqual([
    expect.stringContaining('--set load.rate=none'),
  ]);
  const [only] = await problems([plain, stopping], { set: ['faults.0.for=1s'] });
  expect(only).toMatch(/^--set faults\.0\.for=1s: .* \(in plain\.yaml\)/);
});

test('a profile changes those that have it, and is a mistake only where none has', async () => {
  const { scenarios, withoutProfile } = await plan([profiled, plain], { profile: 'short' });
  expect(scenarios.map(({ plan: { name, profile, trial } }) => [name, profile, trial.durationMs])).toEqual([
    ['profiled', 'short', 5_000],
    ['plain', undefined, 10_000],
  ]);
  expect(withoutProfile).toEqual(['plain']);
  expect(await problems([profiled, plain], { profile: 'shrt' })).toEqual([
    '--profile shrt: no scenario has such a profile did you mean "short"? allowed: short',
  ]);
});

test('--only takes scenarios by name, in their order, and the others may have mistakes', async () => {
  const { scenarios } = await plan([broken, profiled, plain], { only: ['plain', 'profiled'] });
  expect(scenarios.map(({ plan: { name } }) => name)).toEqual(['profiled', 'plain']);
  expect(await problems([profiled, plain], { only: ['plane'] })).toEqual([
    '--only plane: no scenario has this name did you mean "plain"? allowed: profiled, plain',
  ]);
});

test('scenarios with the same topology share a lab, one with another has its own', async () => {
  const { scenarios } = await plan([larger, plain, profiled]);
  const groups = sharingLabs(scenarios).map((group) => group.map(({ plan: { name } }) => name));
  expect(groups).toEqual([['larger'], ['plain', 'profiled']]);
});
