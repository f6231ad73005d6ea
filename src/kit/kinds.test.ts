import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { byKind, unionOf } from './kinds.ts';

const circle = { sides: 0, schema: z.strictObject({ kind: z.literal('circle'), radius: z.number() }) };
const square = { sides: 4, schema: z.strictObject({ kind: z.literal('square'), side: z.number() }) };
const kinds = [circle, square] as const;

test('one schema tells the kinds apart, in types too', () => {
  const shape = unionOf(kinds);
  expect(shape.parse({ kind: 'square', side: 2 })).toEqual({ kind: 'square', side: 2 });
  expect(shape.safeParse({ kind: 'square', radius: 2 }).success).toBe(false);
  expect(shape.safeParse({ kind: 'line' }).success).toBe(false);
  expectTypeOf<z.output<typeof shape>>().toEqualTypeOf<
    { kind: 'circle'; radius: number } | { kind: 'square'; side: number }
  >();
});

test('a kind is found by what its schema calls it', () => {
  const named = byKind<(typeof kinds)[number]>(kinds);
  expect(named.get('square')?.sides).toBe(4);
  expect([...named.keys()]).toEqual(['circle', 'square']);
});
