import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellCommand } from './shell.ts';

test('a shell reads the words that were meant', () => {
  const words = ['faults=[{kind: kill, at: 6s}]', "it's", '$HOME `id` "x" \\', '*', '', '#', 'a\nb', '~'];
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(words)}`], { encoding: 'utf8' });
  expect(printed.split('\0').slice(0, -1)).toEqual(words);
});

test('what needs no quotes has none', () => {
  const words = ['npx', 'breakwater', 'run', 'scenarios/zone-failover.yaml', '--set', 'load.rate=200/s'];
  expect(shellCommand(words)).toBe('npx breakwater run scenarios/zone-failover.yaml --set load.rate=200/s');
});
