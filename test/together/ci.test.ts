import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root, Workspace } from '../support/breakwater.ts';

const page = readFileSync(join(root, 'docs/ci.md'), 'utf8');

/** The blocks of code of a language under a heading of the page. */
function blocks(heading: string, language: string): string[] {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text);
}

/** A project with a scenario that fails whatever the machine does: everything is aborted by a route. */
function project(workspace: Workspace): string {
  const folder = join(workspace.path, 'project');
  mkdirSync(join(folder, 'breakwater/mesh'), { recursive: true });
  writeFileSync(
    join(folder, 'breakwater/small.yaml'),
    `name: small
description: Everything is answered.
topology:
  services:
    shop: { workloads: [{ name: shop, locality: r/a }] }
    caller: { workloads: [{ name: caller, locality: r/a }] }
mesh: { configuration: [mesh/route.yaml] }
load: { from: caller, to: shop, rate: 40/s, duration: 3s, warmup: 500ms }
checks:
  - { kind: success-rate, during: run, atLeast: 99% }
`,
  );
  writeFileSync(
    join(folder, 'breakwater/mesh/route.yaml'),
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - fault: { abort: { percentage: { value: 100 }, httpStatus: 503 } }
      route: [{ destination: { host: shop } }]
`,
  );
  return folder;
}

/** Runs a script as a CI does, with the Breakwater of this clone; resolves to its exit code and what it said. */
async function shell(workspace: Workspace, folder: string, script: string, program = 'sh') {
  const child = spawn(program, ['-e', '-c', script], {
    cwd: folder,
    env: {
      ...process.env,
      BREAKWATER: `${process.execPath} --no-warnings ${join(root, 'bin/breakwater.js')}`,
      BREAKWATER_RUNS: workspace.runs,
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return workspace.finish(child);
}

/** What a recipe has to leave: the finding as exit code, and reports where it says they are. */
function expectFinding(
  folder: string,
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
) {
  expect(code, stdout + stderr).toBe(1);
  const [suite = ''] = readdirSync(join(folder, 'reports')).filter((name) => name.startsWith('suite-'));
  expect(existsSync(join(folder, 'reports', suite, 'junit.xml'))).toBe(true);
}

describe.concurrent('the recipes of docs/ci.md', () => {
  test('for GitHub are workflows by the published schema, with inputs that the action has', () => {
    const schema = readFileSync(join(root, 'test/schemas/github-workflow.schema.json'), 'utf8');
    const valid = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(schema));
    const inputs = Object.keys(parse(readFileSync(join(root, 'action.yml'), 'utf8')).inputs);
    const workflows = ['GitHub Actions', 'Is it slower than before?'].flatMap((heading) =>
      blocks(heading, 'yaml').map((text) => parse(text)),
    );
    expect(workflows).toHaveLength(3);
    for (const workflow of workflows) {
      expect(valid(workflow), JSON.stringify(valid.errors)).toBe(true);
      const [job] = Object.values<{ steps: { uses: string; with?: object }[] }>(workflow.jobs);
      const own = job?.steps.find(({ uses }) => uses.startsWith('breakwater/'));
      expect(inputs).toEqual(expect.arrayContaining(Object.keys(own?.with ?? {})));
    }
    for (const name of inputs) expect(page).toContain(`\`${name}\``);
  });

  test('for GitLab lint and run', async () => {
    using workspace = new Workspace();
    const folder = project(workspace);
    const [text = ''] = blocks('GitLab CI', 'yaml');
    const { breakwater } = parse(text);
    expectFinding(folder, await shell(workspace, folder, breakwater.script.join('\n'), 'bash'));
  });

  test('for Jenkins lint and run', async () => {
    using workspace = new Workspace();
    const folder = project(workspace);
    const [text = ''] = blocks('Jenkins', 'groovy');
    const [, script = ''] = /sh '''([\s\S]*?)'''/.exec(text) ?? [];
    expectFinding(folder, await shell(workspace, folder, script));
  });

  test('for a shell lint and run, and a history takes what came of it', async () => {
    using workspace = new Workspace();
    const folder = project(workspace);
    const [script = ''] = blocks('A shell anywhere', 'sh');
    expectFinding(folder, await shell(workspace, folder, script));
    spawnSync('git', ['init', '--quiet'], { cwd: folder });
    const [history = ''] = blocks('Is it slower than before?', 'sh');
    const own = history.replace('npx breakwater', '$BREAKWATER');
    const kept = await shell(workspace, folder, own);
    expect(kept.code, kept.stderr).toBe(0);
    expect(kept.stdout).toMatch(/small on local: 1 run,/);
    // What is wrong is said before anything starts.
    cpSync(join(folder, 'breakwater/mesh/route.yaml'), join(folder, 'breakwater/mesh/twice.yaml'));
    writeFileSync(join(folder, 'breakwater/small.yaml'), 'name: small\n');
    expect((await shell(workspace, folder, script)).code).toBe(2);
  });
});
