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
    describeProgress({
      tool: 'k6',
      phase: 'download',
      file: 'grafana/k6:1.8.1',
      bytes: 5e6,
      totalBytes: 25e6,
      bytesPerSecond: 2.5e6,
      elapsedMs: 2_000,
    }),
    describeProgress({ tool: 'k6', phase: 'done', source: 'build', elapsedMs: 180_000 }),
  ]).toMatchInlineSnapshot(`
    [
      "istio: building, 450 of 1800 packages, 25% (1 min 1 s; about 7 minutes)",
      "istio: building, linking, 100% (1 min 1 s; about 7 minutes)",
      "another breakwater is fetching or building istio; waiting (3 s)",
      "k6: downloading k6, 1.0 MB of 25.0 MB (0 s)",
      "k6: downloading grafana/k6:1.8.1, 5.0 MB of 25.0 MB, 2.5 MB/s (2 s)",
      "k6: built in 3 min 0 s",
    ]
  `);
});

test('two tools at once are one line, and neither begins anew with each of its lines', () => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const report = reportTo({
    step: say,
    status: say,
    ongoing() {},
    warn() {},
    note() {},
    done() {},
  });
  const download = { tool: 'k6', phase: 'download', file: 'k6', elapsedMs: 0 } as const;
  report({ ...build, compiled: 18 });
  report({ ...download, bytes: 1e6 });
  report({ ...build, compiled: 36 });
  expect(said.at(-1)).toBe(
    'istio: building, 36 of 1800 packages, 2% (1 min 1 s; about 7 minutes) · k6: downloading k6, 1.0 MB (0 s)',
  );
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
