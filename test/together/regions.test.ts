import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';
import { expectTextFailure, plantedTexts } from '../support/defects.ts';

const scenario = 'scenarios/regional-policy.yaml';
const rates = [40, 50, 40].flatMap((rate, index) => ['--set', `load.${index}.rate=${rate}/s`]);
const light = ['--profile', 'short', ...rates];

// One after the other: each has a dozen sidecars.
test('three policies for regions hold at once', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(scenario, ...light);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});

/** The others are among the planted defects of `npm run bench:mutations`; why each fails, unit tests tell. */
const misspelt = plantedTexts.filter(({ name }) => name === 'the region to fail over to misspelt');
for (const planted of misspelt) {
  test(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...light));
}

test('distribute and failover in one rule are refused, at the line', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'both.yaml');
  const sound = readFileSync(join(root, 'scenarios/mesh/regional-policy.yaml'), 'utf8');
  const distribute = '        distribute: [{ from: region1/*, to: { region1/*: 100 } }]\n';
  writeFileSync(file, sound.replace('        failover:\n', `${distribute}        failover:\n`));
  const { code, stdout, stderr } = await workspace.breakwater('lint', file);
  expect(code).toBe(2);
  expect(stdout + stderr).toMatch(
    /both\.yaml:\d+.*can not simultaneously specify 'distribute' and 'failover'/,
  );
});
