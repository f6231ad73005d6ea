import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';

const breakwater = join(root, 'bin/breakwater.js');
const scenario = join(root, 'scenarios/circuit-breaker.yaml');
const short = [
  'load.duration=6s',
  'load.rate=50/s',
  'faults=[]',
  'checks=[{kind: success-rate, during: run, atLeast: 1%}]',
].flatMap((value) => ['--set', value]);

/** Folders of runs whose names something on the way could take for more than a name. */
const odd: Record<string, string> = {
  'longer than an address of a Unix socket': 'x'.repeat(150),
  'quotes, blanks, commas, and what shells and templates read': '"dd\', $x $(y) {{z}} %s',
  'a relative path': 'relative',
};

test.concurrent.for(Object.entries(odd))('a folder of runs with %s', async ([what, name]) => {
  using workspace = new Workspace();
  mkdirSync(join(workspace.path, name), { mode: 0o700 });
  const folder = what === 'a relative path' ? name : join(workspace.path, name);
  const child = spawn(
    process.execPath,
    [breakwater, 'run', scenario, ...short, '--reports', workspace.reports],
    {
      cwd: workspace.path,
      env: { ...process.env, BREAKWATER_RUNS: folder, NO_COLOR: '1', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const finished = await workspace.finish(child);
  expect(finished.report, outcome(finished)).toBeDefined();
  expect(finished.report?.traffic.ok, outcome(finished)).toBeGreaterThan(200);
  expect(readdirSync(join(workspace.path, name))).toEqual([]);
});

function doctor(workspace: Workspace, env: NodeJS.ProcessEnv) {
  const { stdout, status } = spawnSync(process.execPath, [breakwater, 'doctor'], {
    cwd: workspace.path,
    encoding: 'utf8',
    env: { ...process.env, BREAKWATER_RUNS: workspace.runs, NO_COLOR: '1', ...env },
  });
  return { stdout, status };
}

test('doctor says where runs and programs cannot be, and which setting moves them', () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'file');
  writeFileSync(file, '');
  mkdirSync(join(workspace.path, 'open'), { mode: 0o777 });
  spawnSync('chmod', ['777', join(workspace.path, 'open')]);
  for (const [variable, path, what] of [
    ['BREAKWATER_CACHE', file, /✗ folder of programs +\S+file is no folder\n.*BREAKWATER_CACHE/],
    [
      'BREAKWATER_CACHE',
      join(file, 'below'),
      /✗ folder of programs +\S+file is no folder\n.*BREAKWATER_CACHE/,
    ],
    ['BREAKWATER_CACHE', 'relative', new RegExp(`✓ folder of programs +${join(workspace.path, 'relative')}`)],
    ['BREAKWATER_RUNS', file, /✗ folder of runs .*is no folder but a file or a link\n.*BREAKWATER_RUNS/],
    ['BREAKWATER_RUNS', join(workspace.path, 'open'), /✗ folder of runs .*written to by others; chmod go-w/],
    [
      'BREAKWATER_RUNS',
      '/proc/x',
      /✗ folder of runs +\/proc\S*: no folder can be made there.*\n.*BREAKWATER_RUNS/,
    ],
    ['BREAKWATER_RUNS', 'relative', new RegExp(`✓ folder of runs +${join(workspace.path, 'relative')}`)],
  ] as const) {
    const { stdout, status } = doctor(workspace, { [variable]: path });
    expect(stdout, path).toMatch(what);
    expect(status, path).toBe(what.source.startsWith('✗') ? 4 : 0);
  }
});

test.each([
  ['run', scenario, '--reports'],
  ['compare-environments', scenario, '--reports'],
  ['report', '--reports'],
  ['report', '--output'],
  ['plan', scenario, '--config'],
  ['tools', 'pack'],
])('an empty path, as an unset variable leaves it, is a mistake: %s %s %s', (...args) => {
  using workspace = new Workspace();
  const { status, stderr } = spawnSync(process.execPath, [breakwater, ...args, ''], {
    cwd: workspace.path,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(2);
  expect(stderr).toContain('It takes a path, and this is empty.');
  expect(readdirSync(workspace.path)).toEqual([]);
});
