import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OperatorError } from '../kit/errors.ts';
import { processIdentity } from '../kit/process-identity.ts';
import { compareSides, type RoundMaker, type RoundResult } from './compare.ts';
import { beginJournal, type ComparisonRecord, isRound, resumeJournal } from './journal.ts';
import type { SideName } from './sides.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-comparison-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const head = {
  scenario: 'shop.yaml',
  sides: 'A as written, B mesh/new.yaml',
  seed: '7',
  rounds: '40',
  fingerprint: 'one',
};
const watcher = { beginning: () => {}, round: () => {}, pair: () => {} };
const question = { metrics: undefined, margins: new Map(), mostPairs: 40, budgetMs: 1e9 };

/** Rounds of a service that takes 10 ms, and B by that factor longer. */
function service(slower: number, each: (made: string[]) => RoundResult | undefined = () => undefined) {
  const made: string[] = [];
  const rounds: RoundMaker = {
    async make(side: SideName, name: string): Promise<RoundResult> {
      made.push(name);
      const wobble = 1 + 0.02 * Math.sin(made.length * 12.9898);
      const p50 = 10 * wobble * (side === 'b' ? slower : 1);
      return each(made) ?? { verdict: 'pass', measures: { p50, goodput: 100 } };
    },
  };
  return { made, rounds };
}

const newFolder = () => mkdtempSync(join(folder, 'compare-'));
const compare = async (rounds: RoundMaker, directory: string, resumed = false, more = {}) => {
  using journal = resumed ? resumeJournal(directory, head) : beginJournal(directory, head);
  return await compareSides({
    rounds,
    inOneLab: true,
    question: { ...question, ...more },
    seed: 7,
    journal,
    watcher,
  });
};
const recordsIn = (directory: string): ComparisonRecord[] =>
  readFileSync(join(directory, 'journal.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));

test('a slower side has regressed, and no round is made after that is clear', async () => {
  const { made, rounds } = service(1.3);
  const directory = newFolder();
  const end = await compare(rounds, directory);
  expect(end).toMatchObject({ ended: 'regressed', pairs: 10 });
  expect(made).toHaveLength(20);
  expect(new Set(made).size).toBe(20);
  expect(end.left.get('errors')).toBe('the rounds have none');
  expect(recordsIn(directory).at(-1)).toEqual({ over: true, pairs: 10 });
});

test('sides that are the same are not worse', async () => {
  expect(await compare(service(1).rounds, newFolder())).toMatchObject({ ended: 'not-worse' });
});

describe('a round that proves nothing', () => {
  test('is made again right away, and is in no pair', async () => {
    const { made, rounds } = service(1.3, ({ length }) =>
      length % 5 === 0 ? { verdict: 'invalid', why: 'generator-lag' } : undefined,
    );
    const end = await compare(rounds, newFolder());
    expect(end.ended).toBe('regressed');
    expect(made.length).toBeGreaterThan(20);
    expect(made[5]).toBe(`${made[4]}-2`);
    expect(end.standings[0]?.pairs).toBe(end.pairs);
  });

  test('again and again ends the comparison, with why', async () => {
    const { made, rounds } = service(1, () => ({ verdict: 'invalid', why: 'generator-lag: p99 80 ms' }));
    const end = await compare(rounds, newFolder());
    expect(end).toMatchObject({ ended: 'invalid', pairs: 0, standings: [] });
    expect(end.why).toContain('generator-lag: p99 80 ms');
    expect(made).toHaveLength(8);
  });
});

describe('a lab that breaks', () => {
  test('once costs its round alone', async () => {
    const { rounds } = service(1.3, ({ length }) =>
      length === 4 ? { verdict: 'broken', why: 'istiod ended by itself' } : undefined,
    );
    expect((await compare(rounds, newFolder())).ended).toBe('regressed');
  });

  test('twice in a row ends the comparison, and says how to go on', async () => {
    const { rounds } = service(1, () => ({ verdict: 'broken', why: 'istiod ended by itself' }));
    await expect(compare(rounds, newFolder())).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('istiod ended by itself'),
      hint: expect.stringContaining('--resume'),
    });
  });
});

describe('what was interrupted', () => {
  test('goes on with the rounds that there are, in the middle of a pair', async () => {
    const directory = newFolder();
    const first = service(1.3, ({ length }) => {
      if (length > 7) throw new OperatorError('interrupted', { exitCode: 130 });
      return undefined;
    });
    await expect(compare(first.rounds, directory)).rejects.toThrow('interrupted');
    const kept = recordsIn(directory).filter(isRound);
    expect(kept).toHaveLength(7);
    const second = service(1.3);
    const end = await compare(second.rounds, directory, true);
    expect(end).toMatchObject({ ended: 'regressed', pairs: 10 });
    expect(second.made).toHaveLength(20 - 7);
    const all = recordsIn(directory).filter(isRound);
    expect(all.slice(0, 7)).toEqual(kept);
    expect(new Set(all.map(({ name }) => name)).size).toBe(20);
  });

  test('after the last look says what it said, without another round', async () => {
    const directory = newFolder();
    const before = await compare(service(1.3).rounds, directory);
    const after = service(5);
    expect(await compare(after.rounds, directory, true)).toEqual(before);
    expect(after.made).toEqual([]);
  });

  test.each([
    ['sides', 'A as written, B mesh/new.yaml'],
    ['seed', '--seed 7'],
    ['rounds', '--rounds 40'],
    ['fingerprint', 'another load, topology, configuration'],
  ])('is not gone on with by a command with other %s', (field, words) => {
    const directory = newFolder();
    beginJournal(directory, head)[Symbol.dispose]();
    expect(() => resumeJournal(directory, { ...head, [field]: 'other' })).toThrow(words);
  });
});

describe('the folder of a comparison', () => {
  const owner = (directory: string) => join(directory, 'journal.owner');

  test('is gone on with by one process at a time, and by the next when that is no more', () => {
    const directory = newFolder();
    {
      using _journal = beginJournal(directory, head);
      expect(() => resumeJournal(directory, head)).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: expect.stringContaining(`process ${process.pid} goes on with the comparison`),
        }),
      );
    }
    expect(existsSync(owner(directory))).toBe(false);
    const other = { pid: process.ppid, identity: processIdentity(process.ppid) };
    writeFileSync(owner(directory), JSON.stringify(other));
    expect(() => resumeJournal(directory, head)).toThrow(`process ${process.ppid}`);
    for (const gone of [{ ...other, identity: '1' }, { pid: 1 }, null, 'no']) {
      writeFileSync(owner(directory), JSON.stringify(gone));
      resumeJournal(directory, head)[Symbol.dispose]();
    }
  });

  test.each(['null\n', '7\n', '"round"\n', '{"pair":1\n'])(
    'with %j in its journal is none to go on with',
    (line) => {
      const directory = newFolder();
      beginJournal(directory, head)[Symbol.dispose]();
      appendFileSync(join(directory, 'journal.jsonl'), line);
      expect(() => resumeJournal(directory, head)).toThrow('is no journal that this version');
    },
  );
});

test('time that is up ends it with what there is', async () => {
  const slow: RoundMaker = {
    async make() {
      await new Promise((done) => setTimeout(done, 20));
      return { verdict: 'pass', measures: { p50: 10 } };
    },
  };
  const end = await compare(slow, newFolder(), false, { budgetMs: 100 });
  expect(end.pairs).toBeGreaterThan(0);
  expect(end.pairs).toBeLessThan(7);
  expect(end.ended).toBe('inconclusive');
});
