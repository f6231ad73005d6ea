import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkOut } from './commit.ts';

const { signal } = new AbortController();

/** A project with one file at two commits, and something staged on top. */
function project() {
  const path = mkdtempSync(join(tmpdir(), 'breakwater-commit-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@y', ...args], {
      cwd: path,
      encoding: 'utf8',
    });
  const say = (text: string) => writeFileSync(join(path, 'checks/mesh.yaml'), text);
  mkdirSync(join(path, 'checks'));
  git('init', '--quiet', '--initial-branch=main');
  say('before');
  git('add', '.');
  git('commit', '--quiet', '--message=one');
  const first = git('rev-parse', 'HEAD').trim();
  say('after');
  writeFileSync(join(path, 'new.yaml'), 'new');
  git('add', '.');
  git('commit', '--quiet', '--message=two');
  say('staged');
  git('add', '.');
  say('written');
  vi.stubEnv('BREAKWATER_RUNS', join(path, '.runs'));
  return {
    path,
    first,
    git,
    [Symbol.dispose]() {
      vi.unstubAllEnvs();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

test('the files of a commit are there while they are needed, and nothing else is touched', async () => {
  using repository = project();
  const { path, first, git } = repository;
  const before = git('status', '--porcelain');
  const checks = join(path, 'checks');
  {
    await using at = await checkOut('--a', 'main~1', signal, checks);
    await using now = await checkOut('--b', 'main', signal, checks);
    expect(at.commit).toBe(first);
    expect(readFileSync(at.at('mesh.yaml'), 'utf8')).toBe('before');
    expect(at.at('mesh.yaml')).toBe(join(at.here, 'mesh.yaml'));
    expect(readFileSync(now.at(join(path, 'checks/mesh.yaml')), 'utf8')).toBe('after');
    expect(at.at('/etc/hosts')).toBe('/etc/hosts');
    expect(() => at.at('../new.yaml')).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('it has no "../new.yaml"') }),
    );
  }
  expect(readdirSync(join(path, '.runs'))).toEqual([]);
  expect(git('status', '--porcelain').replace('?? .runs/\n', '')).toBe(before);
  expect(readFileSync(join(checks, 'mesh.yaml'), 'utf8')).toBe('written');
});

test.each(['nowhere', '--output=forged', 'main:new.yaml', ''])('%j is no commit', async (named) => {
  using repository = project();
  await expect(checkOut('--a', named, signal, repository.path)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('there is no such commit'),
  });
  expect(readdirSync(repository.path)).not.toContain('forged');
});

test('where Git knows no project, it is said', async () => {
  const path = mkdtempSync(join(tmpdir(), 'breakwater-commit-'));
  await expect(checkOut('--a', 'main', signal, path)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('Git knows no project here'),
  });
  rmSync(path, { recursive: true });
});
