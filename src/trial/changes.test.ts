import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProblemsError } from '../kit/problems.ts';
import type { JournalEntry, StatisticsSample } from '../model/evidence.ts';
import type { MeshConfiguration } from '../model/mesh-configuration.ts';
import type { PlannedChange, PlannedGuard } from '../plan/contract.ts';
import { Changes, type ChangesRequest } from './changes.ts';
import { Journal } from './timeline.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'bw-changes-')), 'journal.jsonl');
});
afterEach(() => rmSync(dirname(path), { recursive: true, force: true }));

const configuration = (name: string) =>
  ({ files: [{ file: name, path: name, content: '' }], resources: [] }) as MeshConfiguration;
const change = (name: string, atMs: number, guard?: PlannedGuard): PlannedChange => ({
  name,
  source: 'scenario.yaml:1',
  description: name,
  atMs,
  files: [],
  deletes: [],
  guard,
});
const guard: PlannedGuard = {
  kind: 'success-rate',
  description: 'success rate at least 99 % over 200 ms',
  load: undefined,
  atLeast: 0.99,
  atMost: undefined,
  overMs: 200,
  forMs: 600,
};

/** Changes on a lab that only notes what it is given; `failing` is the share of requests that fail. */
function onLab(changes: readonly PlannedChange[], failing = 0, over: Partial<ChangesRequest> = {}) {
  const given: (string | undefined)[] = [];
  const begun = Date.now();
  const lab: ChangesRequest['lab'] = {
    signal: new AbortController().signal,
    lost: new Promise(() => {}),
    async change({ files: [file] }) {
      given.push(file?.file);
      return new Map([['frontend-1', 12.3]]);
    },
  };
  const made = new Changes({
    changes,
    endMs: 60_000,
    before: configuration('before'),
    steps: changes.map(({ name }) => configuration(name)),
    lab,
    journal: new Journal(path),
    events: { changing() {}, rolledBack() {} },
    latest() {
      const completed = Date.now() - begun;
      const failed = Math.round(failing * completed);
      return [
        {
          t: Date.now(),
          instance: 'frontend-1',
          service: 'edge-app',
          completed,
          failed,
          strayed: 0,
          overflow: 0,
        },
      ] as unknown as StatisticsSample[];
    },
    watched: () => [{ instance: 'frontend-1', others: [] }],
    arrived: async () => {},
    ...over,
  });
  return { made, given };
}

const journal = () =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Extract<JournalEntry, { readonly change: string }>);
const told = () => journal().map(({ event, change: name }) => `${event} ${name}`);

test('changes are made in their order, and taken back at the end of the trial', async () => {
  const { made, given } = onLab([change('one', 10), change('two', 60)]);
  await made.run(Date.now(), new AbortController().signal);
  expect(given).toEqual(['one', 'two']);
  await made[Symbol.asyncDispose]();
  expect(given).toEqual(['one', 'two', 'before']);
  expect(told()).toEqual([
    'changing one',
    'changed one',
    'changing two',
    'changed two',
    'restoring two',
    'restored two',
  ]);
  expect(journal()[1]?.arrivals).toEqual({ 'frontend-1': 12 });
});

test('what is not made while loads go on is not made', async () => {
  const slow = async () => {
    await new Promise((done) => setTimeout(done, 120));
    return new Map([['frontend-1', 120]]);
  };
  const lab = { signal: new AbortController().signal, lost: new Promise<string>(() => {}), change: slow };
  const { made } = onLab([change('one', 10), change('two', 60)], 0, { lab, endMs: 100 });
  await made.run(Date.now(), new AbortController().signal);
  expect(told()).toEqual(['changing one', 'changed one']);
});

test('a guard that does not hold takes everything back, and later changes are not made', async () => {
  const { made, given } = onLab([change('one', 0), change('two', 10, guard), change('three', 5_000)], 0.5);
  await made.run(Date.now(), new AbortController().signal);
  await made[Symbol.asyncDispose]();
  expect(given).toEqual(['one', 'two', 'before']);
  expect(told().slice(-2)).toEqual(['rolling-back two', 'rolled-back two']);
  expect(journal().at(-2)?.saw).toMatch(/^\d+(\.\d+)? % of \d+ requests$/);
});

test('a guard that holds is told with the worst that it saw', async () => {
  const { made, given } = onLab([change('one', 0, guard)]);
  await made.run(Date.now(), new AbortController().signal);
  expect(given).toEqual(['one']);
  expect(journal().at(-1)).toMatchObject({ event: 'guarded', saw: expect.stringMatching(/^100 % of/) });
});

test('a change that a sidecar refuses is told with where it is written, and everything is taken back', async () => {
  const given: (string | undefined)[] = [];
  const lab: ChangesRequest['lab'] = {
    signal: new AbortController().signal,
    lost: new Promise(() => {}),
    async change({ files: [file] }) {
      given.push(file?.file);
      if (file?.file === 'two')
        throw new ProblemsError([
          { file: 'two.yaml', line: 7, message: 'the sidecar of frontend-1 rejected it' },
        ]);
      return new Map();
    },
  };
  const { made } = onLab([change('one', 0), change('two', 10), change('three', 20)], 0, { lab });
  await expect(made.run(Date.now(), new AbortController().signal)).rejects.toBeInstanceOf(ProblemsError);
  expect(made.refused?.problems).toHaveLength(1);
  await made[Symbol.asyncDispose]();
  expect(given).toEqual(['one', 'two', 'before']);
  expect(told().slice(-4)).toEqual(['changing two', 'refused two', 'restoring two', 'restored two']);
  expect(journal().at(-3)?.why).toBe('two.yaml:7: the sidecar of frontend-1 rejected it');
});

test('an interrupted trial takes its changes back, and a lab that goes down does not wait for that', async () => {
  const interrupt = new AbortController();
  const { made, given } = onLab([change('one', 0), change('two', 60_000)]);
  const running = made.run(Date.now(), interrupt.signal);
  setTimeout(() => interrupt.abort(), 50);
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  await made[Symbol.asyncDispose]();
  expect(given).toEqual(['one', 'before']);

  const never = new Promise<never>(() => {});
  const lost = onLab([change('one', 0)], 0, {
    lab: { signal: interrupt.signal, lost: never, change: async () => new Map() },
  });
  await lost.made.run(Date.now(), new AbortController().signal);
  await lost.made[Symbol.asyncDispose]();
  expect(told().at(-1)).toBe('changed one');
});
