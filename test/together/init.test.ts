import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';

test('what init writes in an empty folder passes lint, runs and holds', async () => {
  using workspace = new Workspace();
  const folder = join(workspace.path, 'project');
  mkdirSync(folder);
  const breakwater = (...args: string[]) =>
    workspace.finish(
      spawn(process.execPath, [join(root, 'bin/breakwater.js'), ...args], {
        cwd: folder,
        env: { ...process.env, BREAKWATER_RUNS: workspace.runs, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  // Nobody is there to be asked.
  const asked = await breakwater('init');
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--service cart:8080')]);
  const made = await breakwater('init', '--service', 'cart:9090', '--from', 'shop');
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toMatch(
    /wrote +breakwater\/cart\.yaml\n[\s\S]*npx breakwater run breakwater\/cart\.yaml/,
  );
  const again = await breakwater('init', '--service', 'cart:9090');
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('are there already')]);
  const linted = await breakwater('lint', 'breakwater/cart.yaml', 'breakwater/mesh/cart.yaml');
  expect(linted.code, linted.stdout).toBe(0);
  const finished = await workspace.run(join(folder, 'breakwater/cart.yaml'));
  expect(finished.code, outcome(finished)).toBe(0);
});

test('a rule with a mistake is told when a scenario is made for it', async () => {
  using workspace = new Workspace();
  writeFileSync(
    join(workspace.path, 'rule.yaml'),
    'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: cart, trafficPolcy: {} }\n',
  );
  const made = await workspace.breakwater(
    'init',
    workspace.path,
    '--config',
    join(workspace.path, 'rule.yaml'),
  );
  expect(made.code).toBe(2);
  expect(made.stdout).toMatch(/It does not fit yet:\n.*rule\.yaml:4:.*trafficPolcy/);
});
