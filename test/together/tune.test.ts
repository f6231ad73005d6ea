import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
    if (!child.killed && /^ +1 {2}(?:holds|fails|invalid)/m.test(heard)) child.kill('SIGINT');
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

  const again = workspace.start(...searchIn(workspace, '--budget', '8', '--resume', folder));
  let killed = false;
  again.stderr?.on('data', (chunk) => {
    if (killed || !/: load \d/.test(String(chunk))) return;
    killed = true;
    // The lab dies in the middle of a trial.
    for (const { pid, command } of processesOf(workspace.runs)) {
      if (/envoy/.test(command.split(' ')[0] ?? '')) process.kill(pid, 'SIGKILL');
    }
  });
  const resumed = await workspace.finish(again);
  expect(killed, resumed.stderr).toBe(true);
  expect([0, 1, 3], resumed.stderr).toContain(resumed.code);
  expect(journalOf(folder).map(({ verdict }) => verdict)).toContain('broken');
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

test.concurrent.each<[string, (place: string) => readonly string[], string]>([
  ['an objective without success', () => ['--slo', 'p99 < 50ms'], '--slo: it says nothing about success'],
  [
    'an environment that there is not',
    () => ['--env', 'moon'],
    "option '--env <name>' argument 'moon' is invalid",
  ],
  ['a scenario without load', () => ['--set', 'load='], 'load'],
  [
    'a load of a script',
    (place) => [`--set=load={from: frontend, to: edge-app, script: ${place}/load.js, duration: 5s}`],
    'tune makes loads at rates of its own',
  ],
  [
    'a folder that no journal is in',
    (place) => ['--resume', place],
    '--resume: there is no journal of a search in',
  ],
  [
    'a journal that is broken',
    (place) => ['--resume', `${place}/broken`],
    'is no journal that this version of Breakwater can read',
  ],
  [
    'the journal of another search',
    (place) => ['--resume', `${place}/other`],
    'is for the scenario elsewhere.yaml',
  ],
  ['an earlier run that there is not', (place) => ['--from', place], '--from: there is no report.json in'],
  ['an earlier run that is a search', (place) => ['--from', `${place}/other`], 'is the folder of a search'],
  [
    'an earlier run of another topology',
    () => ['--from', 'reports/example'],
    '--from: the report in reports/example does not say of which topology',
  ],
  [
    'a file that cannot be written',
    () => ['--write', '/proc/rule.yaml'],
    '--write: /proc/rule.yaml cannot be written',
  ],
  ['a file without the rule', (place) => ['--write', `${place}/load.js`], 'load.js:1:1: expected a resource'],
  [
    'reports where none can be',
    () => ['--reports', '/proc/reports'],
    'no folder for the report can be made below /proc/reports',
  ],
])('%s is said before anything is started', async (_, change, words) => {
  using workspace = new Workspace();
  const place = workspace.path;
  writeFileSync(join(place, 'load.js'), 'export default function () {}\n');
  const head = { version: 1, scenario: 'elsewhere.yaml', slo: 'p90 at most 1 s', fingerprint: 'other' };
  for (const [name, line] of [
    ['broken', '{"version": 1'],
    ['other', JSON.stringify(head)],
  ] as const) {
    mkdirSync(join(place, name));
    writeFileSync(join(place, name, 'journal.jsonl'), `${line}\n`);
  }
  const before = readFileSync(join(place, 'other', 'journal.jsonl'), 'utf8');
  const refused = await workspace.breakwater(...searchIn(workspace), ...change(place));
  expect(refused.code, refused.stderr).toBe(2);
  expect(refused.stderr).toContain(words);
  expect(refused.stderr).not.toContain('    at ');
  expect(refused.stdout).toBe('');
  expect(existsSync(workspace.reports)).toBe(false);
  expect(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).toEqual([]);
  expect(readFileSync(join(place, 'other', 'journal.jsonl'), 'utf8')).toBe(before);
});
