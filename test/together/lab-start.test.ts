import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, Workspace } from '../support/breakwater.ts';

test('what a lab needs is fetched where its user sees it, before anything goes on in the background', async () => {
  using workspace = new Workspace();
  const listed = spawnSync(process.execPath, ['bin/breakwater.js', 'tools', 'list', '--json'], { cwd: root });
  const paths = new Map<string, string>(
    JSON.parse(String(listed.stdout)).map(({ program, path }: Record<string, string>) => [program, path]),
  );
  const empty = join(workspace.path, 'no-programs');
  mkdirSync(empty);
  // Only Envoy is missing, and there is nothing to download it with.
  const env = {
    ...process.env,
    NO_COLOR: '1',
    PATH: empty,
    BREAKWATER_RUNS: workspace.runs,
    BREAKWATER_CACHE: join(workspace.path, 'cache'),
    BREAKWATER_K6: paths.get('k6'),
    BREAKWATER_ISTIOD: paths.get('istiod'),
    BREAKWATER_PILOT_AGENT: paths.get('pilot-agent'),
    BREAKWATER_ISTIOCTL: paths.get('istioctl'),
  };
  const child = spawn(process.execPath, ['bin/breakwater.js', 'lab', 'up'], { cwd: root, env });
  const { code, stderr } = await workspace.finish(child);
  expect(code).toBe(4);
  expect(stderr).toMatch(/^error: envoy .* could not be downloaded: Python is needed/m);
  expect(stderr).not.toContain('the lab did not come up');
  expect(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).toEqual([]);
});

test('a lab that fails in the background says why, and leaves no folder', async () => {
  using workspace = new Workspace();
  const scenario = join(workspace.path, 'crowded.yaml');
  const more = '        - { name: edge-app-more, locality: region1/zone-east, replicas: 50 }\n';
  writeFileSync(
    scenario,
    readFileSync(join(root, 'scenarios/circuit-breaker.yaml'), 'utf8')
      .replaceAll('replicas: 2', 'replicas: 50')
      .replace('        - name: edge-app-east\n', (first) => more + first)
      .replace('- mesh/', `- ${join(root, 'scenarios/mesh')}/`),
  );
  const { code, stderr } = await workspace.breakwater('lab', 'up', scenario);
  expect(code, stderr).toBe(2);
  expect(stderr).toContain('the lab did not come up (exit code 2)');
  expect(stderr).toMatch(/the topology has \d+ replicas; the local lab holds 120/);
  expect(readdirSync(workspace.runs)).toEqual([]);
});

test.each(['up', 'down', 'status'])('lab %s --help has an example', async (command) => {
  using workspace = new Workspace();
  const { stdout } = await workspace.breakwater('lab', command, '--help');
  expect(stdout).toMatch(new RegExp(`Examples?:\\n  \\$ npx breakwater lab ${command}`));
});
