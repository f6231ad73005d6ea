import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

test('the package, installed elsewhere, plans a scenario, keeps a mesh and shows what it can', {
  timeout: 480_000,
}, async () => {
  using workspace = new Workspace();
  const npm = (cwd: string, ...args: string[]) => {
    const done = spawnSync('npm', args, {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, npm_config_audit: 'false', npm_config_update_notifier: 'false' },
    });
    expect(done.status, `npm ${args.join(' ')}\n${done.stderr}`).toBe(0);
    return done.stderr;
  };
  npm(root, 'pack', '--pack-destination', workspace.path);
  const [tarball = ''] = readdirSync(workspace.path).filter((file) => file.endsWith('.tgz'));
  npm(workspace.path, 'init', '-y');
  expect(npm(workspace.path, 'install', '--omit=dev', `./${tarball}`)).not.toMatch(/warn/i);
  const megabytes = sizeOf(join(workspace.path, 'node_modules')) / 1e6;
  expect(megabytes).toBeLessThan(25);
  const installed = join(workspace.path, 'node_modules/breakwater');
  expect(existsSync(join(installed, 'src'))).toBe(false);
  const program = join(installed, 'bin/breakwater.js');
  const env = { ...process.env, BREAKWATER_RUNS: workspace.runs, NO_COLOR: '1' };
  const breakwater = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: workspace.path, encoding: 'utf8', env });
  const plan = breakwater('plan', join(installed, 'scenarios/circuit-breaker.yaml'));
  expect(plan.status, plan.stderr).toBe(0);
  // By its name, from anywhere.
  const named = breakwater('plan', 'circuit-breaker');
  expect(named.stdout, named.stderr).toContain('circuit-breaker (node_modules/breakwater/scenarios/');
  expect(breakwater('lint', 'circut-breaker').stdout).toContain('did you mean circuit-breaker?');
  expect(breakwater('init', 'project', '--service', 'cart').status).toBe(0);
  const made = breakwater('lint', 'project/breakwater/cart.yaml');
  expect(made.status, made.stdout + made.stderr).toBe(0);
  // Most have no use for it, and it is large.
  expect(existsSync(join(workspace.path, 'node_modules/testcontainers'))).toBe(false);
  const contained = breakwater('run', 'circuit-breaker', '--env', 'docker');
  expect(contained.status, contained.stderr).toBe(4);
  expect(contained.stderr).toContain('npm install --save-dev testcontainers');
  const up = breakwater('lab', 'up', '--json');
  expect(up.status, up.stderr).toBe(0);
  expect(breakwater('lab', 'down').status).toBe(0);
  const selfTest = () =>
    workspace.finish(spawn(process.execPath, [program, 'self-test'], { cwd: workspace.path, env }));
  let shown = await selfTest();
  // Too busy to tell, as it says itself.
  if (shown.code === 3) shown = await selfTest();
  expect(shown.code, shown.stdout + shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/✓ a mesh that holds passes +pass: all 2 checks hold/);
  expect(shown.stdout).toMatch(/✓ a planted defect fails.* fail: .*PERMISSIVE is named, line 8 /);
  expect(shown.stdout).toMatch(/✓ a load generator that falls behind.* invalid: .* were never sent/);
  expect(shown.stdout).toMatch(/✓ nothing stays behind +no process and no folder/);
});

/** Bytes of the files in a folder and below. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}
