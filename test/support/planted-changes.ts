import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { settingsBehind } from '../../src/report/words.ts';
import { type Finished, outcome, root, Workspace } from './breakwater.ts';

/** A mistake in a change under load that is valid and not what was meant. */
interface PlantedChange {
  readonly name: string;
  readonly scenario: 'canary-rollout' | 'canary-rollback' | 'control-plane-outage';
  /** Kind of a check that must be among the failed ones. */
  readonly fails: string;
  /** Plants it, with what it takes written into the folder; arguments of `run`. */
  readonly args: (folder: string) => readonly string[];
  /** What the report has to name, and the end of where it is written. */
  readonly names: RegExp;
  readonly source: RegExp;
}

/** Writes a file of a scenario's configuration with the mistake in it; its path. */
function plant(folder: string, name: string, change: (text: string) => string): string {
  const sound = readFileSync(join(root, 'scenarios/mesh', name), 'utf8');
  const planted = change(sound);
  if (planted === sound) throw new Error(`nothing was planted in ${name}`);
  const path = join(folder, 'planted.yaml');
  writeFileSync(path, planted);
  return path;
}

/** Plants in what is put in while the control plane is gone. */
const late = (change: (text: string) => string) => (folder: string) => [
  '--set',
  `changes.0.apply.0=${plant(folder, 'control-plane-outage-change.yaml', change)}`,
];

export const plantedChanges: readonly PlantedChange[] = [
  {
    name: 'labels of a subset that select nothing',
    scenario: 'canary-rollout',
    fails: 'error-count',
    args: (folder) => {
      const subsets = plant(folder, 'canary-subsets.yaml', (text) =>
        text.replace('track: canary', 'track: canari'),
      );
      return ['--config', subsets, '--config', 'scenarios/mesh/canary-0.yaml'];
    },
    names: /^DestinationRule\/edge-app-versions spec\.subsets\[1\]\.labels: track=canari/,
    source: /planted\.yaml:13$/,
  },
  {
    name: 'weights swapped',
    scenario: 'canary-rollout',
    fails: 'proportion',
    args: (folder) => {
      const swapped = plant(folder, 'canary-10.yaml', (text) =>
        text.replace(/weight: (90|10)$/gm, (_, weight) => `weight: ${100 - Number(weight)}`),
      );
      return ['--set', `changes.0.apply.0=${swapped}`];
    },
    names: /^VirtualService\/edge-app-split spec\.http\[0\]: 10 %, 90 %/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a bad version without a guard',
    scenario: 'canary-rollback',
    fails: 'error-count',
    args: () => ['--set', 'changes.0.guard='],
    names: /^changes half: no guard/,
    source: /canary-rollback\.yaml:\d+$/,
  },
  {
    name: 'a change for gateways only, which no sidecar is sent',
    scenario: 'control-plane-outage',
    fails: 'proportion',
    args: late((text) => text.replace('  http:', '  gateways: [edge-gateway]\n  http:')),
    names: /^VirtualService\/edge-app-vs spec\.http\[0\] is not in effect: it is for gateways only/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a change that is exported to nobody who calls',
    scenario: 'control-plane-outage',
    fails: 'proportion',
    args: late((text) => text.replace('spec:\n', 'spec:\n  exportTo: [elsewhere]\n')),
    names:
      /^VirtualService\/edge-app-vs spec\.http\[0\] is not in effect: exportTo shows it to elsewhere only/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a change beside what is there, in place of it',
    scenario: 'control-plane-outage',
    fails: 'proportion',
    args: late((text) => text.replace('name: edge-app-vs', 'name: edge-app-vs-canary')),
    names:
      /^VirtualService\/edge-app-vs-canary spec\.http\[0\] is not in effect: VirtualService\/edge-app-vs .* has this host already/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'weights swapped in a change made while the control plane is gone',
    scenario: 'control-plane-outage',
    fails: 'proportion',
    args: late((text) =>
      text.replace(/weight: (80|20)$/gm, (_, weight) => `weight: ${100 - Number(weight)}`),
    ),
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]: 20 %, 80 %/,
    source: /planted\.yaml:\d+$/,
  },
];

/** Runs the scenario of a planted change on the local lab: it has to fail, and the report has to name the reason. */
export async function expectChangeFailure(planted: PlantedChange, ...args: readonly string[]): Promise<void> {
  using workspace = new Workspace();
  const planting = planted.args(workspace.path);
  const finished = await workspace.run(`scenarios/${planted.scenario}.yaml`, ...args, ...planting);
  expectFailedAt(finished, planted);
}

/** Expects that a run has failed at the check that a defect is for, and that the report names its line as the reason. */
export function expectFailedAt(
  finished: Finished,
  { fails, names, source: where }: Pick<PlantedChange, 'fails' | 'names' | 'source'>,
): void {
  expect(finished.report?.verdict, outcome(finished)).toBe('fail');
  const failed = finished.report?.checks.filter(({ status }) => status === 'fail') ?? [];
  expect(failed.map(({ kind }) => kind)).toContain(fails);
  const said = failed.flatMap(({ reason }) => settingsBehind(reason ?? {}));
  const naming = said.filter(({ setting }) => names.test(setting));
  expect(naming.length, `${outcome(finished)}\n${JSON.stringify(said, null, 2)}`).toBeGreaterThan(0);
  for (const { source } of naming) expect(source).toMatch(where);
}
