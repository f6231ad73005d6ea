import { expect, test } from 'vitest';
import { mistakeInPattern } from './patterns.ts';

test.each([
  ['/items(/[a-z0-9]+)?', undefined],
  ['(?i)/shop/(?P<id>\\d+)', undefined],
  ['(?i:Chrome|Firefox).*', undefined],
  ['[[:alpha:]]+\\-\\_\\.', undefined],
  ['\\\\1', undefined],
  ['([a-z', 'unterminated'],
  ['*.example.com', 'nothing to repeat'],
  ['a{2,1}', 'out of order'],
  ['/(?!admin).*', 'looks ahead'],
  ['(?<=v)1', 'looks ahead or behind'],
  ['(a)\\1', 'refers back'],
])('%j: %s', (pattern, why) => {
  const said = mistakeInPattern(pattern);
  if (why === undefined) expect(said).toBeUndefined();
  else expect(said?.toLowerCase()).toContain(why);
});
