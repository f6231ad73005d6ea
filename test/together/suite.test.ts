import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Suite } from '../../src/report/suite/model.ts';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

const scenario = (name: string, duration: string, check: string) => `name: ${name}
description: A scenario of a test.
topology:
  services:
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east }] }
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
load: { from: frontend, to: edge-app, rate: 50/s, duration: ${duration}, warmup: 500ms }
checks: [${check}]
`;
const holds = '{ kind: success-rate, during: run, atLeast: 90% }';
/** Nothing sheds here. */
const failsToShed = '{ name: it sheds, kind: overflow, during: run, atLeast: 10 }';

/** A folder with two scenarios and a file that is none. */
function scenarios(workspace: Workspace, secondLasts: string): string {
  const folder = join(workspace.path, 'scenarios');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a-holds.yaml'), scenario('holds', '3s', holds));
  writeFileSync(join(folder, 'b-fails.yaml'), scenario('fails', secondLasts, `${holds}, ${failsToShed}`));
  writeFileSync(join(folder, 'rule.yaml'), 'apiVersion: v1\nkind: ConfigMap\n');
  return folder;
}

/** suite.json, and what else a suite has left. */
function suiteIn({ reports }: Workspace) {
  const folders = readdirSync(reports);
  const folder = join(reports, folders.find((name) => name.startsWith('suite-')) ?? '');
  const suite = JSON.parse(readFileSync(join(folder, 'suite.json'), 'utf8')) as Suite;
  return { suite, folder, folders };
}

const endings = ({ scenarios }: Suite) =>
  scenarios.map((each) => `${each.name} ${each.ended === 'reported' ? each.report.verdict : each.ended}`);

test('a folder of scenarios has one verdict, one report, and one of each run', async () => {
  using workspace = new Workspace();
  const finished = await workspace.runOnce(scenarios(workspace, '3s'));
  const said = `${finished.stderr}\n${finished.stdout}`;
  expect(finished.code, said).toBe(1);
  const { suite, folder, folders } = suiteIn(workspace);
  expect(folders).toHaveLength(3);
  expect(endings(suite)[1], said).toBe('fails fail');
  // What the machine may do to the other one does not change what was found.
  expect(endings(suite)[0], said).toMatch(/^holds (pass|invalid)$/);
  expect(suite).toMatchObject({ verdict: 'fail', exitCode: 1, interrupted: false });
  for (const each of suite.scenarios) {
    if (each.ended !== 'reported') throw new Error(said);
    expect(readdirSync(join(workspace.reports, each.folder))).toEqual(
      expect.arrayContaining(['report.json', 'report.html', 'report.md', 'junit.xml', 'evidence', 'logs']),
    );
    expect(each.report.run.command).toBe(`npx breakwater run ${each.file}`);
  }
  expect(readdirSync(folder).sort()).toEqual(['index.html', 'junit.xml', 'suite.json', 'suite.md']);
  expect(said).toContain('rule.yaml');
  expect(said).toContain('2 of 2: fails');
  // The topologies are the same, so it is the same lab.
  expect(said.match(/starting the control plane/g)).toHaveLength(1);
  expect(finished.stdout).toMatch(/^ FAIL +fails +1 of 2 /m);
  expect(finished.stdout).toContain('it sheds');
  const again = await workspace.breakwater('report', folder);
  expect(again.stdout).toMatch(/^ FAIL +fails +1 of 2 /m);
});

test('an interruption ends the run that is on, and what there was is reported', async () => {
  using workspace = new Workspace();
  const child = workspace.start('run', scenarios(workspace, '60s'), '--reports', workspace.reports);
  let heard = '';
  child.stderr?.on('data', (chunk) => {
    heard += chunk;
    // Once, in the load of the second: another one would end it at once.
    if (child.killed || !/2 of 2[\s\S]*load \d+\/60 s/.test(heard)) return;
    child.kill('SIGINT');
  });
  const finished = await workspace.finish(child);
  expect(finished.code, finished.stderr).toBe(130);
  const { suite, folder } = suiteIn(workspace);
  expect(suite).toMatchObject({ interrupted: true, exitCode: 130 });
  expect(suite.scenarios[0]).toMatchObject({
    name: 'holds',
    ended: 'reported',
    report: { interrupted: false },
  });
  expect(suite.scenarios[1]).toMatchObject({
    name: 'fails',
    ended: 'reported',
    report: { interrupted: true },
  });
  expect(existsSync(join(folder, 'index.html'))).toBe(true);
  expect(processesOf(workspace.path)).toEqual([]);
});

test('mistakes in any of them are told before anything starts', async () => {
  using workspace = new Workspace();
  const folder = scenarios(workspace, '3s');
  writeFileSync(join(folder, 'c-broken.yaml'), scenario('broken', '3s', '{ kind: sucess-rate }'));
  const finished = await workspace.runOnce(folder, '--set', 'load.rate=fast');
  expect(finished.code, finished.stderr).toBe(2);
  expect(finished.stderr).toContain('c-broken.yaml:8');
  expect(finished.stderr.match(/--set load\.rate=fast/g)).toHaveLength(1);
  expect(existsSync(workspace.reports)).toBe(false);
});
