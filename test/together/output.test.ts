import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';

const scenario = 'scenarios/circuit-breaker.yaml';
const short = [
  'load.duration=8s',
  'load.rate=50/s',
  'faults=[]',
  'checks=[{kind: success-rate, during: steady, atLeast: 1%}]',
];
const shortRun = ['run', scenario, ...short.flatMap((value) => ['--set', value])];

/** A shell's line with `$@` for a command: how it ended, and what it said on standard error. */
function shell(line: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = [process.execPath, '--no-warnings', 'bin/breakwater.js', ...args];
  const { status, stderr, stdout } = spawnSync('/bin/bash', ['-c', line, 'bash', ...command], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', CI: '1', ...env },
    timeout: 60_000,
  });
  return { status, stderr, stdout };
}

describe.skipIf(!existsSync('/dev/full'))('standard output on a full disk', () => {
  test.each([
    ['plan', scenario],
    ['lint', scenario],
    ['report', 'reports/example'],
    ['report', 'reports/example', '--format', 'html'],
    ['report', '--schema'],
    ['tools', 'list'],
    ['--help'],
  ])('%s %s is one error, exit 4', (...args) => {
    const { status, stderr } = shell('"$@" > /dev/full', args);
    expect(status, stderr).toBe(4);
    expect(stderr).toBe(
      'error: standard output did not take all that was printed: there is no space left on its disk (ENOSPC)\n' +
        'hint: make room where it leads to, or lead it elsewhere\n',
    );
  });

  test('standard error that is full changes no exit code', () => {
    expect(shell('"$@" 2> /dev/full', ['plan', scenario]).status).toBe(0);
    expect(shell('"$@" 2> /dev/full', ['plan', 'missing.yaml']).status).toBe(2);
  });
});

