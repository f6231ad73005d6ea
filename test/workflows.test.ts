import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, '.github/workflows');
const files = readdirSync(folder);

/** What GitHub's own parser, with its published schema, says of a workflow. */
function complaints(name: string, content: string): readonly string[] {
  const { context } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

test.each(files)('%s is a workflow as GitHub has them', (file) => {
  expect(complaints(file, readFileSync(join(folder, file), 'utf8'))).toEqual([]);
});

test('what is wrong in a workflow would show', () => {
  const release = readFileSync(join(folder, 'release.yml'), 'utf8');
  for (const [right, wrong] of [
    ['id-token: write', 'id-tokens: write'],
    ['runs-on:', 'run-on:'],
    ['timeout-minutes: 60', 'timeout-minutes: soon'],
    ['- uses: actions/checkout@v4', '- use: actions/checkout@v4'],
  ] as const) {
    expect(release).toContain(right);
    expect(complaints('release.yml', release.replace(right, wrong)), wrong).not.toEqual([]);
  }
});

test('a release has provenance, and may do nothing else than that and read', () => {
  const { permissions, jobs } = parse(readFileSync(join(folder, 'release.yml'), 'utf8'));
  expect(permissions).toEqual({ contents: 'read' });
  expect(jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  const commands: string[] = jobs.publish.steps.map(({ run = '' }) => run);
  expect(commands.at(-1)).toMatch(/^npm publish .*--provenance --access public$/);
  for (const command of commands) expect(command).not.toContain('${{');
});

test('the changelog has a place for what comes next, and the policy is in the package', () => {
  const { files: packed, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(packed).toEqual(expect.arrayContaining(['docs', 'CHANGELOG.md']));
  expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toMatch(/^## (?:Unreleased|\d+\.\d+\.\d+ \()/m);
  const [oldest] = /\d+/.exec(engines.node) ?? [];
  expect(readFileSync(join(root, 'docs/versions.md'), 'utf8')).toContain(`| ${oldest} and newer`);
});

test('every dependency runs on the oldest Node.js that is supported', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  type Locked = {
    dev?: boolean;
    engines?: { node?: string };
    deprecated?: string;
    hasInstallScript?: boolean;
  };
  const carried = (Object.entries(packages) as [string, Locked][]).filter(([path, { dev }]) => path && !dev);
  expect(carried.length).toBeGreaterThan(20);
  const newer = carried.filter(([, { engines }]) => {
    const [, least = '0'] = /^>=?\s*(\d+)/.exec(engines?.node ?? '') ?? [];
    return Number(least) >= 24;
  });
  expect(newer.map(([path]) => path)).toEqual([]);
  expect(carried.filter(([, { deprecated }]) => deprecated).map(([path]) => path)).toEqual([]);
  expect(carried.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([]);
});
