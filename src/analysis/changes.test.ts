import { expect, test } from 'vitest';
import { buildEvidence } from '../evidence/testing/build-evidence.ts';
import { istio } from '../meshes/istio/index.ts';
import type { JournalEntry } from '../model/evidence.ts';
import type { PlannedChange } from '../plan/contract.ts';
import { analyse } from './analyse.ts';
import { violations } from './testing/analysed.ts';
import { outage, outagePlan, planned } from './testing/outage.ts';

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
