import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { visible, visibleLines } from '../kit/visible.ts';
import { runnerReads, runnerReadsOutputs } from './testing/runner.ts';
import { annotationCommand, writeOutputs } from './workflow-commands.ts';

describe('an annotation', () => {
  test('is one line with its place', () => {
    expect(
      annotationCommand({ level: 'error', title: 'held', message: 'no', file: 'a.yaml', line: 3, column: 1 }),
    ).toBe('::error file=a.yaml,line=3,col=1,title=held::no\n');
  });

  test.each([
    'two\nlines',
    'a\r\n::set-output name=verdict::pass',
    '::error file=other.yaml::forged',
    'title,file=other.yaml,line=1::x',
    '100 % of a:b, c%0Ad %25',
    '##[add-mask]a',
    '\u2028::stop-commands::x\u2029\u001b[0m.',
    '',
  ])('says %j in every part, and nothing else comes of it', (text) => {
    const command = annotationCommand({ level: 'error', title: text, message: text, file: text, line: 7 });
    expect(command.trimEnd().split('\n')).toHaveLength(1);
    expect(runnerReads(command)).toEqual({
      command: 'error',
      properties: { ...(text === '' ? {} : { file: text, title: visible(text) }), line: '7' },
      data: visibleLines(text),
    });
  });
});

test('no output adds one of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bw-outputs-'));
  try {
    const file = join(folder, 'output');
    writeOutputs(file, { a: 'one\nverdict=pass\nverdict<<x\npass\nx', b: '', c: 'last' });
    expect(runnerReadsOutputs(readFileSync(file, 'utf8'))).toEqual({
      a: 'one\nverdict=pass\nverdict<<x\npass\nx',
      b: '',
      c: 'last',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
