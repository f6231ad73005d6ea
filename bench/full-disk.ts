/**
 * A disk that fills up at random moments of a run: the one of the reports, or the one of what lasts as long as a run.
 * Each is to end with exit code 4 and one error that says so, with the verdict if that was known, or to have written
 * everything before. `npm run bench:full-disk -- [points] [seed]`; ten points take about two minutes. Linux, as root.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, Workspace } from '../test/support/breakwater.ts';
import { processesOf } from '../test/support/processes.ts';
import { pointsAsked, printTable } from './points.ts';

const shortRun = [
  'run',
  'scenarios/circuit-breaker.yaml',
  ...[
    'load.duration=6s',
    'load.rate=50/s',
    'faults=[]',
    'checks=[{kind: success-rate, during: steady, atLeast: 1%}]',
  ].flatMap((value) => ['--set', value]),
];
/** A run takes about ten seconds; what comes after its end has found everything written. */
const latestMs = 11_000;
const places = ['reports', 'runs'] as const;

/** Mounts a disk at $SMALL for the command alone, and fills it $AT seconds later. */
const within =
  'mount -t tmpfs -o mode=700,size=32m none "$SMALL" && { (sleep "$AT"; cat /dev/zero > "$SMALL/filler") 2>/dev/null & exec "$@"; }';

const points = pointsAsked(10);
if (spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt']).status !== 0) {
  console.log('skipped: nothing can be mounted here');
  process.exit();
}
console.log(`${points.count} points, seed ${points.seed}`);

const rows: (readonly (string | number)[])[] = [];
let wrong = 0;
for (let point = 0; point < points.count; point++) {
  const place = places[Math.floor(points.draw(point, 'place') * places.length)] ?? 'reports';
  const atMs = Math.round(latestMs * points.draw(point, 'moment'));
  using workspace = new Workspace();
  const small = join(workspace.path, 'small');
  mkdirSync(small);
  const reports = place === 'reports' ? small : workspace.reports;
  const command = [process.execPath, '--no-warnings', 'bin/breakwater.js', ...shortRun, '--reports', reports];
  const child = spawn('unshare', ['--mount', 'sh', '-c', within, 'sh', ...command], {
    cwd: root,
    env: {
      ...process.env,
      SMALL: small,
      AT: String(atMs / 1_000),
      BREAKWATER_RUNS: place === 'runs' ? small : workspace.runs,
      NO_COLOR: '1',
      CI: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, stdout, stderr } = await workspace.finish(child);
  const errors = stderr.match(/^error: .*$/gm) ?? [];
  const verdict = /^ == (\w+) ==/m.exec(stdout)?.[1];
  const left = processesOf(workspace.path).filter(({ command }) => !/^(sleep|sh|cat) /.test(command));
  const late = code !== 4 && errors.length === 0 && verdict !== undefined;
  const told =
    code === 4 &&
    errors.length === 1 &&
    /ENOSPC|disk may be full/.test(stderr) &&
    !/^\s+at |\bbug\b|Unhandled/m.test(stderr);
  const knew = !/reports could be written/.test(stderr) || verdict !== undefined;
  const right = (late || told) && knew && left.length === 0;
  if (!right) {
    wrong += 1;
    console.log(`point ${point}: exit ${code}\n${stderr}\n${left.map(({ command }) => command).join('\n')}`);
  }
  rows.push([
    point,
    place,
    `${(atMs / 1_000).toFixed(1)} s`,
    code ?? 'killed',
    verdict ?? '-',
    right ? 'right' : 'WRONG',
    (errors[0] ?? 'all was written before').slice(0, 100),
  ]);
}
printTable([['point', 'full disk', 'after', 'exit', 'verdict', '', 'said'], ...rows]);
if (wrong > 0) process.exitCode = 1;
