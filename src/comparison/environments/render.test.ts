import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { compareRuns, type FinishedRun } from './compare.ts';
import { failedOverAfter, finishedRun } from './fixture.ts';
import { renderMarkdown, renderText } from './render.ts';

const text = (...runs: FinishedRun[]) =>
  stripVTControlCharacters(renderText(compareRuns(runs, 'reports/compare-x')));

/** Three rounds: one run on kind never failed over, another was invalid. */
const threeRounds = [
  failedOverAfter('local', 1, 1_240),
  finishedRun('kind', 1),
  failedOverAfter('local', 2, 980),
  finishedRun('kind', 2, {
    verdict: 'fail',
    checks: { 'time-to-fail-over': { status: 'fail', observed: 'never', value: undefined as never } },
  }),
  failedOverAfter('local', 3, 2_700),
  finishedRun('kind', 3, { verdict: 'invalid' }),
];

test('a table of one run each says what each saw', () => {
  expect(text(failedOverAfter('local', 1, 900), finishedRun('kind', 1))).toMatchInlineSnapshot(`
    "zone-failover, one run on each, ratio of kind to local
                                               local    status  kind     status  ratio
      verdict                                  pass             pass
      success rate at least 99.9 % (steady)    100 %    pass    100 %    pass    1.00
      p95 latency at most 25 ms (steady)       14.8 ms  pass    14.8 ms  pass    1.00
      failed over within 5 s (fault)           900 ms   pass    1.24 s   pass    1.38
      ejected within 3 s (fault)               1.12 s   pass    1.12 s   pass    1.00
      success rate at least 97 % (fault)       97.6 %   pass    97.6 %   pass    1.00
      traffic returned within 15 s (recovery)  10.3 s   pass    10.3 s   pass    1.00
      goodput (all requests)                   398 /s           398 /s           1.00
      requests shed (all requests)             38               38               1.00
      errors (all requests)                    104              104              1.00
      share of the client zone (steady)        100 %            100 %            1.00
      share of the client zone (fault)         2.05 %           2.05 %           1.00
      share of the client zone (recovery)      53.0 %           53.0 %           1.00
      latency p50 (all requests)               7.90 ms          7.90 ms          1.00
      latency p90 (all requests)               17.2 ms          17.2 ms          1.00
      latency p95 (all requests)               21.6 ms          21.6 ms          1.00
      latency p99 (all requests)               84.3 ms          84.3 ms          1.00
      latency max (all requests)               1.04 s           1.04 s           1.00
    The same verdict and the same status of every check in every valid run.
    Reports: a folder per run in reports/compare-x"
  `);
});

