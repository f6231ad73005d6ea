import { spawnSync } from 'node:child_process';
import { afterAll, expect } from 'vitest';
import { kindForTests } from '../air-gap/settings.ts';
import { type Finished, Workspace } from './breakwater.ts';

const kind = kindForTests();
if ('env' in kind) Object.assign(process.env, kind.env);

/** What this machine lacks for a kind cluster, as the end of a test's name; empty when it lacks nothing. */
export const missing = 'missing' in kind ? ` (skipped: ${kind.missing})` : '';
/** Longest that making a cluster may take, with a run on it. */
export const clusterMs = 420_000;

/** Containers of clusters that Breakwater has made. */
export const clusters = () =>
  spawnSync('docker', ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((name) => name.startsWith('breakwater-'));

/** kubectl on the control-plane node of the only cluster there is, as its administrator. */
export function kubectl(command: readonly string[], input = ''): string {
  const node = clusters().find((name) => name.endsWith('-control-plane')) ?? '';
  const said = spawnSync(
    'docker',
    ['exec', '--interactive', node, 'kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...command],
    { encoding: 'utf8', input },
  );
  expect(said.status, said.stderr).toBe(0);
  return said.stdout.trim();
}

/** A kept cluster for the tests of a `describe`: made by the first run, and gone after the last test. */
export function keptCluster(): {
  readonly workspace: Workspace;
  run(scenario: string, ...args: readonly string[]): Promise<Finished>;
} {
  const workspace = new Workspace();
  afterAll(async () => {
    await workspace.breakwater('cleanup', '--kept');
    workspace[Symbol.dispose]();
    expect(clusters()).toEqual([]);
  }, clusterMs);
  return {
    workspace,
    run: (scenario, ...args) =>
      workspace.run(`scenarios/${scenario}.yaml`, '--env', 'kind', '--keep', ...args),
  };
}
