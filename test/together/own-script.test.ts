import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Finished, outcome, root, Workspace } from '../support/breakwater.ts';

/** A scenario whose load is a k6 script of the user's own. */
async function runScript(script: string): Promise<Finished> {
  using workspace = new Workspace();
  writeFileSync(join(workspace.path, 'own.js'), script);
  writeFileSync(
    join(workspace.path, 'own.yaml'),
    `name: own-script
description: A script of one's own goes through the client's sidecar like any load.
topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, script: own.js, duration: 6s }
checks:
  - { kind: success-rate, during: run, atLeast: 99% }
`,
  );
  return await workspace.run(join(workspace.path, 'own.yaml'));
}

const options = `import http from 'k6/http';
import exec from 'k6/execution';
export const options = { scenarios: { mine: { executor: 'constant-arrival-rate', rate: 100, timeUnit: '1s', duration: '6s', preAllocatedVUs: 300 } } };
`;

test('a script of your own is run as it is, and what it cannot tell is said', async () => {
  const finished = await runScript(
    `${options}export default function () { http.get(__ENV.BREAKWATER_URL + '/mine'); }`,
  );
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.traffic.requests).toBeGreaterThan(500);
  expect(finished.report?.notes.join('\n')).toMatch(/due/);
});

/** A scenario of test/cases/ with a script beside it: what to find in its report. */
const findings: Record<string, (finished: Finished) => void> = {
  'script-crosses-a-threshold': ({ code, report }) => {
    expect(code).toBe(1);
    expect(report?.summary).toContain('k6 threshold http_req_duration: p(95)<0.001');
    expect(report?.checks).toContainEqual(
      expect.objectContaining({ kind: 'script-threshold', limit: 'p(95)<60000', status: 'pass' }),
    );
  },
  'script-aborts-at-a-threshold': ({ code, report }) => {
    expect(code).toBe(1);
    expect(report?.checks).toContainEqual(
      expect.objectContaining({ name: 'k6 threshold http_reqs: count<150', status: 'fail' }),
    );
    expect(report?.timing.loadMs).toBeLessThan(5_000);
  },
  'script-throws': ({ code, report }) => {
    expect(code).toBe(1);
    const complaints = report?.checks.find(({ kind }) => kind === 'script-complaints');
    expect(complaints).toMatchObject({ status: 'fail' });
    expect(complaints?.detail).toMatch(/\d+ × Error: the basket is empty/);
    expect(complaints?.detail).toMatch(/\d+ × console\.error: no total in 200/);
  },
  'script-fails-its-checks': ({ code, report }) => {
    expect(code).toBe(1);
    const status = Object.fromEntries(report?.checks.map((check) => [check.name, check.status]) ?? []);
    expect(status).toMatchObject({
      'k6 check basket / is there': 'pass',
      'k6 check basket / is a teapot': 'fail',
    });
  },
  'script-goes-on': ({ code, report }) => {
    expect(code).toBe(0);
    expect(report?.timing.loadMs).toBeLessThan(60_000);
    expect(report?.notes.join('\n')).toContain('more to do than fits into load.duration');
  },
};

test.concurrent.for(Object.entries(findings))('%s', async ([name, expectFindings]) => {
  using workspace = new Workspace();
  const finished = await workspace.run(`test/cases/${name}/scenario.yaml`);
  expect(finished.report, outcome(finished)).toBeDefined();
  expectFindings(finished);
});

test('a script whose beginning never ends holds up nobody who interrupts it', async () => {
  using workspace = new Workspace();
  writeFileSync(join(workspace.path, 'load.js'), 'while (true) {}\nexport default function () {}\n');
  const scenario = readFileSync(join(root, 'test/cases/script-goes-on/scenario.yaml'), 'utf8');
  writeFileSync(join(workspace.path, 'scenario.yaml'), scenario);
  const child = workspace.start('run', join(workspace.path, 'scenario.yaml'), '--reports', workspace.reports);
  const preparing = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('preparing the load')) resolve();
    });
  });
  const closed = workspace.finish(child);
  await Promise.race([preparing, closed]);
  const asked = performance.now();
  child.kill('SIGINT');
  const finished = await closed;
  expect(finished.code, outcome(finished)).toBe(130);
  expect(performance.now() - asked).toBeLessThan(20_000);
  expect(readdirSync(workspace.runs)).toEqual([]);
});

test.for([
  ['nothing to run (255)', '', 'k6 cannot run'],
  [
    'an exception at its start (107)',
    `${options}throw new Error('no luck');\nexport default function () {}`,
    'threw an exception',
  ],
  [
    'an abort of its own (108)',
    `${options}export default function () { exec.test.abort('enough'); }`,
    'exec.test.abort()',
  ],
  [
    'options that k6 does not take (104)',
    `export const options = { scenarios: { x: { executor: 'none' } } };\nexport default function () {}`,
    'does not accept the options',
  ],
] as const)('%s is one clear error, exit 2', async ([, script, words]) => {
  const finished = await runScript(script);
  expect(finished.code, outcome(finished)).toBe(2);
  expect(finished.stderr).toContain(words);
  expect(finished.stderr).not.toMatch(/^\s+at .*\.ts:/m);
});
