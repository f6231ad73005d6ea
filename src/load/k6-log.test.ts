import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { complaintsIn, endOfLog, toldByK6 } from './k6-log.ts';

const line = (entry: object) => `${JSON.stringify(entry)}\n`;
const thrown = (msg: string) => line({ level: 'error', msg, source: 'stacktrace' });

test('a script complains by what it throws and by console.error, from where its log begins', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bw-k6-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'k6.log');
  expect(endOfLog(log)).toBe(0);
  writeFileSync(log, thrown('of an earlier load'));
  const from = endOfLog(log);
  appendFileSync(
    log,
    [
      thrown('Error: no luck\n\tat default (load.js:3)\n'),
      thrown('Error: no luck\n\tat default (load.js:3)\n'),
      line({ level: 'error', msg: 'odd', source: 'console' }),
      line({ level: 'info', msg: '{"level":"error","source":"console","msg":"no"}', source: 'console' }),
      line({ level: 'error', msg: "thresholds on metrics 'x' have been crossed" }),
      '  a table of k6\n{ torn',
    ].join(''),
  );
  expect(await complaintsIn(log, from)).toEqual([
    { what: 'exception', text: 'Error: no luck at default (load.js:3)', count: 2 },
    { what: 'console', text: 'odd', count: 1 },
  ]);
});

test('different complaints without end are counted as others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bw-k6-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'k6.log');
  writeFileSync(log, Array.from({ length: 1_000 }, (_, n) => thrown(`Error ${n}`)).join(''));
  const complaints = await complaintsIn(log, 0);
  expect(complaints.length).toBeLessThan(30);
  expect(complaints.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
});

test('a person reads what k6 has logged as text', () => {
  expect(toldByK6(`${thrown('Error: no luck\n')}  plain\n{ torn`)).toBe(
    'error: Error: no luck\n  plain\n{ torn',
  );
});
