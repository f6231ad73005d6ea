import { describe, expect, it } from 'vitest';
import { formatProblem } from './problems.ts';
import { parseYaml } from './yaml-source.ts';

const nested = (levels: number) => `${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`;
const indented = (levels: number) =>
  Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
const bomb = 'bcdefgh'
  .split('')
  .map((name, index) => `${name}: &${name} [${`*${'abcdefg'[index]}, `.repeat(10)}x]`)
  .join('\n');

/** A text → everything that is said about it. */
const table: [name: string, text: string, ...problems: string[]][] = [
  [
    'a key twice',
    'a: 1\nb: {c: 1, c: 2}\na: 3\n',
    'f.yaml:2:11: the key "c" is there twice\n  leave one of the two out',
    'f.yaml:3:1: the key "a" is there twice\n  leave one of the two out',
  ],
  ['a key that is no name', '__proto__: {a: 1}\n', 'f.yaml:1:1: the key "__proto__" is not allowed'],
  [
    'a key that is a list',
    '? [a]\n: b\n',
    'f.yaml:1:3: not valid YAML: With stringKeys, all keys must be strings',
  ],
  ['65 levels of brackets', nested(66), 'f.yaml:1:261: nested deeper than 64 levels'],
  ['thousands of brackets', '['.repeat(5_000), 'f.yaml:1:1025: nested deeper than 64 levels'],
  ['brackets on the second line', `\n${'['.repeat(5_000)}`, 'f.yaml:2:1025: nested deeper than 64 levels'],
  ['levels by indentation', indented(70), 'f.yaml:66:66: nested deeper than 64 levels'],
  ['an alias before its anchor', 'a: *b\nb: &b 1\n', 'f.yaml:1:4: there is no anchor &b before this alias'],
  ['an alias of itself', 'a: &a [*a]\n', 'f.yaml:1:8: the alias *a is part of itself'],
  ['aliases by the hundred', `a: &a 1\nb: [${'*a, '.repeat(200)}]\n`, 'f.yaml:2:405: more than 100 aliases'],
  [
    'aliases of aliases',
    `a: &a [${'x, '.repeat(9)}]\n${bomb}\n`,
    'f.yaml:1:1: its aliases (*name) expand to too much',
  ],
  ['a merge of text', 'a: 1\n<<: b\n', 'f.yaml:2:5: only maps can be merged with <<'],
  [
    'a tag of its own',
    'a: !secret b\n',
    'f.yaml:1:4: not valid YAML: Unresolved tag: !secret\n  leave the tag (!…) out; put text that starts with ! in quotes',
  ],
  [
    'a tag that makes something else of a text',
    'a: !!binary aGVsbG8=\n',
    'f.yaml:1:13: the tag tag:yaml.org,2002:binary is not allowed\n  leave it out',
  ],
];

describe('a YAML text is told what could mean two things or take long', () => {
  it.each(table)('%s', (_, text, ...problems) => {
    expect(parseYaml(text, 'f.yaml').problems.map(formatProblem)).toEqual(problems);
  });

  it('the first ten mistakes in the syntax are enough', () => {
    const twice = Array.from({ length: 30 }, () => 'a: 1').join('\n');
    expect(parseYaml(twice, 'f.yaml').problems).toHaveLength(10);
  });

  it.each([
    ['64 levels', nested(60)],
    ['brackets in a text', `a: "${'['.repeat(900)}"\n`],
    ['ninety-nine aliases', `a: &a 1\nb: [${'*a, '.repeat(99)}]\n`],
    ['a merged map', 'a: &a {b: 1}\nc: {<<: *a, d: 2}\n'],
    ['a plain tag', 'a: !!str 1\n'],
    ['the same key in two maps', 'a: {c: 1}\nb: {c: 1}\n'],
  ])('%s is not too much', (_, text) => {
    const { documents, problems } = parseYaml(text, 'f.yaml');
    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
  });

  it.each([
    ['text behind a bracket', 'a: [hunter2]\n}hunter2 hunter2\n'],
    ['text behind quotes', '"A"="hunter2 hunter2"\nB=\'hunter2\'\n'],
    ['text behind the mark of a block', 'TOKEN: |hunter2\n'],
    ['a text', 'TOKEN=hunter2\nPASSWORD=hunter2\n'],
    ['an escape', 'TOKEN: "\\hunter2"\n'],
  ])('%s is not quoted', (_, text) => {
    expect(parseYaml(text, '.env').problems.map(formatProblem).join('\n')).not.toContain('hunter2');
  });
});
