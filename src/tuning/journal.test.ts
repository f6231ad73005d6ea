import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { beginJournal, resumeJournal, type TrialRecord } from './journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const head = { scenario: 'shop.yaml', slo: 'p99 at most 50 ms', fingerprint: 'one' };
const record = (name: string): TrialRecord => ({
  name,
  ask: { purpose: 'proof', judged: 'nominal', rate: 110, limits: { 'tcp.maxConnections': 22 } },
  endedAt: 1,
  tookMs: 4_000,
  verdict: 'invalid',
  why: 'too busy',
});

function begun(...names: string[]): string {
  const directory = mkdtempSync(join(folder, 'search-'));
  using journal = beginJournal(directory, head);
  for (const name of names) journal.add(record(name));
  return directory;
}

test('a search goes on with the trials that are in its journal', () => {
  const directory = begun('trial-001', 'trial-002');
  {
    using journal = resumeJournal(directory, head);
    expect(journal.records).toEqual([record('trial-001'), record('trial-002')]);
    journal.add(record('trial-003'));
  }
  using journal = resumeJournal(directory, head);
  expect(journal.records.map(({ name }) => name)).toEqual(['trial-001', 'trial-002', 'trial-003']);
});

test('what a crash has left of a line is dropped, and the next one stands on its own', () => {
  const directory = begun('trial-001', 'trial-002');
  const file = join(directory, 'journal.jsonl');
  truncateSync(file, readFileSync(file).length - 20);
  {
    using journal = resumeJournal(directory, head);
    expect(journal.records).toEqual([record('trial-001')]);
    journal.add(record('trial-003'));
  }
  using journal = resumeJournal(directory, head);
  expect(journal.records).toEqual([record('trial-001'), record('trial-003')]);
});

test.each([
  ['scenario', 'is for the scenario shop.yaml'],
  ['slo', 'is for the objective p99 at most 50 ms'],
  ['fingerprint', 'is for another load, topology, configuration or other options'],
])('a search with another %s does not go on with it', (field, words) => {
  expect(() => resumeJournal(begun(), { ...head, [field]: 'other' })).toThrow(words);
});

test('a folder without a journal, and one that is none, are told', () => {
  expect(() => resumeJournal(folder, head)).toThrow('there is no journal of a search in');
  const directory = begun();
  appendFileSync(join(directory, 'journal.jsonl'), 'no json\n');
  expect(() => resumeJournal(directory, head)).toThrow('is no journal that this version');
});

test('a disk that is full in the middle leaves whole trials, and says what to do', () => {
  const directory = mkdtempSync(join(folder, 'full-'));
  const script = `
    process.on('SIGXFSZ', () => {});
    const { beginJournal } = await import(${JSON.stringify(join(import.meta.dirname, 'journal.ts'))});
    const journal = beginJournal(${JSON.stringify(directory)}, ${JSON.stringify(head)});
    try {
      for (let number = 0; number < 100; number++) journal.add(${JSON.stringify(record('trial'))});
    } catch (error) {
      process.stdout.write(error.message + '|' + error.hint + '|' + error.exitCode + '|' + journal.records.length);
    }`;
  const limited = 'ulimit -f 2; exec "$0" --no-warnings --input-type=module -e "$1"';
  const { stdout } = spawnSync('bash', ['-c', limited, process.execPath, script], { encoding: 'utf8' });
  const [message, hint, exitCode, kept] = stdout.split('|');
  expect(message).toContain('does not take the next trial: it would be longer than a file may be here');
  expect(hint).toContain('--resume');
  expect(exitCode).toBe('4');
  expect(Number(kept)).toBeGreaterThan(2);
  const lines = readFileSync(join(directory, 'journal.jsonl'), 'utf8').split('\n').slice(0, -1);
  expect(lines.map((line) => JSON.parse(line))).toHaveLength(Number(kept) + 1);
  using journal = resumeJournal(directory, head);
  expect(journal.records).toHaveLength(Number(kept));
});
