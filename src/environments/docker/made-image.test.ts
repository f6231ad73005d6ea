import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { imageName } from './made-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-made-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of three MiB in a place of its own, with a byte of it changed. */
function program(place: string, changedAt?: number): string {
  const path = join(folder, place, 'program');
  mkdirSync(join(folder, place));
  const bytes = Buffer.alloc(3 << 20, 'breakwater');
  if (changedAt !== undefined) bytes[changedAt] = 0;
  writeFileSync(path, bytes);
  return path;
}

test('an image has the name of what is in it, wherever that lies and however old it is', () => {
  const name = imageName({ '/bin/program': program('first') });
  expect(name).toMatch(/^breakwater\/lab:[0-9a-f]{12}$/);
  const again = program('again');
  utimesSync(again, 0, 0);
  expect(imageName({ '/bin/program': again })).toBe(name);
  expect(imageName({ '/bin/other': again })).not.toBe(name);
  // Its beginning, where a program's build id stands, and pieces all over it.
  for (const at of [100, 1 << 20, 2 << 20]) {
    expect(imageName({ '/bin/program': program(`changed-${at}`, at) })).not.toBe(name);
  }
});
