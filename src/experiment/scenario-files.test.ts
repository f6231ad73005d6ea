import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProblemsError } from '../kit/problems.ts';
import { scenarioFiles } from './scenario-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-files-'));
const at = (name: string) => join(folder, name);
const files = {
  'b.yaml': 'name: b\nchecks: []\n',
  'a.yml': 'name: a\nload: { rate: 1/s }\n',
  'broken.yaml': 'topology: [\n',
  'rule.yaml': 'apiVersion: networking.istio.io/v1\nkind: DestinationRule\n',
  'comments.yaml': '# nothing yet\n',
  'notes.txt': 'checks: []\n',
  'deeper/c.yaml': 'name: c\nchecks: []\n',
  'bare/rule.yaml': 'kind: Gateway\n',
};

beforeAll(() => {
  for (const name of ['deeper', 'bare', 'empty', 'named.yaml']) mkdirSync(at(name));
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('of a folder, the scenarios directly in it are taken, by name, those with mistakes too', async () => {
  expect(await scenarioFiles([folder])).toEqual({
    files: ['a.yml', 'b.yaml', 'broken.yaml'].map(at),
    leftOut: ['comments.yaml', 'rule.yaml'].map(at),
  });
});

test('a file that is named is taken, whatever is in it, and each only once', async () => {
  const named = [at('rule.yaml'), at('deeper'), `${folder}/./b.yaml`, folder, 'not-there.yaml'];
  expect(await scenarioFiles(named)).toEqual({
    files: [
      at('rule.yaml'),
      at('deeper/c.yaml'),
      `${folder}/./b.yaml`,
      at('a.yml'),
      at('broken.yaml'),
      'not-there.yaml',
    ],
    leftOut: [at('comments.yaml')],
  });
});

test('folders without a scenario are mistakes, all told at once', async () => {
  const error = await scenarioFiles([at('empty'), at('bare')]).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ProblemsError);
  expect((error as ProblemsError).problems).toMatchObject([
    { file: at('empty'), message: 'there is no scenario directly in this folder' },
    { file: at('bare'), message: 'there is no scenario directly in this folder' },
  ]);
});
