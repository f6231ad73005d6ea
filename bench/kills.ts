/**
 * SIGKILL at random moments of a run: of the harness, of what ends its programs or removes its containers when it dies
 * (the supervisor, the remover), of both together. After each, what is left of processes, ports and folders, and in
 * Docker of containers, networks, volumes and images, which is to be nothing.
 * `npm run bench:kills -- [points] [seed] [--scenario FILE] [--mesh MESH] [--env local|docker]`; a hundred points take about ten minutes on
 * the local lab, half an hour in Docker, which is to have no other work meanwhile. Linux.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Workspace } from '../test/support/breakwater.ts';
import { inDocker, labsInDocker, missing } from '../test/support/docker.ts';
import { listenersOf, processesOf } from '../test/support/processes.ts';
import { remains, removerOf, supervisorOf } from '../test/support/remains.ts';
import { pointsAsked, printTable } from './points.ts';

/** From when nothing is there yet to the middle of the fault; early moments, when things are half acquired, are dense. */
const earliestMs = 100;
const kinds = ['harness', 'second', 'both'] as const;

/** What differs between the two: who watches over a run, and what it may leave. */
const environments = {
  local: {
    second: 'supervisor',
    latestMs: 20_000,
    goneWithinMs: 6_000,
    find: supervisorOf,
    isUp: (workspace: Workspace) =>
      processesOf(workspace.runs).some(({ command }) =>
        /\/(?:pilot-agent proxy|consul agent) /.test(command),
      ),
    things: (): readonly string[] => [],
    // The watchdog is not killed with them, and finds what they leave.
    afterBoth: async (_workspace: Workspace) => {},
  },
  docker: {
    second: 'remover',
    latestMs: 30_000,
    goneWithinMs: 30_000,
    find: removerOf,
    isUp: (workspace: Workspace) => labsInDocker(workspace).some((thing) => thing.endsWith('-sidecar')),
    things: inDocker,
    // Nobody is left who would: the next run does, or this.
    afterBoth: async (workspace: Workspace) => {
      await workspace.breakwater('cleanup');
    },
  },
} as const;

const {
  values: { scenario, mesh, env },
  positionals,
} = parseArgs({
  allowPositionals: true,
  options: {
    scenario: { type: 'string', default: 'scenarios/zone-failover.yaml' },
    mesh: { type: 'string', default: 'istio' },
    env: { type: 'string', default: 'local' },
  },
});
const where = env === 'docker' ? 'docker' : 'local';
if (where === 'docker' && missing !== '') throw new Error(`this bench needs Docker${missing}`);
const { second, latestMs, goneWithinMs, find, isUp, things, afterBoth } = environments[where];
const named = { harness: 'harness', second, both: 'both' };
const points = pointsAsked(100, positionals);
const before = new Set(things());
console.log(`${points.count} points of ${scenario} on ${mesh}, seed ${points.seed}, --env ${where}`);

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
  const harness = workspace.start(
    ...['run', scenario, '--mesh', mesh, '--env', where, '--reports', workspace.reports],
  );
  const closed = workspace.finish(harness);
  await sleep(atMs);
  // Nothing is told of an end that is only half done.
  harness.kill('SIGSTOP');
  const ports = new Set(listenersOf(processesOf(workspace.runs).map(({ pid }) => pid)));
  if (isUp(workspace)) row.running += 1;
  const watching = find(workspace);
  if (kind !== 'harness') {
    if (watching === undefined) row.early += 1;
    else process.kill(watching.pid, 'SIGKILL');
  }
  const alone = kind === 'second' && watching !== undefined;
  harness.kill(alone ? 'SIGCONT' : 'SIGKILL');
  row.kills += 1;
  const killed = performance.now();
  if (kind === 'both') {
    await closed;
    await afterBoth(workspace);
  }
  const deadline = Date.now() + goneWithinMs;
  const left = [...(await remains(workspace, (port) => ports.has(port), goneWithinMs))];
  const added = () => things().filter((thing) => !before.has(thing));
  while (added().length > 0 && Date.now() < deadline) await sleep(100);
  left.push(...added());
  row.worstMs = Math.max(row.worstMs, performance.now() - killed);
  const tookMs = Math.round(performance.now() - killed);
  console.log(`point ${point}: ${named[kind]} killed after ${atMs} ms, looked on for ${tookMs} ms`);
  if (left.length > 0) {
    row.left += 1;
    console.log(`  leaves\n  ${left.join('\n  ')}`);
  }
  await closed;
}

printTable([
  ['killed', 'points', 'mesh was up', 'too early for it', 'left something', 'all gone after'],
  ...[...seen].map(([kind, { kills, running, early, left, worstMs }]) => [
    named[kind],
    kills,
    running,
    early,
    left,
    `${(worstMs / 1_000).toFixed(1)} s at most`,
  ]),
]);
if ([...seen.values()].some(({ left }) => left > 0)) process.exitCode = 1;
