import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';
import { expectChangeFailure, plantedChanges } from '../support/planted-changes.ts';

const set = (...changes: readonly string[]) => changes.flatMap((each) => ['--set', each]);

/** The scenarios in half the time, at a rate that several of them can have at once. */
const light = ['--profile', 'short', ...set('load.rate=60/s')];
const runShort = (workspace: Workspace, scenario: string) =>
  workspace.run(`scenarios/${scenario}.yaml`, ...light);

test.concurrent('a rollout in steps goes where its weights say, and fails nothing', async () => {
  using workspace = new Workspace();
  const finished = await runShort(workspace, 'canary-rollout');
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const changes = finished.report?.changes ?? [];
  expect(changes.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'ten-percent made',
    'half made',
    'all made',
  ]);
  for (const { arrivals, atSwitch } of changes) {
    expect(Object.keys(arrivals).sort()).toEqual([
      'edge-app-canary-1',
      'edge-app-canary-2',
      'edge-app-stable-1',
      'edge-app-stable-2',
      'frontend-1',
    ]);
    expect(atSwitch?.failed).toBe(0);
  }
  const page = readFileSync(join(finished.folder ?? '', 'report.html'), 'utf8');
  expect(page).toContain('Changes of the mesh configuration');
});

test.concurrent('a guard takes a bad version back, and the next step is not made', async () => {
  using workspace = new Workspace();
  const finished = await runShort(workspace, 'canary-rollback');
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const [half, all] = finished.report?.changes ?? [];
  expect(half).toMatchObject({ status: 'rolled-back', guard: { saw: expect.stringMatching(/ % of \d+/) } });
  const { rollingBackAtMs = 0, rolledBackAtMs = Number.NaN } = half?.guard ?? {};
  expect(rollingBackAtMs).toBeGreaterThan(half?.arrivedAtMs ?? Number.NaN);
  expect(rolledBackAtMs).toBeGreaterThan(rollingBackAtMs);
  expect(all?.status).toBe('withheld');
});

test.concurrent('a guard sees a canary that has a service of its own, beside a replica that dies', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('test/cases/canary-with-a-service/scenario.yaml');
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.changes?.[0]?.status).toBe('rolled-back');
});

for (const planted of plantedChanges.filter(({ scenario }) => scenario.startsWith('canary-'))) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectChangeFailure(planted, ...light));
}

/** Istio takes it, and Envoy does not. */
const refused = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: large-ring }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch:
        operation: MERGE
        value: { lb_policy: RING_HASH, ring_hash_lb_config: { minimum_ring_size: 9000000 } }
`;

test.concurrent('a change that a sidecar refuses ends the run, which reports what there was until then', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'refused.yaml');
  writeFileSync(file, refused);
  const finished = await workspace.runOnce(
    'scenarios/canary-rollout.yaml',
    ...light,
    ...set(`changes.1.apply=[mesh/canary-50.yaml, ${file}]`),
  );
  expect(finished.code, outcome(finished)).toBe(2);
  const where =
    /refused\.yaml:6: EnvoyFilter\/large-ring spec\.configPatches\[0\]: the sidecar of .* rejected/;
  expect(finished.stderr).toMatch(where);
  const { report } = finished;
  expect(report?.summary).toMatch(
    /^This run proves nothing: it ended when a sidecar refused the change half/,
  );
  expect(report?.changes?.map(({ status }) => status)).toEqual(['made', 'refused', 'not-made']);
  expect(report?.changes?.[1]?.refused).toMatch(where);
  // Those on their way when the load was stopped came to no end.
  expect(report?.traffic.ok).toBeGreaterThan(100);
  expect(report?.timing.loadMs).toBeLessThan(11_000);
  const journal = readFileSync(join(finished.folder ?? '', 'evidence/journal.jsonl'), 'utf8');
  expect(journal).toMatch(/"restored","change":"half"/);
});

test('what is wrong with a change is found before anything runs', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'canary-10.yaml');
  const sound = readFileSync(join(root, 'scenarios/mesh/canary-10.yaml'), 'utf8');
  const args = ['scenarios/canary-rollout.yaml', ...set(`changes.0.apply.0=${file}`)];
  const plan = async () => (await workspace.breakwater('plan', ...args)).stderr;
  writeFileSync(file, sound.replace('subset: canary', 'subset: canari'));
  expect(await plan()).toMatch(/canary-10\.yaml:\d+:\d+.*canari/);
  writeFileSync(file, readFileSync(join(root, 'scenarios/mesh/canary-0.yaml'), 'utf8'));
  expect(await plan()).toMatch(/ten-percent changes nothing/);
  const gone = await workspace.breakwater(
    'plan',
    'scenarios/canary-rollout.yaml',
    ...set('changes.2.delete=[VirtualService/edge-app-splt]'),
  );
  expect(gone.stderr).toMatch(/there is no VirtualService default\/edge-app-splt/);
  expect(gone.stderr).toContain('did you mean "VirtualService/edge-app-split"?');
  expect(gone.code).toBe(2);
  // https://github.com/argoproj/argo-rollouts/issues/4195
  const dangling = await workspace.breakwater(
    'plan',
    'scenarios/canary-rollout.yaml',
    ...set('changes.2.delete=[DestinationRule/edge-app-versions]'),
  );
  expect(dangling.stderr).toMatch(/edge-app has no subset "canary"/);
  writeFileSync(file, sound);
  const both = await workspace.breakwater(
    'plan',
    ...args,
    ...set('changes.0.delete=[VirtualService/edge-app-split]'),
  );
  expect(both.stderr).toMatch(/VirtualService default\/edge-app-split is put in by the same change/);
});
