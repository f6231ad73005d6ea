import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

/** A user that the system does not know, as `docker run -u` makes them. */
const stranger = 54_321;
const become = ['--reuid', `${stranger}`, '--regid', `${stranger}`, '--clear-groups', '--'];
const canBecome = spawnSync('setpriv', [...become, process.execPath, '--version']).status === 0;

function asStranger(workspace: Workspace, env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const {
    HOME: _,
    BREAKWATER_RUNS: __,
    NODE_COMPILE_CACHE: ___,
    XDG_CACHE_HOME: ____,
    ...inherited
  } = process.env;
  return spawnSync('setpriv', [...become, process.execPath, '--no-warnings', 'bin/breakwater.js', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...inherited, TMPDIR: workspace.path, NO_COLOR: '1', ...env },
  });
}

describe.skipIf(!canBecome)(
  `a user without a name${canBecome ? '' : ' (skipped: only root can become one)'}`,
  () => {
    test.each([
      ['plan', 'scenarios/circuit-breaker.yaml'],
      ['lint', 'scenarios/circuit-breaker.yaml'],
      ['report', 'reports/example'],
      ['tools', 'list'],
      ['cleanup', '--dry-run'],
      ['lab', 'status'],
      ['--version'],
    ])('%s %s works, without a home and with the one of somebody else', (...args) => {
      for (const env of [{}, { HOME: '' }, { HOME: '/nonexistent' }]) {
        using workspace = new Workspace();
        chmodSync(workspace.path, 0o1777);
        const { status, stderr } = asStranger(workspace, env, ...args);
        expect(status, stderr).toBe(0);
        expect(stderr).not.toMatch(/^\s+at |bug/m);
      }
    });

    test.each([['tools', 'list'], ['doctor']])(
      '%s works beside a cache that it may not look into',
      (...args) => {
        using workspace = new Workspace();
        chmodSync(workspace.path, 0o1777);
        const closed = join(workspace.path, 'closed');
        mkdirSync(closed, { mode: 0o700 });
        const { status, stdout, stderr } = asStranger(
          workspace,
          { BREAKWATER_CACHE: join(closed, 'cache') },
          ...args,
        );
        const isDoctor = args[0] === 'doctor';
        expect(status, stdout + stderr).toBe(isDoctor ? 4 : 0);
        expect(stderr).not.toMatch(/^\s+at |bug|^error/m);
        if (isDoctor)
          expect(stdout).toMatch(/✗ folder of programs .*permission denied \(EACCES\)\n.*BREAKWATER_CACHE/);
      },
    );

    test('the home that it gets is its own alone, and one that is not is refused', () => {
      using workspace = new Workspace();
      chmodSync(workspace.path, 0o1777);
      expect(asStranger(workspace, {}, 'tools', 'list').status).toBe(0);
      const home = join(workspace.path, `breakwater-home-${stranger}`);
      expect(statSync(home)).toMatchObject({ uid: stranger });
      expect(statSync(home).mode & 0o777).toBe(0o700);

      using planted = new Workspace();
      chmodSync(planted.path, 0o1777);
      mkdirSync(join(planted.path, `breakwater-home-${stranger}`));
      const { status, stderr } = asStranger(planted, {}, 'tools', 'list');
      expect(status).toBe(4);
      expect(stderr).toMatch(/^error: there is no home for you, and \S+ is not yours alone\nhint: set HOME/);
    });
  },
);
