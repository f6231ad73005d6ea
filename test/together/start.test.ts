import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

test('what a start compiles is kept with the programs, and nothing stays in the folder for temporary files', async () => {
  using workspace = new Workspace();
  const home = join(workspace.path, 'home');
  const temporary = join(workspace.path, 'tmp');
  mkdirSync(home);
  mkdirSync(temporary);
  const { XDG_CACHE_HOME: _, NODE_COMPILE_CACHE: __, BREAKWATER_CACHE: ___, ...inherited } = process.env;
  const env = { ...inherited, HOME: home, TMPDIR: temporary };
  // What src/toolchain/context.ts asks; bin/breakwater.js answers by itself, as it has no time to.
  const ask = "console.log((await import('env-paths')).default('breakwater', { suffix: '' }).cache)";
  const cache = execFileSync(process.execPath, ['--input-type=module', '--eval', ask], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  const named = join(workspace.path, 'named');
  for (const [more, expected] of [
    [{}, cache.trim()],
    [{ BREAKWATER_CACHE: named }, named],
  ] as const) {
    const child = spawn(process.execPath, ['bin/breakwater.js', '--version'], {
      cwd: root,
      env: { ...env, ...more },
    });
    const { code, stderr } = await workspace.finish(child);
    expect(code, stderr).toBe(0);
    expect(existsSync(join(expected, 'compiled')), expected).toBe(true);
  }
  expect(readdirSync(temporary)).toEqual([]);
});
