import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { seededDraw } from '../../apps/edge-app/src/chance.ts';
import type { RunRecord } from '../records/model.ts';
import { record } from '../records/testing/records.ts';
import { historyHtml } from './html.ts';
import { historyOf, worseWithin } from './series.ts';
import { addRecords, readRecords } from './store.ts';
import { historyText } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-history-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Forty days, with a p95 that is half as much again from the 25th on, and other programs. */
function records(stream = 1): RunRecord[] {
  const draw = seededDraw(11, stream);
  return Array.from({ length: 40 }, (_, day) => {
    const slow = day >= 25;
    const made = record(day, {
      p95: (slow ? 30 : 20) * (1 + 0.04 * (draw() - 0.5)),
      p50: 8 * (1 + 0.04 * draw()),
    });
    return slow ? { ...made, versions: { ...made.versions, mesh: 'istio 9.9' } } : made;
  });
}

describe('a history', () => {
  test('of a folder has every run once, oldest first', async () => {
    const place = { folder: join(folder, 'new', 'deep') };
    expect(await readRecords(place)).toEqual([]);
    await addRecords(place, [record(3), record(1)]);
    await addRecords(place, [record(3)]);
    expect((await readRecords(place)).map(({ run }) => run)).toEqual(['run-1', 'run-3']);
    writeFileSync(join(place.folder, 'x.json'), '{}');
    await expect(readRecords(place)).rejects.toThrow(/x\.json is no record of a run/);
  });

  test('of a branch is committed without touching what is checked out', async () => {
    const repository = mkdtempSync(join(folder, 'git-'));
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    git('init', '--quiet', '--initial-branch=main');
    writeFileSync(join(repository, 'mine.txt'), 'work');
    git('add', 'mine.txt');
    const place = { branch: 'series/cart', within: repository };
    expect(await readRecords(place)).toEqual([]);
    await addRecords(place, [record(1)]);
    await addRecords(place, [record(2), record(1)]);
    expect((await readRecords(place)).map(({ run }) => run)).toEqual(['run-1', 'run-2']);
    expect(git('status', '--porcelain')).toBe('A  mine.txt\n');
    expect(existsSync(join(repository, 'series'))).toBe(false);
    expect(git('log', '--format=%an %s', 'series/cart').split('\n')).toHaveLength(3);
    expect(git('ls-tree', '--name-only', 'series/cart').trim().split('\n')).toHaveLength(2);
    await expect(readRecords({ branch: '--all', within: repository })).rejects.toThrow('no name of a branch');
    await expect(readRecords({ branch: 'a', within: tmpdir() })).rejects.toThrow(/not a git repository/i);
  });
});

describe('its series', () => {
  test('say where a measure changed, by how much, and which programs did', () => {
    const history = historyOf(records());
    const [series] = history.series;
    const p95 = series?.measures.find(({ measure }) => measure === 'p95');
    expect(p95?.changes).toEqual([
      expect.objectContaining({
        index: 25,
        run: 'run-25',
        commit: 'commit-25',
        since: 'commit-24',
        versions: ['mesh istio 1.29.1, now istio 9.9'],
      }),
    ]);
    expect(p95?.changes[0]?.effect).toBeCloseTo(0.5, 1);
    expect(series?.measures.filter(({ changes }) => changes.length > 0)).toHaveLength(1);
    expect(worseWithin(history, 15)).toHaveLength(1);
    expect(worseWithin(history, 14)).toHaveLength(0);
  });

  test('are apart where experiment, environment or kind of machine is another', () => {
    const made = record(1);
    const all = [
      made,
      { ...made, environment: 'kind' },
      { ...made, machine: { ...made.machine, kind: 'b' } },
      { ...made, scenario: { ...made.scenario, fingerprint: 'x' } },
    ];
    expect(historyOf(all).series.map(({ runs }) => runs)).toEqual([1, 1, 1, 1]);
  });

  test('are only of the measures that are wanted', () => {
    const [series] = historyOf(records(), (measure) => measure === 'p50').series;
    expect(series?.measures.map(({ measure }) => measure)).toEqual(['p50']);
  });

  test('an improvement is none to fail for', () => {
    const faster = records().map((each, index) => ({
      ...each,
      measures: {
        p95: (index < 25 ? 30 : 20) + (index % 3) * 0.1,
        goodput: (index < 25 ? 300 : 400) + (index % 5),
      },
    }));
    const history = historyOf(faster);
    expect(history.series[0]?.measures.map(({ changes }) => (changes[0]?.effect ?? 0) < 0)).toEqual([
      true,
      true,
    ]);
    expect(worseWithin(history, 40)).toEqual([]);
  });
});

const paint = { good: String, bad: String, unclear: String, faint: String };

test('the terminal draws a line of each measure, with a bar where it changes', () => {
  const text = historyText(historyOf(records()), paint, true);
  expect(text).toMatch(/p95 latency +[▁▂▃▄▅▆▇█]{25}│[▁▂▃▄▅▆▇█]{15} +\d/);
  expect(text).toMatch(
    /p95 latency: 20.* ms, then 30.* ms \(5\d % worse\) from 2026-01-26 on, commit commit-25, after commit-24/,
  );
  expect(historyText(historyOf([]), paint, true)).toContain('There are no runs yet');
});

test('the page needs no script and no network, and carries nothing of names', () => {
  const evil = records().map((each) => ({
    ...each,
    scenario: { ...each.scenario, name: '<script>x</script>' },
    machine: { ...each.machine, processor: '"><img src=x onerror=y>' },
    commit: '</table><svg onload=z>',
  }));
  const page = historyHtml(historyOf(evil));
  expect(page).not.toMatch(/<script|<img|<svg onload/);
  expect(page).not.toMatch(/https?:(?!\/\/www\.w3\.org)/);
  expect(page.match(/class="change worse"/g)).toHaveLength(1);
  expect(historyHtml(historyOf([]))).toContain('There are no runs yet.');
});
