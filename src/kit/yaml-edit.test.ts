import { expect, test } from 'vitest';
import { withField } from './yaml-edit.ts';

const path = ['spec', 'tcp', 'max'];

test.each([
  [
    'a number, with its comment',
    'spec:\n  tcp: # why\n    max: 100   # measured\n',
    'spec:\n  tcp: # why\n    max: 7   # measured\n',
  ],
  ['text with quotes', 'spec:\n    tcp:\n        max: "100"\n', 'spec:\n    tcp:\n        max: 7\n'],
  ['a flow map', 'spec: {tcp: {max: 100, other: 1}} # all\n', 'spec: {tcp: {max: 7, other: 1}} # all\n'],
  [
    'a value that is not there',
    'spec:\n  tcp:\n    max:\n    b: 1\n',
    'spec:\n  tcp:\n    max: 7\n    b: 1\n',
  ],
])('%s is replaced, and nothing else', (_, text, expected) => {
  expect(withField(text, 0, path, 7)).toBe(expected);
});

test.each([
  [
    'below its neighbours',
    'spec:\n  tcp:\n    a: 1 # one\n# end\nb: 2\n',
    'spec:\n  tcp:\n    a: 1 # one\n    max: 7\n# end\nb: 2\n',
  ],
  [
    'with the maps above it',
    'spec:\n  # named\n  host: x\n',
    'spec:\n  # named\n  host: x\n  tcp:\n    max: 7\n',
  ],
  [
    'behind a nested neighbour',
    'spec:\n  a:\n    - b: 1\n      c: [1]\n',
    'spec:\n  a:\n    - b: 1\n      c: [1]\n  tcp:\n    max: 7\n',
  ],
  ['below a key without a value', 'spec:\n  tcp:\n  b: 1\n', 'spec:\n  tcp:\n    max: 7\n  b: 1\n'],
  ['into an empty flow map', 'spec:\n  tcp: {}\n', 'spec:\n  tcp: { max: 7 }\n'],
  ['into a flow map', 'spec: {a: 1}\n', 'spec: { tcp: { max: 7 },a: 1}\n'],
  ['at the end without a line break', 'spec:\n  tcp:\n    a: 1', 'spec:\n  tcp:\n    a: 1\n    max: 7\n'],
  [
    'in a file of another system',
    'spec:\r\n  tcp:\r\n    a: 1\r\n',
    'spec:\r\n  tcp:\r\n    a: 1\r\n    max: 7\r\n',
  ],
  [
    'behind text of several lines',
    'spec:\n  a: |\n    one\n    two\nb: 1\n',
    'spec:\n  a: |\n    one\n    two\n  tcp:\n    max: 7\nb: 1\n',
  ],
])('a field that is missing is added %s', (_, text, expected) => {
  expect(withField(text, 0, path, 7)).toBe(expected);
});

test('only the document that is meant is changed', () => {
  const one = 'spec: {tcp: {max: 1}}\n';
  expect(withField(`# first\n${one}---\n# second\n${one}---\n${one}`, 1, path, 7)).toBe(
    `# first\n${one}---\n# second\nspec: {tcp: {max: 7}}\n---\n${one}`,
  );
});

test.each([
  ['an alias', 'a: &x {max: 1}\nspec:\n  tcp: *x\n'],
  ['a merge', 'a: &x {tcp: {max: 1}}\nspec:\n  <<: *x\n'],
  ['a list', 'spec: [1]\n'],
  ['nothing at all', ''],
])('what leads over %s is left alone', (_, text) => {
  expect(withField(text, 0, path, 7)).toBeUndefined();
});
