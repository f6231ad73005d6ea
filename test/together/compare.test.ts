import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ComparisonReport } from '../../src/report/comparison/model.ts';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

/** One request in thirty is refused by the server's own sidecar; how often that is asked again is all that differs. */
const scenario = `name: asked-again
description: Retries of what is refused anyhow.
topology:
  services:
    edge-app:
      app: { serviceTime: 'constant:5ms' }
      workloads: [{ name: edge-app, locality: region1/zone-east }]
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
mesh: { configuration: [once.yaml] }
load:
  - { name: allowed, from: frontend, to: edge-app, rate: 58/s, duration: 2s, warmup: 500ms }
  - { name: refused, from: frontend, to: edge-app, path: /admin, rate: 2/s, duration: 2s, warmup: 500ms }
checks: [{ kind: success-rate, load: allowed, during: run, atLeast: 90% }]
`;

const retries = (attempts: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge-app }
spec:
  hosts: [edge-app]
  http:
    - retries: { attempts: ${attempts}, retryOn: '403', backoff: 1ms }
      route: [{ destination: { host: edge-app } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: edge-app }
spec:
  selector: { matchLabels: { app: edge-app } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [/admin] } }] }]
`;

function comparisonIn(workspace: Workspace, ...more: readonly string[]): string[] {
  const at = (name: string) => join(workspace.path, name);
  writeFileSync(at('asked-again.yaml'), scenario);
  writeFileSync(at('once.yaml'), retries(1));
  writeFileSync(at('often.yaml'), retries(4));
  return [
    ...['compare', at('asked-again.yaml'), '--b', at('often.yaml'), '--metrics', 'attempts,p50'],
    ...['--reports', workspace.reports, ...more],
  ];
}

const roundsIn = (folder: string): { name?: string }[] =>
  readFileSync(join(folder, 'journal.jsonl'), 'utf8')
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test('retries that are in vain are found as such and not as latency, in a comparison that was interrupted', async () => {
  using workspace = new Workspace();
  const child = workspace.start(...comparisonIn(workspace, '--seed', '5'));
  let heard = '';
  child.stderr?.on('data', (chunk) => {
    heard += chunk;
    // Once, when the first pair is over: another one would end it at once.
    if (!child.killed && / 1 of \d+ /.test(heard)) child.kill('SIGINT');
  });
  const interrupted = await workspace.finish(child);
  expect(interrupted.code, heard).toBe(130);
  expect(processesOf(workspace.path)).toEqual([]);
  const [name = ''] = readdirSync(workspace.reports);
  const folder = join(workspace.reports, name);
  expect(interrupted.stderr).toContain('it goes on with\n');
  const before = roundsIn(folder);
  expect(before.length).toBeGreaterThanOrEqual(2);

  const resumed = await workspace.breakwater(...comparisonIn(workspace, '--resume', folder));
  expect(readdirSync(workspace.reports)).toEqual([name]);
  const report = JSON.parse(readFileSync(join(folder, 'comparison.json'), 'utf8')) as ComparisonReport;
  expect(resumed.code).toBe(report.exitCode);
  expect(roundsIn(folder).slice(0, before.length)).toEqual(before);
  expect(report).toMatchObject({ labs: 'one', run: { seed: 5 } });
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  for (const { verdict, folder: round } of report.rounds) {
    if (verdict === 'broken') continue;
    expect(page).toContain(`href="${round}/report.html"`);
    expect(existsSync(join(folder, round ?? '', 'report.html'))).toBe(true);
  }
  // Where the machine is so busy that rounds prove nothing, it says so.
  if (report.ended === 'invalid') return;
  const verdicts = Object.fromEntries(report.metrics.map(({ measure, verdict }) => [measure, verdict]));
  expect(verdicts, resumed.stderr).toMatchObject({ attempts: 'regressed' });
  expect(verdicts['p50']).not.toBe('regressed');
  expect(resumed.code).toBe(1);
}, 300_000);

/** An app of somebody else: it answers after some time, says that it is there, and knows no seeds and no faults. */
const ownApp = `import { createServer } from 'node:http';
const { HOST, PORT, CONTROL_HOST, CONTROL_PORT } = process.env;
const service = createServer((_, answer) => setTimeout(() => answer.end('ok'), Number(process.argv[2])));
service.keepAliveTimeout = 600_000;
service.listen(Number(PORT), HOST, () => {
  const control = createServer((request, answer) => {
    answer.statusCode = request.url === '/healthz' ? 200 : 404;
    answer.end();
  });
  control.listen(Number(CONTROL_PORT), CONTROL_HOST);
});
`;

test('an app of your own that answers later is found to be slower', async () => {
  using workspace = new Workspace();
  const script = join(workspace.path, 'app.mjs');
  writeFileSync(script, ownApp);
  const app = (ms: number) => `app:${process.execPath} ${script} ${ms}`;
  const sides = [...['--a', app(5)], ...['--b', app(120)], ...['--metrics', 'p50', '--rounds', '7']];
  const { code, stderr } = await workspace.breakwater(
    ...comparisonIn(workspace).slice(0, 2),
    ...sides,
    ...['--reports', workspace.reports],
  );
  const [name = ''] = readdirSync(workspace.reports);
  const report = JSON.parse(
    readFileSync(join(workspace.reports, name, 'comparison.json'), 'utf8'),
  ) as ComparisonReport;
  expect(report.labs).toBe('two');
  expect(processesOf(workspace.path)).toEqual([]);
  if (report.ended === 'invalid') return;
  expect(code, stderr).toBe(1);
  expect(report.metrics[0]).toMatchObject({ measure: 'p50', verdict: 'regressed' });
}, 300_000);

test('what is wrong with a side is said before anything is started', async () => {
  using workspace = new Workspace();
  const known = comparisonIn(workspace);
  const unknown = await workspace.breakwater(...known, '--b', 'set:load.rte=3');
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('--b: ');
  expect(unknown.stderr).toContain('load is a list of 2 entries');
  const nothing = await workspace.breakwater('compare', known[1] ?? '');
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain('nothing is compared');
  const resume = await workspace.breakwater(...known, '--resume', workspace.path);
  expect(resume.code).toBe(2);
  expect(resume.stderr).toContain('--resume: there is no journal of a comparison in');
  expect(existsSync(workspace.reports)).toBe(false);
}, 60_000);
