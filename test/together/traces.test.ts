import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { commandsOn } from '../support/pages.ts';
import { expectFailedAt } from '../support/planted.ts';
import { plantedMetrics } from '../support/planted-metrics.ts';
import { plantedResources } from '../support/planted-resources.ts';
import { plantedTraces } from '../support/planted-traces.ts';

const short = ['--profile', 'short'];
/** The others are alike, and the bench of planted defects has them all. */
const told =
  /^(an app that passes no headers|a provider that the mesh does not have|metrics of answers switched off|a CPU limit too small)/;

test.concurrent('tracing passes on sound configuration, and its report shows whole traces', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/tracing.yaml', ...short);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const { traces, waterfalls = [] } = finished.report ?? {};
  expect(traces?.whole).toBe(traces?.sampled);
  const again = waterfalls.find(({ why }) => why === 'tried again');
  // Frontend, two attempts at edge-app, and what the second one asked origin for.
  expect(again?.bars.length).toBeGreaterThanOrEqual(5);
  expect(again?.bars.every(({ traced }) => traced)).toBe(true);
  const page = readFileSync(join(finished.folder ?? '', 'report.html'), 'utf8');
  expect(page).toContain(again?.trace);
});

test.concurrent('the same by OpenTelemetry', async () => {
  using workspace = new Workspace();
  const otlp = ['--set', 'mesh.tracing.protocol=otlp-grpc'];
  const finished = await workspace.run('scenarios/tracing.yaml', ...short, ...otlp);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});

for (const planted of [...plantedTraces, ...plantedMetrics, ...plantedResources]) {
  if (!told.test(planted.name)) continue;
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, async () => {
    using workspace = new Workspace();
    const planting = planted.args(workspace.path);
    const finished = await workspace.run(`scenarios/${planted.scenario}.yaml`, ...short, ...planting);
    expectFailedAt(finished, planted);
  });
}

const pages = ['traces-and-metrics.md', 'sidecar-resources.md'];
/** One run of each scenario; that of tracing is above, and what other numbers change is no matter of the page. */
const run = /^run scenarios\/(telemetry|sidecar-resources)\.yaml --config/;

for (const args of pages.flatMap(commandsOn)) {
  const line = args.join(' ');
  if (run.test(line)) {
    test.concurrent(`${line} does what its page says`, async () => {
      using workspace = new Workspace();
      const finished = await workspace.run(...args.slice(1), ...short);
      expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    });
  } else if (args[0] === 'explain') {
    test.concurrent(`${line} says what is traced, and where that is written`, async () => {
      using workspace = new Workspace();
      const { code, stdout, stderr } = await workspace.breakwater(...args);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/of what brings no decision +50 % +scenarios\/mesh\/tracing\.yaml:\d+/);
    });
  } else {
    test.concurrent(`${line} is understood`, async () => {
      using workspace = new Workspace();
      const { code, stderr } = await workspace.breakwater('plan', ...args.slice(1));
      expect(code, stderr).toBe(0);
    });
  }
}

test.concurrent.for([
  ['tracing', 'mesh.tracing: the kind environment takes no spans of traces yet'],
  ['telemetry', 'checks.0.kind: metrics of the kind environment were never held against a load yet'],
  ['sidecar-resources', 'load: the kind environment sends nothing past the mesh yet'],
])('%s is refused by name on a cluster', async ([scenario, why]) => {
  using workspace = new Workspace();
  const finished = await workspace.breakwater('lint', `scenarios/${scenario}.yaml`, '--env', 'kind');
  expect(finished.code, outcome(finished)).toBe(2);
  expect(`${finished.stdout}${finished.stderr}`).toContain(why);
});
