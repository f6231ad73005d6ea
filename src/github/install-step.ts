import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from './inputs.ts';
import { type Done, type Job, needed } from './step.ts';

/** A version or a tag of the registry, or a file of a package: nothing that npm could take for an option. */
const versionText = /^[\w./:~^@+][\w./:~^@+-]*$/;

/**
 * `install`: Breakwater with what it needs, and the folder that it is in: the action's own, or a version of the npm
 * registry in a folder of its own. Scripts of packages do not run: none is needed.
 */
export function install({ env }: Job): Done {
  const version = (env['INPUT_VERSION'] ?? '').trim();
  if (version !== '') {
    if (!versionText.test(version)) throw new InputError(`version: "${version}" is none, such as 0.1.0`);
    const folder = join(env['RUNNER_TEMP'] || tmpdir(), 'breakwater-package');
    mkdirSync(folder, { recursive: true });
    npm(folder, ['install', '--prefix', folder, '--no-save', `breakwater@${version}`]);
    return { outputs: { home: join(folder, 'node_modules', 'breakwater') } };
  }
  const home = needed(env, 'GITHUB_ACTION_PATH');
  // A repository that uses itself may have installed everything already.
  if (!existsSync(join(home, 'node_modules', 'commander'))) npm(home, ['ci', '--omit=dev']);
  return { outputs: { home } };
}

function npm(cwd: string, args: readonly string[]): void {
  const { status, error } = spawnSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status ?? error?.message}`);
}
