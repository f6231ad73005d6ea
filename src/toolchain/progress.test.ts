import { expect, test } from 'vitest';
import { describeProgress, reportTo } from './progress.ts';

const build = {
  tool: 'istio',
  phase: 'build',
  total: 1800,
  expectation: 'about 7 minutes',
  elapsedMs: 61_000,
} as const;

test('progress reads as one line', () => {
  expect([
    describeProgress({ ...build, compiled: 450 }),
    describeProgress({ ...build, compiled: 1800 }),
    describeProgress({ tool: 'istio', phase: 'waiting', elapsedMs: 3000 }),
    describeProgress({
      tool: 'k6',
      phase: 'download',
      file: 'k6',
      bytes: 1e6,
      totalBytes: 25e6,
      elapsedMs: 0,
    }),
    describeProgress({ tool: 'k6', phase: 'done', source: 'build', elapsedMs: 180_000 }),
  ]).toMatchInlineSnapshot(`
    [
      "istio: building, 450 of 1800 packages, 25% (1 min 1 s; about 7 minutes)",
      "istio: building, linking, 100% (1 min 1 s; about 7 minutes)",
      "another breakwater is building istio; waiting (3 s)",
      "k6: downloading k6, 1.0 MB of 25.0 MB (0 s)",
      "k6: built in 3 min 0 s",
    ]
  `);
});

test('a new phase is a step, more of the same a status, and what matters later a note', () => {
  const calls: string[] = [];
  const record = (kind: string) => () => void calls.push(kind);
  const report = reportTo({
    step: record('step'),
    status: record('status'),
    ongoing: record('ongoing'),
    warn: record('warn'),
    note: record('note'),
    done() {},
  });
  report({ tool: 'istio', phase: 'waiting', elapsedMs: 0 });
  report({ ...build, compiled: 1 });
  report({ ...build, compiled: 2 });
  report({ tool: 'istio', phase: 'done', source: 'build', elapsedMs: 0 });
  expect(calls).toEqual(['step', 'step', 'status', 'note']);
});
