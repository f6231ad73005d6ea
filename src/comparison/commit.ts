import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { usageError } from '../kit/errors.ts';
import { quote } from '../kit/nearest.ts';
import { runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import { createRunDirectory } from '../runs/run-directory.ts';

const TIME_LIMIT_MS = 120_000;

/** The files of a project as they are at a commit, in a folder of their own; disposing removes it. */
export interface CheckedOut extends AsyncDisposable {
  /** All of its hash. */
  readonly commit: string;
  /** Where one stands, as it was then. */
  readonly here: string;
  /** Where a file or folder of the project is as it was then; what is not of the project stays where it is. */
  at(path: string): string;
  /** Text in which a file of the commit is called as Git does: `main:mesh.yaml`. */
  shown(text: string): string;
}

/**
 * Takes a commit (a branch, a tag, a hash) of the project that one stands in (`where`) out of Git, and
 * touches neither its files nor its index. Throws a usage error where there is no such commit. `option`: "--a".
 */
export async function checkOut(
  option: string,
  named: string,
  signal: AbortSignal,
  where = process.cwd(),
): Promise<CheckedOut> {
  const refuse = (why: string, hint: string) => usageError(`${option}: git:${named}: ${why}`, hint);
  const git = async (args: readonly string[], why: string, hint: string, more: NodeJS.ProcessEnv = {}) => {
    const env = { ...process.env, ...more };
    const { ended, stdout, stderr } = await runProgram({
      program: 'git',
      args,
      env,
      cwd: where,
      group: 'tied',
      timeoutMs: TIME_LIMIT_MS,
      signal,
    });
    if (ended === 'missing')
      throw refuse('there is no git on the PATH', 'install it, or name files: config:PATH');
    if (ended !== 'ok') throw refuse([why, lastLines(stderr).trim()].filter(Boolean).join(':\n'), hint);
    return stdout.trim();
  };
  const root = await git(
    ['rev-parse', '--show-toplevel'],
    'Git knows no project here',
    'stand in the project that has the scenario',
  );
  const prefix = await git(
    ['rev-parse', '--show-prefix'],
    'Git does not say where one stands',
    'look at that',
  );
  const commit = await git(
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${named}^{commit}`],
    'there is no such commit',
    'in a clone without history fetch it before: git fetch --depth=1 origin COMMIT',
  );
  await using stack = new AsyncDisposableStack();
  const short = commit.slice(0, 8);
  const scratch = stack.use(
    await createRunDirectory(`git-${short}${option.slice(1)}-${process.pid}`, `files of ${short}`),
  );
  const folder = join(scratch.path, 'files');
  // An index of its own: what somebody has staged stays as it is.
  const own = { GIT_INDEX_FILE: join(scratch.path, 'index') };
  const broken = 'its files cannot be had';
  await git(['-C', root, 'read-tree', commit], broken, 'look at what Git says', own);
  await git(
    ['-C', root, 'checkout-index', '--all', '--quiet', `--prefix=${folder}/`],
    broken,
    'look at what Git says',
    own,
  );
  const here = join(folder, prefix, '.');
  const kept = stack.move();
  return {
    commit,
    here,
    shown: (text) =>
      [`${here}/`, `${relative(where, here)}/`].reduce(
        (shown, path) => shown.replaceAll(path, () => `${named}:`),
        text,
      ),
    at(path) {
      const inside = relative(root, real(resolve(where, path)));
      if (inside.startsWith('..')) return path;
      const then = join(folder, inside);
      if (existsSync(then)) return then;
      throw refuse(`it has no ${quote(path)}`, 'compare with a commit that has what is compared');
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Git names its folder without links. */
const real = (path: string) => (existsSync(path) ? realpathSync(path) : path);
