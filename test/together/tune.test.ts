import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TuningReport } from '../../src/report/tuning/model.ts';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

const scenario = `name: known
description: A service that keeps ten connections at its nominal rate.
topology:
  services:
    edge-app:
      app: { serviceTime: 'constant:200ms' }
      workloads: [{ name: edge-app, locality: region1/zone-east }]
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 50/s, duration: 5s }
checks: [{ kind: success-rate, during: run, atLeast: 90% }]
`;

/** The arguments of a search that any machine can end. */
function searchIn(workspace: Workspace, ...more: readonly string[]): string[] {
  const file = join(workspace.path, 'known.yaml');
  if (!existsSync(file)) writeFileSync(file, scenario);
  return [
    ...['tune', file, '--slo', 'p90 < 1s, success >= 95%'],
    ...['--bounds', 'tcp.maxConnections=8..24', '--reports', workspace.reports, ...more],
  ];
}

const journalOf = (folder: string): { name?: string; verdict?: string }[] =>
  readFileSync(join(folder, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test('a search that was interrupted goes on where it was, and every trial of it has its own report', async () => {
  using workspace = new Workspace();
  const child = workspace.start(...searchIn(workspace, '--budget', '8'));
  let heard = '';
  child.stderr?.on('data', (chunk) => {
    heard += chunk;
    // Once, when the first trial is over: another one would end it at once.
    if (!child.killed && / 001 (?:holds|fails|invalid)/.test(heard)) child.kill('SIGINT');
  });
  const interrupted = await workspace.finish(child);
  expect(interrupted.code, heard).toBe(130);
  expect(interrupted.stderr).toContain('it goes on with\n');
  const [name = ''] = readdirSync(workspace.reports);
  const folder = join(workspace.reports, name);
  expect(interrupted.stderr).toContain('--resume');
  const [head, ...before] = journalOf(folder);
  expect(head).toMatchObject({ version: 1 });
  expect(before.length).toBeGreaterThan(0);
  expect(processesOf(workspace.path)).toEqual([]);

  const resumed = await workspace.breakwater(...searchIn(workspace, '--budget', '8', '--resume', folder));
  expect([0, 1, 3], resumed.stderr).toContain(resumed.code);
  expect(readdirSync(workspace.reports)).toEqual([name]);
  const report = JSON.parse(readFileSync(join(folder, 'tune.json'), 'utf8')) as TuningReport;
  expect(report.exitCode).toBe(resumed.code);
  expect(report.trials.length).toBeLessThanOrEqual(8);
  expect(report.trials.slice(0, before.length).map((trial) => trial.name)).toEqual(
    before.map((record) => record.name),
  );
  expect(journalOf(folder)).toHaveLength(report.trials.length + 1);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  for (const trial of report.trials) {
    if (trial.verdict === 'broken') continue;
    expect(existsSync(join(folder, 'trials', trial.name, 'report.html'))).toBe(true);
    expect(page).toContain(`href="trials/${trial.name}/report.html"`);
  }
  for (const { name: limit, value } of report.limits) {
    if (limit !== 'tcp.maxConnections') continue;
    expect(value).toBeGreaterThanOrEqual(8);
    expect(value).toBeLessThanOrEqual(24);
  }
  expect(resumed.stdout).toContain('report in ');
}, 180_000);

test('what is wrong is said before anything is started', async () => {
  using workspace = new Workspace();
  const known = searchIn(workspace);
  const objective = await workspace.breakwater(...known.with(3, 'p99 < 50ms'));
  expect(objective.code).toBe(2);
  expect(objective.stderr).toContain('--slo: it says nothing about success');
  const resume = await workspace.breakwater(...known, '--resume', workspace.path);
  expect(resume.code).toBe(2);
  expect(resume.stderr).toContain('--resume: there is no journal of a search in');
  expect(existsSync(workspace.reports)).toBe(false);
}, 60_000);
