import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './breakwater.ts';

/**
 * The folder of Istio's Go module in the pinned version, downloaded where it is not in Go's cache; undefined where
 * there is no Go, or no way to the module.
 */
export function istioModule(): string | undefined {
  const go = (...args: readonly string[]) =>
    spawnSync('go', args, { cwd: join(root, 'toolchain/istio'), encoding: 'utf8' });
  if (go('mod', 'download', 'istio.io/istio').status !== 0) return undefined;
  const directory = (go('list', '-m', '-f', '{{.Dir}}', 'istio.io/istio').stdout ?? '').trim();
  return directory === '' ? undefined : directory;
}
