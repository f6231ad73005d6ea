import { expect, test } from 'vitest';
import { Interner, OTHER } from './interner.ts';

const idOf = (interner: Interner, text: string) => {
  const bytes = Buffer.from(`..${text}..`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return interner.idOf(view, 2, 2 + Buffer.byteLength(text));
};

test('equal texts share a number and different ones do not', () => {
  const interner = new Interner();
  const texts = ['', 'a', 'ab', 'abcd', 'abce', 'abcde', 'outbound|8080||x', 'outbound|8080||y'];
  const ids = texts.map((text) => idOf(interner, text));
  expect(new Set(ids).size).toBe(texts.length);
  expect(texts.map((text) => idOf(interner, text))).toEqual(ids);
  expect(ids.map((id) => interner.texts[id])).toEqual(texts);
});

test('callers cannot make it grow without end', () => {
  const interner = new Interner();
  for (let index = 0; index < 20_000; index += 1) idOf(interner, `text ${index}`);
  expect(interner.texts.length).toBeLessThanOrEqual(4_097);
  expect(interner.texts[idOf(interner, 'one more')]).toBe(OTHER);
  expect(interner.texts[idOf(interner, 'text 17')]).toBe('text 17');
});
