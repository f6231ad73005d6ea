import { expect, test } from 'vitest';
import { buildEvidence } from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';
import type { JournalEntry } from '../../model/evidence.ts';
import type { PlannedChange } from '../../plan/contract.ts';
import { analyse } from '../analyse.ts';
import { violations } from '../testing/analysed.ts';
import { outage, outagePlan, planned } from '../testing/outage.ts';

const change = (name: string, atMs: number): PlannedChange => ({
  name,
  source: 'scenario.yaml:1',
  description: `puts in ${name}.yaml`,
  atMs,
  files: [],
  deletes: [],
  guard: {
    kind: 'success-rate',
    description: 'success rate at least 99 % over 1 s',
    load: undefined,
    atLeast: 0.99,
    atMost: undefined,
    overMs: 1_000,
    forMs: 1_000,
  },
});

const entry = (
  at: number,
  event: Extract<JournalEntry, { readonly change: string }>['event'],
  more: object = {},
): JournalEntry => ({ t: at, event, change: 'one', ...more });

/** The analysis of a run with two changes, of which the journal says this. */
async function analysed(...entries: readonly JournalEntry[]) {
  const run = outage({ shows: 'nothing' });
  await using built = await buildEvidence({ ...run, journal: [...(run.journal ?? []), ...entries] });
  const { trial, topology } = outagePlan([
    { ...planned({ kind: 'success-rate', during: 'change', change: 'two', atLeast: '1%' }), change: 'two' },
    { ...planned({ kind: 'convergence', change: 'one', atMost: '1s' }), change: 'one' },
  ]);
  const changes = [change('one', 2_000), change('two', 3_000)];
  const { directory } = built;
  return await analyse({ trial: { ...trial, changes }, topology, directory, mesh: istio, resources: [] });
}

const arrivals = { 'frontend-1': 150, 'edge-app-east-1': 190 };

test('a check on a change that a guard forbade fails, with what the guard saw', async () => {
  const saw = '90 % of 200 requests';
  const { checks, changes, windows } = await analysed(
    entry(2_010, 'changing'),
    entry(2_200, 'changed', { arrivals }),
    entry(2_600, 'rolling-back', { saw }),
    entry(2_800, 'rolled-back', { arrivals }),
  );
  const [onTwo, convergence] = checks;
  expect(onTwo).toMatchObject({ status: 'fail', observed: 'never made' });
  expect(onTwo?.detail).toBe(`two was not made: the guard of one saw ${saw} and rolled back`);
  expect(convergence).toMatchObject({ status: 'pass', observed: '190 ms', value: 190, samples: 2 });
  expect(changes?.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'one rolled-back',
    'two withheld',
  ]);
  expect(changes?.[0]?.guard).toMatchObject({ saw, rollingBackAtMs: 2_600, rolledBackAtMs: 2_800 });
  expect(windows.find(({ name }) => name === 'steady')?.toMs).toBe(2_010);
});

test('a change that never came to every sidecar proves nothing', async () => {
  expect(violations(await analysed(entry(2_010, 'changing')))).toContain('changes-made');
  const made = await analysed(
    entry(2_010, 'changing'),
    entry(2_200, 'changed', { arrivals }),
    { ...entry(3_000, 'changing'), change: 'two' } as JournalEntry,
    { ...entry(3_100, 'changed', { arrivals }), change: 'two' } as JournalEntry,
  );
  expect(violations(made)).not.toContain('changes-made');
  expect(made.checks[0]?.status).toBe('pass');
});

test('a change that a sidecar refused ends the run, and is the first that its summary says', async () => {
  const why = 'two.yaml:7: the sidecar of frontend-1 rejected its configuration: cluster x: no';
  const { verdict, summary, changes, validity } = await analysed(
    entry(2_010, 'changing'),
    entry(2_100, 'refused', { why }),
    entry(2_150, 'restoring'),
    entry(2_300, 'restored', { arrivals }),
  );
  expect(verdict).toBe('invalid');
  expect(summary).toMatch(
    /^This run proves nothing: it ended when a sidecar refused the change one\. two\.yaml:7: /,
  );
  expect(summary).toMatch(/Until then .* % of [\d,]+ requests succeeded\.$/);
  expect(changes?.map(({ status }) => status)).toEqual(['refused', 'not-made']);
  const rule = validity.find((each) => each.rule === 'changes-made');
  expect(rule).toMatchObject({ status: 'violated', observed: `one was refused: ${why}` });
});

