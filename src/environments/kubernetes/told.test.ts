import { expect, test } from 'vitest';
import { notYet } from '../../kit/eventually.ts';
import type { ToldControlPlane, ToldMesh } from '../../meshes/contract.ts';
import type { LabParts } from './context.ts';
import { Roster } from './pods.ts';
import { instance, pod } from './testing.ts';
import { Told } from './told.ts';

/** A control plane that writes down what it is told, and that knows it once it was asked often enough. */
function listening({ knowsAfter = 0, fails = 0 } = {}) {
  const heard: string[] = [];
  let asked = 0;
  let failing = fails;
  const controlPlane: ToldControlPlane = {
    there: async (replicas) => {
      if (failing-- > 0) throw new Error('the way is lost');
      heard.push(replicas.map((each) => `${each.name} ${each.pod} ${each.address}`).join(', '));
    },
    knows: async () => (asked++ < knowsAfter ? notYet('it does not') : undefined),
    configure: async ({ files }, { name }) => {
      heard.push(`revision ${name} of ${files.map(({ file }) => file).join() || 'nothing'}`);
    },
    versions: async () => ({ fake: '1' }),
  };
  const mesh: ToldMesh = {
    by: 'telling',
    objects: () => [],
    podParts: () => ({ containers: [], hostAliases: [] }),
    at: { container: 'agent', port: 1 },
    tell: () => controlPlane,
  };
  const parts = {
    request: { runId: 'run', topology: {} },
    mesh: { cluster: { controlPlane: { deployment: 'agent' }, revision: (_: string, n: number) => `r${n}` } },
  } as unknown as LabParts;
  return { told: new Told(parts, mesh), heard };
}

const members = () => new Roster([instance(1), instance(2)], (ports) => ports);
const quiet = { ongoing: () => {}, signal: new AbortController().signal };

test('a control plane hears of all pods at once, after what they are to speak, and of each change alone', async () => {
  const { told, heard } = listening();
  const roster = members();
  roster.update([pod('a', '10.0.0.1')]);
  await told.there(roster.members);
  expect(heard).toEqual([]);
  roster.update([pod('a', '10.0.0.1'), pod('b', '10.0.0.2')]);
  await Promise.all([told.there(roster.members), told.there(roster.members)]);
  const both = 'edge-app-east-1 a 10.0.0.1, edge-app-east-2 b 10.0.0.2';
  expect(heard).toEqual(['revision r1 of nothing', both]);
  roster.update([pod('a', '10.0.0.1')]);
  await told.there(roster.members);
  roster.update([pod('a', '10.0.0.1'), pod('c', '10.0.0.3')]);
  await told.there(roster.members);
  expect(heard.slice(2)).toEqual([
    'edge-app-east-1 a 10.0.0.1',
    'edge-app-east-1 a 10.0.0.1, edge-app-east-2 c 10.0.0.3',
  ]);
});

test('what a control plane has not heard it is told again', async () => {
  const { told, heard } = listening({ fails: 1 });
  const roster = members();
  roster.update([pod('a', '10.0.0.1'), pod('b', '10.0.0.2')]);
  await expect(told.there(roster.members)).rejects.toThrow('the way is lost');
  await told.there(roster.members);
  expect(heard.at(-1)).toBe('edge-app-east-1 a 10.0.0.1, edge-app-east-2 b 10.0.0.2');
});

test('configuration comes with its revision, once the control plane knows all pods', async () => {
  const { told, heard } = listening({ knowsAfter: 2 });
  await told.replace({
    files: [{ file: 'rules.hcl', path: '/rules.hcl', content: '' }],
    resources: [],
  });
  expect(heard).toEqual([]);
  await told.mark({ name: 'r2', hostsSince: 'r2' }, quiet);
  expect(heard).toEqual(['revision r2 of rules.hcl']);
});