test('a reader that has seen enough ends a command quietly', () => {
  const { status, stderr, stdout } = shell('set -o pipefail; "$@" | head -1', [
    'report',
    'reports/example',
    '--format',
    'html',
  ]);
  expect(stdout).toBe('<!doctype html>\n');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('nobody who listens on standard error changes no exit code', async () => {
  const child = spawn(process.execPath, ['bin/breakwater.js', 'plan', 'missing.yaml'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.destroy();
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
});

test('a limit of the length of files is told as one', () => {
  using workspace = new Workspace();
  const output = join(workspace.path, 'report.html');
  const converted = shell('ulimit -f 8; exec "$@"', [
    'report',
    'reports/example',
    '--format',
    'html',
    '--output',
    output,
  ]);
  expect(converted.status, converted.stderr).toBe(4);
  expect(converted.stderr).toContain('EFBIG');
  expect(readdirSync(workspace.path)).toEqual([]);
  const env = { BREAKWATER_RUNS: workspace.runs };
  const ran = shell('ulimit -f 8; exec "$@"', [...shortRun, '--reports', workspace.reports], env);
  expect(ran.status, ran.stderr).toBe(4);
  expect(ran.stderr).not.toMatch(/^\s+at |bug/m);
  expect(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).toEqual([]);
});

test('a verdict that is known is said although the reports cannot be written', async () => {
  using workspace = new Workspace();
  const child = workspace.start(...shortRun, '--reports', workspace.reports);
  const closed = workspace.finish(child);
  while (workspace.newestReport() === undefined && child.exitCode === null) await sleep(20);
  // A folder that is not empty, where a report is to be.
  mkdirSync(join(workspace.newestReport() ?? '', 'report.html/x'), { recursive: true });
  const finished = await closed;
  expect(finished.code, outcome(finished)).toBe(4);
  expect(finished.stdout).toMatch(/^ == (PASS|INVALID) == {2}circuit-breaker/m);
  expect(finished.stderr).toMatch(/^error: not all of the reports could be written into .*: E/m);
  expect(finished.stderr).toContain('--reports');
  expect(readdirSync(workspace.runs)).toEqual([]);
});

/** A line for `shell` that mounts a file system of so many KiB at `$SMALL` for the command alone. */
const within = (options: string) =>
  `export SMALL; exec unshare --mount sh -c 'mount -t tmpfs -o mode=700,size=${options} none "$SMALL" && exec "$@"' sh "$@"`;
const canMount = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

describe.skipIf(!canMount)(`a small disk${canMount ? '' : ' (skipped: nothing can be mounted here)'}`, () => {
  test.each([
    ['that is full, for runs', '4k', 'BREAKWATER_RUNS', shortRun, /BREAKWATER_RUNS or TMPDIR names/],
    ['that is full, for temporary files', '4k', 'TMPDIR', shortRun, /BREAKWATER_RUNS or TMPDIR names/],
    ['that is read-only, for runs', '4k,ro', 'BREAKWATER_RUNS', shortRun, /BREAKWATER_RUNS or TMPDIR names/],
    [
      'that is read-only, for temporary files',
      '4k,ro',
      'TMPDIR',
      shortRun,
      /BREAKWATER_RUNS or TMPDIR names/,
    ],
  ])('%s: one error that names the setting, exit 4', (_, size, variable, args, hint) => {
    using workspace = new Workspace();
    const small = join(workspace.path, 'small');
    mkdirSync(small);
    const env = { SMALL: small, BREAKWATER_RUNS: '', [variable]: small };
    const { status, stderr } = shell(within(size), [...args, '--reports', workspace.reports], env);
    expect(status, stderr).toBe(4);
    expect(stderr).toMatch(/^error: .*\((ENOSPC|EROFS)\)/m);
    expect(stderr).toMatch(hint);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('that fills up with the evidence: one error that names --reports, exit 4', () => {
    using workspace = new Workspace();
    const small = join(workspace.path, 'small');
    mkdirSync(small);
    const env = { SMALL: small, BREAKWATER_RUNS: workspace.runs };
    const { status, stderr } = shell(within('64k'), [...shortRun, '--reports', small], env);
    expect(status, stderr).toBe(4);
    expect(stderr).toMatch(/ENOSPC/);
    expect(stderr).toMatch(/--reports/);
    expect(stderr).not.toMatch(/^\s+at |bug/m);
    expect(readdirSync(workspace.runs)).toEqual([]);
  });
});

describe.skipIf(!existsSync('/proc/self'))(
  'a folder that nobody can make, where Node would try for ever',
  () => {
    const refused = /^error: .*\/proc\/x\S*: no folder can be made there \(ENOENT\)\nhint: /m;

    test.each([
      ['tools pack', 2, ['tools', 'pack', '/proc/x'], {}],
      ['BREAKWATER_CACHE', 4, ['tools', 'fetch', 'k6'], { BREAKWATER_CACHE: '/proc/x' }],
      ['BREAKWATER_CACHE, to remove from', 4, ['tools', 'remove', 'k6'], { BREAKWATER_CACHE: '/proc/x' }],
      ['TMPDIR', 4, shortRun, { TMPDIR: '/proc/x', BREAKWATER_RUNS: '' }],
      ['BREAKWATER_RUNS', 4, shortRun, { BREAKWATER_RUNS: '/proc/x' }],
    ])('%s: one error, exit %i', (_, code, args, env) => {
      using workspace = new Workspace();
      const reports = args === shortRun ? ['--reports', workspace.reports] : [];
      const { status, stderr } = shell('exec "$@"', [...args, ...reports], env);
      expect(status, stderr).toBe(code);
      expect(stderr).toMatch(refused);
    });

    test('is no reason for a command that needs none', () => {
      for (const variable of ['BREAKWATER_CACHE', 'TMPDIR', 'BREAKWATER_RUNS', 'XDG_CACHE_HOME']) {
        expect(shell('exec "$@"', ['plan', scenario], { [variable]: '/proc/x' }).status, variable).toBe(0);
      }
    });
  },
);
