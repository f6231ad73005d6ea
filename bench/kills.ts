/**
 * SIGKILL at random moments of a run: of the harness, of its supervisor, of both together. After each, what is left of
 * processes, ports and folders after six seconds, which is to be nothing.
 * `npm run bench:kills -- [points] [seed] [--mesh MESH]`; a hundred points take about ten minutes. Linux.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Workspace } from '../test/support/breakwater.ts';
import { listenersOf, processesOf } from '../test/support/processes.ts';
import { remains, supervisorOf } from '../test/support/remains.ts';
import { pointsAsked, printTable } from './points.ts';

const scenario = 'scenarios/zone-failover.yaml';
const goneWithinMs = 6_000;
/** From when nothing is there yet to the middle of the fault; early moments, when things are half acquired, are dense. */
const [earliestMs, latestMs] = [100, 20_000];
const kinds = ['harness', 'supervisor', 'both'] as const;

const {
  values: { mesh },
  positionals,
} = parseArgs({ allowPositionals: true, options: { mesh: { type: 'string', default: 'istio' } } });
const points = pointsAsked(100, positionals);
console.log(`${points.count} points on ${mesh}, seed ${points.seed}`);

interface Seen {
  kills: number;
  /** Of them, when programs of the mesh were there. */
  running: number;
  /** There was nothing to kill yet. */
  early: number;
  left: number;
  worstMs: number;
}
const seen = new Map(
  kinds.map((kind) => [kind, { kills: 0, running: 0, early: 0, left: 0, worstMs: 0 } as Seen]),
);

for (let point = 0; point < points.count; point++) {
  const kind = kinds[Math.floor(points.draw(point, 'kind') * kinds.length)] ?? 'both';
  const atMs = Math.round(earliestMs * (latestMs / earliestMs) ** points.draw(point, 'moment'));
  const row = seen.get(kind) as Seen;
  using workspace = new Workspace();
  const harness = workspace.start('run', scenario, '--mesh', mesh, '--reports', workspace.reports);
  const closed = workspace.finish(harness);
  await sleep(atMs);
  // Nothing is told of an end that is only half done.
  harness.kill('SIGSTOP');
  const programs = processesOf(workspace.runs);
  const ports = new Set(listenersOf(programs.map(({ pid }) => pid)));
  if (programs.some(({ command }) => /\/(?:pilot-agent proxy|consul agent) /.test(command))) row.running += 1;
  const supervisor = supervisorOf(workspace);
  if (kind !== 'harness') {
    if (supervisor === undefined) row.early += 1;
    else process.kill(supervisor.pid, 'SIGKILL');
  }
  const alone = kind === 'supervisor' && supervisor !== undefined;
  harness.kill(alone ? 'SIGCONT' : 'SIGKILL');
  row.kills += 1;
  const killed = performance.now();
  const left = await remains(workspace, (port) => ports.has(port), goneWithinMs);
  row.worstMs = Math.max(row.worstMs, performance.now() - killed);
  if (left.length > 0) {
    row.left += 1;
    console.log(`${kind} killed after ${atMs} ms (point ${point}) leaves\n  ${left.join('\n  ')}`);
  }
  await closed;
}

printTable([
  ['killed', 'points', 'mesh was up', 'too early for it', 'left something', 'all gone after'],
  ...[...seen].map(([kind, { kills, running, early, left, worstMs }]) => [
    kind,
    kills,
    running,
    early,
    left,
    `${(worstMs / 1_000).toFixed(1)} s at most`,
  ]),
]);
if ([...seen.values()].some(({ left }) => left > 0)) process.exitCode = 1;
