import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { sampleComparison } from './fixture.ts';
import { comparisonFormats, findComparison, readComparison, writeComparison } from './index.ts';
import { formatMargin, formatSmallest } from './words.ts';

const terminal = { color: false, width: 100, directory: 'reports/compare-shop' };

test('comparison.json is what its published schema says, and is read again as it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-comparison-'));
  try {
    await writeComparison(folder, sampleComparison);
    expect((await readdir(folder)).sort()).toEqual(['comparison.json', 'report.html', 'report.md']);
    const published = JSON.parse(
      await readFile(new URL('../../../docs/comparison.schema.json', import.meta.url), 'utf8'),
    );
    const validate = new Ajv2020({ strict: false }).compile(published);
    const written = JSON.parse(await readFile(join(folder, 'comparison.json'), 'utf8'));
    expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...written, ended: 'better' })).toBe(false);
    const read = await readComparison(folder);
    expect(read.metrics).toEqual(sampleComparison.metrics);
    expect(await findComparison('nowhere', folder)).toBe(folder);
    expect(await findComparison('nowhere', join(folder, 'comparison.json'))).toBe(folder);
    expect(await findComparison('nowhere', 'other')).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the terminal says what is worse, by how much, and how sure that is', () => {
  const text = comparisonFormats.terminal.render(sampleComparison, terminal);
  expect(text).toContain('== REGRESSED ==');
  expect(text).toMatch(/attempts per\s+request/);
  for (const words of ['regressed', 'inconclusive', 'improved', 'same within', 'at most 1 %', 'Seed    42']) {
    expect(text).toContain(words);
  }
  expect(text).toContain('1 of 13 rounds of B proved nothing');
  expect(text).not.toContain('more often');
  expect(text).not.toContain('\u202e');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('what else ran on the machine is said, and that not to be worse is not to hold', () => {
  const [round] = sampleComparison.rounds;
  if (round === undefined) throw new Error('there is one');
  const rounds = (['a', 'b', 'b'] as const).map((side) => ({ ...round, side, verdict: 'fail' as const }));
  const text = comparisonFormats.terminal.render({ ...sampleComparison, rounds }, terminal);
  const flat = text.replaceAll(/\s+/g, ' ');
  expect(flat).toContain('kept 1.4 processors busy in rounds of A and 1.5 in those of B');
  expect(flat).toContain('Checks of the scenario fail in rounds: 1 of 1 of A, 2 of 2 of B');
  const { others: _, ...a } = sampleComparison.sides.a;
  const unknown = { ...sampleComparison, sides: { ...sampleComparison.sides, a } };
  expect(comparisonFormats.terminal.render(unknown, terminal)).not.toContain('processors busy');
});

test('a side whose rounds prove nothing far more often is named', () => {
  const { a, b } = sampleComparison.sides;
  const sides = { a: { ...a, made: 13, invalid: 0 }, b: { ...b, made: 26, invalid: 13 } };
  const text = comparisonFormats.terminal.render({ ...sampleComparison, sides }, terminal);
  expect(text.replaceAll(/\s+/g, ' ')).toContain('Rounds of B prove nothing more often');
});

test('the page runs nothing, and every round leads to its own report', () => {
  const page = comparisonFormats.html.render(sampleComparison);
  expect(page).not.toContain('<script');
  expect(page).not.toContain('\u202e');
  expect(page).toContain("default-src 'none'");
  for (const { folder } of sampleComparison.rounds) expect(page).toContain(`href="${folder}/report.html"`);
  expect(page.indexOf('attempts per request')).toBeLessThan(page.indexOf('p50 latency'));
});

test('a comparison of two hundred pairs fits a comment', () => {
  const [round] = sampleComparison.rounds;
  if (round === undefined) throw new Error('there is one');
  const rounds = Array.from({ length: 800 }, () => ({
    ...round,
    why: 'dropped-iterations: 3.2 % dropped '.repeat(9),
  }));
  const text = comparisonFormats.md.render({ ...sampleComparison, rounds });
  expect(text.length).toBeLessThan(65_536);
  expect(text).toContain('REGRESSED');
  expect(text).toContain('attempts per request');
  expect(text).not.toContain('<script>');
});

test('what may be none is told in its own unit, and a worsening of what should be more is less', () => {
  const [p50, , errors] = sampleComparison.metrics;
  if (p50 === undefined || errors === undefined) throw new Error('both are there');
  expect(formatMargin(p50)).toBe('+5.0 %');
  // 5 % of 2 % and the offset.
  expect(formatMargin(errors)).toBe('+0.15 points');
  expect(formatMargin({ ...p50, worse: 'less' })).toBe('-4.8 %');
  expect(formatSmallest({ ...p50, smallestSeen: null })).toBe('nothing');
});
