import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { loopbackListeners, processesOf } from '../support/processes.ts';
import { remains as remainsOf, supervisorOf } from '../support/remains.ts';

const scenario = 'scenarios/zone-failover.yaml';
const goneWithinMs = 5_000;

/** What a run still has, ports that were there before left out. */
const remains = (workspace: Workspace, before: readonly string[]) =>
  remainsOf(workspace, (port) => !before.includes(port), goneWithinMs);

test('kill -9 of the harness at random moments leaves no process, port or temporary file', async () => {
  // Early moments are dense: that is when things are half acquired.
  const moments = [0.15, 0.4, 0.6, 0.8, 1, 1.3, 1.7, 2.2, 3].map(
    (seconds) => seconds * 1_000 * (0.8 + 0.4 * Math.random()),
  );
  moments.push(5_000 + Math.random() * 3_000, 12_000 + Math.random() * 6_000);
  let caughtRunning = 0;
  for (const moment of moments) {
    using workspace = new Workspace();
    const before = loopbackListeners();
    const child = workspace.start('run', scenario, '--reports', workspace.reports);
    const closed = workspace.finish(child);
    await sleep(moment);
    if (processesOf(workspace.runs).some(({ command }) => command.includes('pilot-agent'))) caughtRunning++;
    child.kill('SIGKILL');
    await closed;
    expect(await remains(workspace, before), `killed after ${Math.round(moment)} ms`).toEqual([]);
  }
  expect(caughtRunning).toBeGreaterThanOrEqual(2);
});

test('kill -9 of harness and supervisor together at random moments leaves no process, port or temporary file', async () => {
  const moments = [0.6, 0.9, 1.3, 2, 3, 5, 8].map((seconds) => seconds * 1_000 * (0.8 + 0.4 * Math.random()));
  let caughtRunning = 0;
  for (const moment of moments) {
    using workspace = new Workspace();
    const before = loopbackListeners();
    const child = workspace.start('run', scenario, '--reports', workspace.reports);
    const closed = workspace.finish(child);
    await sleep(moment);
    child.kill('SIGSTOP');
    const supervisor = supervisorOf(workspace);
    if (processesOf(workspace.runs).some(({ command }) => command.includes('pilot-agent'))) caughtRunning++;
    if (supervisor !== undefined) process.kill(supervisor.pid, 'SIGKILL');
    child.kill('SIGKILL');
    await closed;
    expect(await remains(workspace, before), `killed after ${Math.round(moment)} ms`).toEqual([]);
  }
  expect(caughtRunning).toBeGreaterThanOrEqual(2);
});

test('kill -9 of the supervisor alone at random moments ends the run at once, with exit 4 and the reason', async () => {
  const moments = [1, 2, 3.5, 6, 9].map((seconds) => seconds * 1_000 * (0.8 + 0.4 * Math.random()));
  let caught = 0;
  for (const moment of moments) {
    using workspace = new Workspace();
    const before = loopbackListeners();
    const child = workspace.start('run', scenario, '--reports', workspace.reports);
    const closed = workspace.finish(child);
    await sleep(moment);
    const supervisor = supervisorOf(workspace);
    const killed = performance.now();
    // Too early: it is not there yet.
    if (supervisor !== undefined) {
      process.kill(supervisor.pid, 'SIGKILL');
      const finished = await closed;
      caught++;
      const when = `killed after ${Math.round(moment)} ms: ${outcome(finished)}`;
      expect(finished.code, when).toBe(4);
      expect(finished.stderr, when).toContain('the supervisor ended unexpectedly (SIGKILL)');
      expect(performance.now() - killed, when).toBeLessThan(5_000);
    } else {
      child.kill('SIGKILL');
      await closed;
    }
    expect(await remains(workspace, before), `killed after ${Math.round(moment)} ms`).toEqual([]);
  }
  expect(caught).toBeGreaterThanOrEqual(2);
});

test('kill -9 of harness, supervisor and its watchdog is cleaned up by breakwater cleanup', async () => {
  using workspace = new Workspace();
  const before = loopbackListeners();
  const child = workspace.start('run', scenario, '--reports', workspace.reports);
  const closed = workspace.finish(child);
  // They start side by side.
  const isUp = () =>
    [/\/istiod\S* discovery/, /pilot-agent/].every((program) =>
      processesOf(workspace.runs).some(({ command }) => program.test(command)),
    );
  while (!isUp() && child.exitCode === null) await sleep(50);
  child.kill('SIGSTOP');
  for (const name of ['supervisor/watchdog', 'supervisor/main']) {
    const found = processesOf(workspace.runs).find(({ command }) => command.includes(name));
    expect(found, name).toBeDefined();
    process.kill(found?.pid ?? 0, 'SIGKILL');
  }
  child.kill('SIGKILL');
  await closed;
  const dry = await workspace.breakwater('cleanup', '--dry-run');
  expect(dry.stdout).toMatch(/would remove zone-failover-.*istiod/);
  const cleaned = await workspace.breakwater('cleanup');
  expect(cleaned.stdout).toContain('removed zone-failover-');
  expect(await remains(workspace, before)).toEqual([]);
  // Clusters that somebody keeps are named beside it.
  expect((await workspace.breakwater('cleanup')).stdout).toMatch(/^Nothing was left behind\.\n/);
});

test('Ctrl-C in the middle of a fault: reverted, down, a report of what there was, exit 130, within 3 s', async () => {
  using workspace = new Workspace();
  const before = loopbackListeners();
  const child = workspace.start('run', scenario, '--reports', workspace.reports);
  const faulted = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (/fault zone-outage: region1.zone-east goes dark/.test(chunk.toString())) resolve();
    });
  });
  const closed = workspace.finish(child);
  await Promise.race([faulted, closed]);
  await sleep(700);
  const asked = performance.now();
  child.kill('SIGINT');
  const finished = await closed;
  const tookMs = performance.now() - asked;
  expect(finished.code, outcome(finished)).toBe(130);
  expect(finished.report?.interrupted).toBe(true);
  expect(finished.report?.verdict).toBe('invalid');
  expect(finished.report?.traffic.requests).toBeGreaterThan(0);
  expect(await remains(workspace, before)).toEqual([]);
  // 0.8 s on a machine with nothing else to do.
  expect(tookMs).toBeLessThan(3_000);
});
