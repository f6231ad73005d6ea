import { describe, expect, test } from 'vitest';
import { sampleReport } from '../report/fixture.ts';
import type { Report } from '../report/model.ts';
import {
  annotationsOfComparison,
  annotationsOfProblems,
  annotationsOfReport,
  shownAnnotations,
} from './annotations.ts';

const places = { directory: '/work/repo/shop', workspace: '/work/repo' };

/** A report with one failed check that points to this place. */
function failed(source: string | undefined, many = 1): Report {
  const report = sampleReport('fail');
  const [check] = report.checks.filter(({ status }) => status === 'fail');
  if (check === undefined) throw new Error('nothing has failed');
  const reason = {
    text: 'the pool was full',
    setting: 'maxConnections: 1',
    ...(source === undefined ? {} : { source }),
  };
  return { ...report, checks: Array.from({ length: many }, () => ({ ...check, reason })) };
}

describe('annotations of a run', () => {
  test('stand at the line that a failed check points to, as the repository has the file', () => {
    expect(annotationsOfReport(failed('mesh/cart.yaml:12'), places)).toEqual([
      {
        level: 'error',
        title: expect.stringContaining('zone-failover: '),
        message: expect.stringMatching(
          /^observed .*, limit .*\nthe pool was full\nmaxConnections: 1 \(mesh\/cart\.yaml:12\)$/,
        ),
        file: 'shop/mesh/cart.yaml',
        line: 12,
      },
    ]);
  });

  test.each([
    ['../mesh/cart.yaml:3', { file: 'mesh/cart.yaml', line: 3 }],
    ['/work/repo/a.yaml:3', { file: 'a.yaml', line: 3 }],
    ['a:b.yaml:3', { file: 'shop/a:b.yaml', line: 3 }],
    ['..a/b.yaml:3', { file: 'shop/..a/b.yaml', line: 3 }],
    ['--config x', { file: 'shop/--config x' }],
  ])('%s stands at %j', (source, place) => {
    expect(annotationsOfReport(failed(source), places)[0]).toMatchObject(place);
  });

  test('a file outside the repository gives no place', () => {
    const [annotation] = annotationsOfReport(failed('/etc/mesh.yaml:12'), places);
    expect(annotation).not.toHaveProperty('file');
    expect(annotation).not.toHaveProperty('line');
  });

  test('without a known setting it stands at the scenario', () => {
    expect(annotationsOfReport(failed(undefined), places)[0]).toMatchObject({
      file: `shop/${sampleReport().scenario.file}`,
    });
  });

  test('a run that proves nothing is a warning with its reasons, and one that passes says nothing', () => {
    expect(annotationsOfReport(sampleReport('invalid'), places)).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('limit') }),
    ]);
    expect(annotationsOfReport(sampleReport(), places)).toEqual([]);
  });

  test('are as many as GitHub shows, and say how many are left out', () => {
    const shown = shownAnnotations(annotationsOfReport(failed('a.yaml:1', 25), places));
    expect(shown).toHaveLength(10);
    expect(shown.at(-1)?.title).toBe('16 more');
  });
});

test.each([
  ['not-worse', []],
  ['regressed', ['error']],
  ['inconclusive', ['warning']],
  ['invalid', ['warning']],
])('a comparison that ended %s is told as %j', (ended, levels) => {
  expect(annotationsOfComparison({ ended, summary: 'so' }).map(({ level }) => level)).toEqual(levels);
});

test('a mistake stands at its line', () => {
  const problem = { file: 'a.yaml', line: 2, column: 5, path: 'load.rat', message: 'no', hint: 'rate?' };
  expect(annotationsOfProblems([problem], places)).toEqual([
    {
      level: 'error',
      title: 'Mistake in load.rat',
      message: 'no\nrate?',
      file: 'shop/a.yaml',
      line: 2,
      column: 5,
    },
  ]);
});
