import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';

const short = [
  'load.duration=8s',
  'load.rate=20/s',
  'load.method=POST',
  'faults=[]',
  'checks=[{kind: success-rate, during: steady, atLeast: 1%}, {kind: expectations, during: run, atLeast: 1%}]',
];

/** Every file below a folder with what is in it. */
function filesBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]);
}

test('a secret is in no report, whichever way it came', async () => {
  using workspace = new Workspace();
  const scenario = join(workspace.path, 'scenario.yaml');
  const own = readFileSync(join(root, 'scenarios/circuit-breaker.yaml'), 'utf8')
    .replace('mesh/circuit-breaker.yaml', join(root, 'scenarios/mesh/circuit-breaker.yaml'))
    .replace(/^load:\n/m, 'load:\n  headers: { x-four: hunter2-file-header, x-two: hunter2-replaced }\n')
    .concat(
      'probes:\n  - { name: one, from: frontend, to: edge-app, every: 2s, method: POST, body: hunter2-file-body,',
      ' path: /one, headers: { x-token: hunter2-token, x-one: east }, expect: { status: 200 } }\n',
    );
  writeFileSync(scenario, own);
  process.env['BREAKWATER_TOOLS_MIRROR'] = 'https://me:hunter2-mirror@mirror.example/x?key=hunter2-key';
  const file = join(workspace.path, 'token');
  writeFileSync(file, 'hunter2-file\n');
  process.env['BREAKWATER_TEST_TOKEN'] = 'hunter2-variable';
  const finished = await workspace.run(
    scenario,
    ...short.flatMap((value) => ['--set', value]),
    ...['--set', 'load.headers={authorization: Bearer hunter2-headers}'],
    '--set=load.headers.x-one=hunter2-header',
    ...['--set', 'probes.0.headers.x-one=hunter2-probe', '--set', 'probes.0.path=/one?a=hunter2-query'],
    ...['--set', 'load.body=hunter2-body', '--set', 'load.path=/items?token=hunter2-query'],
    ...[
      '--set-env',
      'load.headers.x-two=BREAKWATER_TEST_TOKEN',
      '--set-file',
      `load.headers.x-three=${file}`,
    ],
  );
  delete process.env['BREAKWATER_TEST_TOKEN'];
  delete process.env['BREAKWATER_TOOLS_MIRROR'];
  expect(finished.code, outcome(finished)).toBe(0);
  expect(finished.stdout + finished.stderr).not.toContain('hunter2');
  expect(finished.stdout).toContain(
    "'load.path=/items?***' --set-env load.headers.x-two=BREAKWATER_TEST_TOKEN",
  );
  expect(finished.report?.probes?.[0]?.request).toContain(' with x-token: ***, x-one: ***');
  const files = filesBelow(finished.folder ?? '');
  const telling = files.filter(([, content]) => content.includes('hunter2')).map(([path]) => path);
  // Sidecars log the path of every request, with its query: docs/measurement.md.
  expect(telling.filter((path) => !path.startsWith('evidence/access/'))).toEqual([]);
  const logged = files.filter(([path]) => path.startsWith('evidence/access/')).map(([, content]) => content);
  expect(logged.join('')).toContain('hunter2-query');
  expect(logged.join('').replaceAll('hunter2-query', '')).not.toContain('hunter2');
});

test('nor is it in a plan', async () => {
  using workspace = new Workspace();
  for (const format of [[], ['--json']]) {
    const { code, stdout, stderr } = await workspace.breakwater(
      ...['plan', 'scenarios/circuit-breaker.yaml', '--set', 'load.headers.a=hunter2-header'],
      ...['--set', 'load.path=/items?token=hunter2-query', '--set', 'load.body=hunter2-body', ...format],
      '--set=probes=[{name: a, from: frontend, to: edge-app, headers: {a: hunter2-a}, expect: {status: 200}}]',
      '--set=checks.0={kind: expectations, during: run}',
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('/items?***');
    expect(stdout).not.toContain('hunter2');
  }
});

test('a script is given nothing of the environment, and what it says of its own address has no secret', async () => {
  using workspace = new Workspace();
  const script = join(workspace.path, 'load.js');
  writeFileSync(
    script,
    `import http from 'k6/http';
export const options = { scenarios: { all: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1s', duration: '5s', preAllocatedVUs: 20 } } };
export default function () {
  http.get(__ENV.BREAKWATER_URL);
  if (__ENV.BREAKWATER_TEST_TOKEN) console.error('got', __ENV.BREAKWATER_TEST_TOKEN);
}
`,
  );
  const topology = `topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east }] }
`;
  const file = join(workspace.path, 'scenario.yaml');
  writeFileSync(
    file,
    `name: own\ndescription: A script.\n${topology}load: { from: frontend, to: edge-app, script: load.js, duration: 5s, warmup: 1s }
checks: [{ kind: success-rate, during: run, atLeast: 1% }]
`,
  );
  process.env['BREAKWATER_TEST_TOKEN'] = 'hunter2-variable';
  const finished = await workspace.run(file);
  delete process.env['BREAKWATER_TEST_TOKEN'];
  expect(finished.code, outcome(finished)).toBe(0);
  expect(finished.stdout + finished.stderr).not.toContain('hunter2');
  const files = filesBelow(finished.folder ?? '');
  expect(files.filter(([, content]) => content.includes('hunter2')).map(([path]) => path)).toEqual([]);
});

test.each([
  ['a file of variables', 'TOKEN=hunter2-hunter2\nOTHER="hunter2-hunter2"\n', '.env'],
  ['a list of them', '- hunter2-hunter2\n- hunter2-hunter2\n', 'list.yaml'],
  ['a key', '-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----\n', 'key.pem'],
  [
    'a Secret',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: hunter2-hunter2}\n',
    's.yaml',
  ],
])('%s that is taken for mesh configuration is not quoted', async (_, content, name) => {
  using workspace = new Workspace();
  const file = join(workspace.path, name);
  writeFileSync(file, content);
  for (const args of [
    ['lint', file],
    ['plan', 'scenarios/circuit-breaker.yaml', '--config', file],
  ]) {
    const { code, stdout, stderr } = await workspace.breakwater(...args);
    expect(code, stdout + stderr).toBe(2);
    expect(stdout + stderr).not.toContain('hunter2');
  }
});
