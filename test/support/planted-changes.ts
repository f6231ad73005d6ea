import { Workspace } from './breakwater.ts';
import { expectFailedAt, type Planted, plantedFile } from './planted.ts';

/** A mistake in a change under load. */
type PlantedChange = Planted<'canary-rollout' | 'canary-rollback' | 'control-plane-outage'>;

/** Plants in what is put in while the control plane is gone. */
const late = (change: (text: string) => string) => (folder: string) => [
  '--set',
  `changes.0.apply.0=${plantedFile(folder, 'control-plane-outage-change.yaml', change)}`,
];

export const plantedChanges: readonly PlantedChange[] = [
  {
    name: 'labels of a subset that select nothing',
    scenario: 'canary-rollout',
    fails: 'error-count',
    args: (folder) => {
      const subsets = plantedFile(folder, 'canary-subsets.yaml', (text) =>
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
      const swapped = plantedFile(folder, 'canary-10.yaml', (text) =>
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