test('a table of several rounds has lowest, median and highest, and fits in 100 columns', () => {
  const table = text(...threeRounds);
  expect(table).toMatchInlineSnapshot(`
    "zone-failover, 3 runs on each: lowest · median · highest, ratio of the medians (kind to local)
                                        local                 passed  kind                 passed  ratio
      verdict                           pass 3 of 3                   pass 1 of 2, fail 1
      invalid, left out                 0 of 3                        1 of 3
      success rate at least 99.9 %      100 %                 3/3     100 %                2/2     1.00
      (steady)
      p95 latency at most 25 ms         14.8 ms               3/3     14.8 ms              2/2     1.00
      (steady)
      failed over within 5 s (fault)    0.98 · 1.24 · 2.70 s  3/3     1.24 s; never 1×     1/2     1.00
      ejected within 3 s (fault)        1.12 s                3/3     1.12 s               2/2     1.00
      success rate at least 97 %        97.60 %               3/3     97.60 %              2/2     1.00
      (fault)
      traffic returned within 15 s      10.3 s                3/3     10.3 s               2/2     1.00
      (recovery)
      goodput (all requests)            398 /s                        398 /s                       1.00
      requests shed (all requests)      38                            38                           1.00
      errors (all requests)             104                           104                          1.00
      share of the client zone          100 %                         100 %                        1.00
      (steady)
      share of the client zone (fault)  2.05 %                        2.05 %                       1.00
      share of the client zone          53.0 %                        53.0 %                       1.00
      (recovery)
      latency p50 (all requests)        7.90 ms                       7.90 ms                      1.00
      latency p90 (all requests)        17.2 ms                       17.2 ms                      1.00
      latency p95 (all requests)        21.6 ms                       21.6 ms                      1.00
      latency p99 (all requests)        84.3 ms                       84.3 ms                      1.00
      latency max (all requests)        1.04 s                        1.04 s                       1.00
      round 3 on kind is invalid and left out: dropped-iterations: 3.2 % dropped
    Not every valid run has the same verdict; the status of 1 of 6 checks is not always the same.
    Reports: a folder per run in reports/compare-x"
  `);
  expect(table.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('Markdown has the same table', () => {
  expect(renderMarkdown(compareRuns(threeRounds, 'reports/compare-x'))).toMatchInlineSnapshot(`
    "**zone-failover**, 3 runs on each: lowest · median · highest, ratio of the medians (kind to local) (istio 1.29.1, 8 CPUs):

    |  | local | passed | kind | passed | ratio |
    | --- | --- | --- | --- | --- | --- |
    | **verdict** | pass 3 of 3 |  | pass 1 of 2, fail 1 |  |  |
    | invalid, left out | 0 of 3 |  | 1 of 3 |  |  |
    | success rate at least 99.9 % (steady) | 100 % | 3/3 | 100 % | 2/2 | 1.00 |
    | p95 latency at most 25 ms (steady) | 14.8 ms | 3/3 | 14.8 ms | 2/2 | 1.00 |
    | **failed over within 5 s (fault)** | 0.98 · 1.24 · 2.70 s | 3/3 | 1.24 s; never 1× | 1/2 | 1.00 |
    | ejected within 3 s (fault) | 1.12 s | 3/3 | 1.12 s | 2/2 | 1.00 |
    | success rate at least 97 % (fault) | 97.60 % | 3/3 | 97.60 % | 2/2 | 1.00 |
    | traffic returned within 15 s (recovery) | 10.3 s | 3/3 | 10.3 s | 2/2 | 1.00 |
    | goodput (all requests) | 398 /s |  | 398 /s |  | 1.00 |
    | requests shed (all requests) | 38 |  | 38 |  | 1.00 |
    | errors (all requests) | 104 |  | 104 |  | 1.00 |
    | share of the client zone (steady) | 100 % |  | 100 % |  | 1.00 |
    | share of the client zone (fault) | 2.05 % |  | 2.05 % |  | 1.00 |
    | share of the client zone (recovery) | 53.0 % |  | 53.0 % |  | 1.00 |
    | latency p50 (all requests) | 7.90 ms |  | 7.90 ms |  | 1.00 |
    | latency p90 (all requests) | 17.2 ms |  | 17.2 ms |  | 1.00 |
    | latency p95 (all requests) | 21.6 ms |  | 21.6 ms |  | 1.00 |
    | latency p99 (all requests) | 84.3 ms |  | 84.3 ms |  | 1.00 |
    | latency max (all requests) | 1.04 s |  | 1.04 s |  | 1.00 |

    - round 3 on kind is invalid and left out: dropped-iterations: 3.2 % dropped

    Not every valid run has the same verdict; the status of 1 of 6 checks is not always the same."
  `);
});

test('names cannot leave their cell', () => {
  const run = finishedRun('local', 1, { checks: { latency: { name: 'a | b\u001b[2J' } } });
  const comparison = compareRuns([run, { ...run, environment: 'kind' }], 'x');
  expect(renderMarkdown(comparison)).toContain('| a &#124; b \\[2J (steady) |');
  expect(renderText(comparison)).not.toContain('\u001b[2J');
});

test('without a valid run in one environment it says that it says nothing', () => {
  const table = text(finishedRun('local', 1), finishedRun('kind', 1, { verdict: 'invalid' }));
  expect(table).toContain('No run on kind was valid, so this says nothing about the environments.');
});
