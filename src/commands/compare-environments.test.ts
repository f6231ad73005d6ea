import { describe, expect, test } from 'vitest';
import { compareRuns, type FinishedRun } from '../comparison/environments/compare.ts';
import { failedOverAfter, finishedRun } from '../comparison/environments/fixture.ts';
import { compareEnvironmentsCommand, exitCodeOf } from './compare-environments.ts';

const compare = (...runs: FinishedRun[]) => compareRuns(runs, 'reports/compare-x');
const failOver = (...runs: FinishedRun[]) =>
  compare(...runs).checks.find(({ kind }) => kind === 'time-to-fail-over');
const never = { value: undefined as never, observed: 'never', status: 'fail' as const };

describe('the numbers of a check', () => {
  test('are the lowest, median and highest of each environment, and the ratio of the medians', () => {
    const check = failOver(
      ...[320, 80, 200].map((value, index) => failedOverAfter('local', index + 1, value)),
      ...[500, 300, 900].map((value, index) => failedOverAfter('kind', index + 1, value)),
    );
    expect(check?.environments.local).toMatchObject({
      values: [320, 80, 200],
      lowest: 80,
      median: 200,
      highest: 320,
      statuses: { pass: 3, fail: 0, invalid: 0 },
    });
    expect(check?.environments.kind).toMatchObject({ lowest: 300, median: 500, highest: 900 });
    expect(check).toMatchObject({ unit: 'ms', window: 'fault', same: true });
    expect(check?.environments.kind.ratio).toBe(2.5);
    expect(check?.environments.local).not.toHaveProperty('ratio');
  });

  test('have the middle of the two in the middle as the median of an even number', () => {
    const check = failOver(
      failedOverAfter('local', 1, 100),
      failedOverAfter('local', 2, 200),
      failedOverAfter('kind', 1, 300),
    );
    expect(check?.environments.local.median).toBe(150);
    expect(check?.environments.kind.ratio).toBe(2);
  });

  test('leave out runs that had none, and say that there were such', () => {
    const check = failOver(
      failedOverAfter('local', 1, 100),
      finishedRun('local', 2, { verdict: 'fail', checks: { 'time-to-fail-over': never } }),
      finishedRun('kind', 1, { verdict: 'fail', checks: { 'time-to-fail-over': never } }),
    );
    expect(check?.environments.local).toMatchObject({
      values: [100, null],
      observed: ['100 ms', 'never'],
      highest: 100,
    });
    expect(check?.environments.kind).toMatchObject({ values: [null], median: null });
    expect(check?.environments.kind).not.toHaveProperty('ratio');
  });

  test('leave out what a check saw that is invalid in a run that failed for another reason', () => {
    const doubtful = { 'time-to-fail-over': { status: 'invalid' as const } };
    const check = failOver(
      finishedRun('local', 1, { verdict: 'fail', checks: doubtful }),
      failedOverAfter('kind', 1, 100),
    );
    expect(check?.environments.local).toMatchObject({ values: [null], observed: ['invalid'], lowest: null });
  });

  test('have no ratio to nothing', () => {
    const check = failOver(failedOverAfter('local', 1, 0), failedOverAfter('kind', 1, 9));
    expect(check?.environments.kind.ratio).toBeUndefined();
  });
});

test('latency, goodput and the share of the zone are compared without a check', () => {
  const { figures } = compare(
    finishedRun('local', 1, { latencyMs: { p50: 6, p99: 20 } }),
    finishedRun('kind', 1, { latencyMs: { p50: 12 } }),
  );
  const figure = (name: string) => figures.find((each) => each.name === name);
  expect(figure('latency p50 (all requests)')).toMatchObject({
    unit: 'ms',
    environments: { kind: { ratio: 2 } },
  });
  expect(figure('latency p99 (all requests)')?.environments.kind.values).toEqual([null]);
  const { traffic } = finishedRun('local', 1).report;
  expect(figure('goodput (all requests)')?.environments.local.median).toBeCloseTo(traffic.ok / 60);
  const share = (window: string) =>
    figure(`share of the client zone (${window})`)?.environments.local.median ?? Number.NaN;
  expect(share('steady')).toBeGreaterThan(0.9);
  expect(share('fault')).toBeLessThan(0.2);
});

test('what both measure is compared pair by pair, over the rounds that are valid on both', () => {
  const measured = (environment: 'local' | 'kind', round: number, p50: number): FinishedRun => {
    const run = finishedRun(environment, round);
    return { ...run, report: { ...run.report, measures: { p50 } } };
  };
  const rounds = Array.from({ length: 12 }, (_, index) => index + 1);
  const { metrics } = compare(
    ...rounds.flatMap((round) => [
      measured('local', round, 8 + round / 50),
      measured('kind', round, 12 + (round % 3) / 50),
    ]),
    measured('local', 13, 8),
  );
  expect(metrics).toHaveLength(1);
  expect(metrics[0]).toMatchObject({ measure: 'p50', verdict: 'regressed', pairs: 12 });
  expect(metrics[0]?.change).toBeCloseTo(0.48, 1);
});

