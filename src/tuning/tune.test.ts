import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Environment, Lab } from '../environments/contract.ts';
import { planExperiment } from '../experiment/planned.ts';
import { ExitCode, environmentError, type OperatorError } from '../kit/errors.ts';
import { beginJournal, resumeJournal } from './journal.ts';
import { readQuestion } from './question.ts';
import { tune } from './tune.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-tune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const planned = await planExperiment('scenarios/circuit-breaker.yaml', {
  set: ['faults=', 'checks=[{kind: overflow, during: run, atMost: 0}]'],
  config: [],
});
const slo = 'p95 < 300ms, success >= 99%';
const asked = readQuestion(planned, { slo, bounds: [], overload: '2', headroom: '10%' }, 1_500);
const head = { scenario: 'circuit-breaker', slo, fingerprint: 'one' };
const nothing = () => {};

/** Searches on labs that break in the same way every time; gives what it ends with. */
async function endOn(
  open: Environment['open'],
  signal = new AbortController().signal,
): Promise<OperatorError> {
  const directory = mkdtempSync(join(folder, 'search-'));
  const journal = beginJournal(directory, head);
  const end = tune({
    ...{ runId: `tune-test-${process.pid}-${directory.slice(-6)}`, planned, ...asked, directory, journal },
    environment: { name: 'account', performs: [], open },
    ...{ command: [], verifyScaling: false, restartMs: 1_000, signal },
    watcher: {
      ...{ step: nothing, ongoing: nothing, warn: nothing, fault: nothing, load: nothing },
      ...{ trial: nothing, asking: nothing },
    },
  });
  const error = await end.then(
    () => undefined,
    (thrown: OperatorError) => thrown,
  );
  journal[Symbol.dispose]();
  if (error === undefined) throw new Error('it came to an end');
  // Whatever happened, the journal is whole, and goes on.
  const lines = readFileSync(join(directory, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
  expect(lines.map((line) => JSON.parse(line))).toHaveLength(journal.records.length + 1);
  using again = resumeJournal(directory, head);
  expect(again.records).toEqual(journal.records);
  broken = again.records.map(({ verdict }) => verdict);
  return error;
}
let broken: readonly string[] = [];

const lab = (part: Partial<Lab>): Lab =>
  ({ lost: new Promise(() => {}), async [Symbol.asyncDispose]() {}, ...part }) as Partial<Lab> as Lab;

test.each<[string, Environment['open'], string]>([
  [
    'does not come up',
    () => Promise.reject(environmentError('istiod ended by itself')),
    'two trials in a row broke: istiod ended by itself',
  ],
  [
    'dies before its trial',
    async () => lab({ configure: () => Promise.reject(environmentError('envoy ended (SIGKILL)')) }),
    'two trials in a row broke: envoy ended (SIGKILL)',
  ],
  [
    'has no room left on its disk',
    () => Promise.reject(environmentError('/scratch: the disk is full', 'make room')),
    'two trials in a row broke: /scratch: the disk is full',
  ],
])('a lab that %s ends a search the second time, and its journal is whole', async (_, open, words) => {
  const error = await endOn(open);
  expect(error.message).toBe(words);
  expect(error.exitCode).toBe(ExitCode.environment);
  expect(error.hint).toContain('--resume');
  expect(broken).toEqual(['broken', 'broken']);
});

test('what is wrong with the configuration is no broken lab, and ends a search at once', async () => {
  const error = await endOn(async () =>
    lab({
      configure: () =>
        Promise.reject(Object.assign(environmentError('refused'), { exitCode: ExitCode.usage })),
    }),
  );
  expect(error.exitCode).toBe(ExitCode.usage);
  expect(broken).toEqual([]);
});
