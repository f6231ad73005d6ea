import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';

const short = [
  'load.duration=8s',
  'load.rate=20/s',
  'load.method=POST',
  'faults=[]',
  'checks=[{kind: success-rate, during: steady, atLeast: 1%}]',
];

/** Every file below a folder with what is in it. */
function filesBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]);
}

test('a secret that the command line gives is in no report, whichever way it came', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'token');
  writeFileSync(file, 'hunter2-file\n');
  process.env['BREAKWATER_TEST_TOKEN'] = 'hunter2-variable';
  const finished = await workspace.run(
    'scenarios/circuit-breaker.yaml',
    ...short.flatMap((value) => ['--set', value]),
    ...['--set', 'load.headers={authorization: Bearer hunter2-headers}'],
    '--set=load.headers.x-one=hunter2-header',
    ...['--set', 'load.body=hunter2-body', '--set', 'load.path=/items?token=hunter2-query'],
    ...[
      '--set-env',
      'load.headers.x-two=BREAKWATER_TEST_TOKEN',
      '--set-file',
      `load.headers.x-three=${file}`,
    ],
  );
  delete process.env['BREAKWATER_TEST_TOKEN'];
  expect(finished.code, outcome(finished)).toBe(0);
  expect(finished.stdout + finished.stderr).not.toContain('hunter2');
  expect(finished.stdout).toContain(
    "'load.path=/items?***' --set-env load.headers.x-two=BREAKWATER_TEST_TOKEN",
  );
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
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('/items?***');
    expect(stdout).not.toContain('hunter2');
  }
});
