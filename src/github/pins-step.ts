import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, sep } from 'node:path';
import { type Done, type Job, needed } from './step.ts';

/**
 * `pins`: the key of the cache of programs, made of everything in toolchain/ that says which programs these are, and the
 * folder that is kept. GitHub's own hashFiles sees the workspace alone, and an action lies outside.
 */
export function pins({ env }: Job): Done {
  const toolchain = join(needed(env, 'BREAKWATER_HOME'), 'toolchain');
  const hash = createHash('sha256');
  for (const file of readdirSync(toolchain, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()) {
    hash.update(file.slice(toolchain.length).split(sep).join('/'));
    hash.update('\0');
    hash.update(readFileSync(file));
    hash.update('\0');
  }
  const system = `${env['RUNNER_OS'] ?? process.platform}-${env['RUNNER_ARCH'] ?? process.arch}`;
  return {
    outputs: {
      key: `breakwater-tools-${system}-${hash.digest('hex').slice(0, 32)}`,
      path: join(cacheFolder(env), 'tools'),
    },
  };
}

/** Where programs are kept, as src/toolchain/context.ts has it on Linux. */
const cacheFolder = (env: NodeJS.ProcessEnv) =>
  env['BREAKWATER_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'breakwater');