/** The analysis of a change that is made at 5 s, while the control plane is gone from 4 s to 8 s. */
async function heldUp(check: object, arrivals: Readonly<Record<string, number>>) {
  const run = outage({ shows: 'nothing' });
  const arrivedAt = 5_000 + Math.max(...Object.values(arrivals));
  const journal = [entry(5_000, 'changing'), entry(arrivedAt, 'changed', { arrivals })];
  await using built = await buildEvidence({ ...run, journal: [...(run.journal ?? []), ...journal] });
  const { fault } = check as { readonly fault?: string };
  const checks = [{ ...planned({ kind: 'convergence', change: 'one', ...check }, fault), change: 'one' }];
  const { trial, topology } = outagePlan(checks, 'control-plane-outage');
  const changes = [{ ...change('one', 5_000), guard: undefined }];
  const { directory } = built;
  return await analyse({ trial: { ...trial, changes }, topology, directory, mesh: istio, resources: [] });
}

test('a change that is made while the control plane is gone counts from its return where that is asked for', async () => {
  const late = { 'frontend-1': 3_500, 'edge-app-east-1': 3_900 };
  const { changes, checks } = await heldUp({ atMost: '2s' }, late);
  expect(changes?.[0]).toMatchObject({
    status: 'made',
    heldUp: { fault: 'outage', untilMs: 8_002 },
    arrivedAtMs: 8_900,
  });
  expect(checks[0]).toMatchObject({ status: 'fail', observed: '3.9 s' });
  expect(checks[0]?.detail).toMatch(
    /edge-app-east-1 was the last of 2 sidecars; no sidecar could hear of it/,
  );
  const fromReturn = await heldUp({ fault: 'outage', atMost: '2s' }, late);
  expect(fromReturn.checks[0]).toMatchObject({
    value: 898,
    limit: 'at most 2 s',
    window: { name: 'change', change: 'one', fault: 'outage' },
  });
});

test('a sidecar that held a change before the control plane was back was never cut off', async () => {
  const { checks } = await heldUp(
    { fault: 'outage', atMost: '2s' },
    { 'frontend-1': 200, 'edge-app-east-1': 3_900 },
  );
  expect(checks[0]?.status).not.toBe('pass');
  expect(checks[0]?.detail).toMatch(/frontend-1 held it before the end of outage/);
});

test('a change that came after the load proves nothing of it', async () => {
  const late = await analysed(
    entry(2_010, 'changing'),
    entry(2_200, 'changed', { arrivals }),
    { ...entry(60_000, 'changing'), change: 'two' } as JournalEntry,
    { ...entry(60_100, 'changed', { arrivals }), change: 'two' } as JournalEntry,
  );
  const rule = late.validity.find((each) => each.rule === 'changes-made');
  expect(rule).toMatchObject({ status: 'violated', observed: 'two came when the load was over' });
});

test('a guard that could say nothing passes no run, and takes no check away', async () => {
  const guarded = async (saw: object) =>
    await analysed(
      entry(2_010, 'changing'),
      entry(2_200, 'changed', { arrivals }),
      entry(2_900, 'guarded', saw),
      { ...entry(3_000, 'changing'), change: 'two' } as JournalEntry,
      { ...entry(3_100, 'changed', { arrivals }), change: 'two' } as JournalEntry,
    );
  const silent = await guarded({});
  expect(violations(silent)).toContain('guards-could-say');
  expect(silent.changes?.[0]?.guard).toEqual({ description: 'success rate at least 99 % over 1 s' });
  expect(silent.checks.map(({ status }) => status)).toEqual(['pass', 'pass']);
  expect(violations(await guarded({ saw: '99.2 % of 120 requests' }))).not.toContain('guards-could-say');
});