test('the others are held against the first, however many there are', () => {
  const comparison = compare(
    failedOverAfter('kind', 1, 300),
    failedOverAfter('docker', 1, 150),
    failedOverAfter('local', 1, 100),
  );
  expect(comparison.compared).toEqual(['local', 'docker', 'kind']);
  const check = comparison.checks.find(({ kind }) => kind === 'time-to-fail-over');
  expect(check?.environments).toMatchObject({
    local: { median: 100 },
    docker: { median: 150, ratio: 1.5 },
    kind: { median: 300, ratio: 3 },
  });
});

describe('environments are the same', () => {
  test('when every valid run has the same verdict and statuses, whatever the values are', () => {
    const comparison = compare(failedOverAfter('local', 1, 20), failedOverAfter('kind', 1, 4_000));
    expect(comparison.same).toBe(true);
    expect(exitCodeOf(comparison)).toBe(0);
  });

  test('not when one run of either ends otherwise', () => {
    const comparison = compare(
      finishedRun('local', 1),
      finishedRun('kind', 1),
      finishedRun('local', 2),
      finishedRun('kind', 2, { verdict: 'fail', checks: { 'time-to-fail-over': never } }),
    );
    expect(comparison).toMatchObject({ same: false, sameVerdict: false, rounds: 2 });
    expect(comparison.verdicts.kind).toEqual({ pass: 1, fail: 1, invalid: 0 });
    expect(comparison.checks.filter(({ same }) => !same).map(({ kind }) => kind)).toEqual([
      'time-to-fail-over',
    ]);
    expect(exitCodeOf(comparison)).toBe(1);
  });

  test('not when both fail, for different reasons', () => {
    const failing = (kind: string) => ({ verdict: 'fail' as const, checks: { [kind]: never } });
    const comparison = compare(
      finishedRun('local', 1, { ...failing('time-to-return'), checks: { 'time-to-return': never } }),
      finishedRun('kind', 1, failing('time-to-eject')),
    );
    expect(comparison).toMatchObject({ same: false, sameVerdict: true });
  });
});

describe('a run that is invalid', () => {
  const runs = [
    failedOverAfter('local', 1, 100),
    failedOverAfter('kind', 1, 300),
    finishedRun('local', 2),
    finishedRun('kind', 2, { verdict: 'invalid', checks: { 'time-to-fail-over': { value: 9_000 } } }),
  ];

  test('is counted, named with its reasons and left out of the numbers', () => {
    const comparison = compare(...runs);
    expect(comparison.verdicts.kind).toEqual({ pass: 1, fail: 0, invalid: 1 });
    expect(comparison.runs.at(-1)).toMatchObject({
      environment: 'kind',
      round: 2,
      verdict: 'invalid',
      invalid: ['dropped-iterations: 3.2 % dropped'],
    });
    const check = comparison.checks.find(({ kind }) => kind === 'time-to-fail-over');
    expect(check?.environments.kind.values).toEqual([300]);
    expect(comparison.same).toBe(true);
    expect(exitCodeOf(comparison)).toBe(0);
  });

  test('is invalid because of a check where no rule is violated', () => {
    const run = finishedRun('kind', 1, { verdict: 'invalid' });
    const sound = { ...run, report: { ...run.report, validity: [] } };
    expect(compare(finishedRun('local', 1), sound).runs[1]?.invalid).toEqual([
      'p95 latency at most 25 ms: needs 100 samples',
    ]);
  });

  test('leaves nothing to compare when there is no other in its environment', () => {
    const comparison = compare(...runs.filter((_, index) => index !== 1));
    expect(comparison.same).toBe(false);
    expect(exitCodeOf(comparison)).toBe(3);
  });
});

describe('the command line', () => {
  const errorOf = (...args: string[]) => {
    const command = compareEnvironmentsCommand(new AbortController().signal)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    return command.parseAsync(['scenario.yaml', ...args], { from: 'user' });
  };

  test.each(['0', '21', '2.5', '-1', 'many', ''])(
    'refuses %j rounds and says what it takes',
    async (rounds) => {
      await expect(errorOf('--rounds', rounds)).rejects.toMatchObject({
        code: 'commander.invalidArgument',
        message: expect.stringContaining('a whole number from 1 to 20'),
      });
    },
  );

  test.each(['local', 'local,local', 'local,cluster', ''])('refuses the environments %j', async (names) => {
    await expect(errorOf('--envs', names)).rejects.toMatchObject({
      code: 'commander.invalidArgument',
      message: expect.stringContaining('two or more of local, docker, kind'),
    });
  });

  test('prints JSON or Markdown, not both', async () => {
    await expect(errorOf('--json', '--markdown')).rejects.toMatchObject({
      code: 'commander.conflictingOption',
    });
  });
});
