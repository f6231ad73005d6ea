import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ExitCode } from '../../src/kit/errors.ts';
import type { Report } from '../../src/report/model.ts';
import { place } from './places.ts';
import { processesOf } from './processes.ts';

export const root = resolve(import.meta.dirname, '../..');

const mostAgain = 2;
/** Runnable processes a CPU; three meshes side by side make about three. */
const overload = 5;

/** Commands that have a mesh for as long as they go on. */
const meshCommands = new Set(['run', 'explain', 'tune', 'self-test']);

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The newest report in the run's report folder, when it wrote one. */
  readonly report: Report | undefined;
  /** Its folder. */
  readonly folder: string | undefined;
}

/** A place of its own for a test: reports, and scratch folders of runs. */
export class Workspace implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'bw-test-'));
  readonly reports = join(this.path, 'reports');
  /** Runs of a test are looked for here alone, so that other runs of this machine don't matter. */
  readonly runs = join(this.path, 'runs');

  start(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['bin/breakwater.js', ...args], {
      cwd: root,
      env: { ...process.env, BREAKWATER_RUNS: this.runs, NO_COLOR: '1', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a command to its end; one that takes a mesh up and down waits until there is a place for it. */
  async breakwater(...args: readonly string[]): Promise<Finished> {
    await using _place = meshCommands.has(args[0] ?? '') ? await place() : undefined;
    return await this.finish(this.start(...args));
  }

  /** `breakwater run` with its reports in this workspace. */
  async runOnce(...args: readonly string[]): Promise<Finished> {
    return this.breakwater('run', ...args, '--reports', this.reports);
  }

  /**
   * The same, for whoever expects anything but an invalid run: one that the machine has disturbed is made again.
   * Nothing else is.
   */
  async run(...args: readonly string[]): Promise<Finished> {
    for (let again = 1; ; again++) {
      const finished = await this.runOnce(...args);
      const why = disturbance(finished);
      if (why === undefined || again > mostAgain) return finished;
      console.log(
        `made again (${again} of ${mostAgain}), ${why}: run ${args.join(' ')}\n${outcome(finished)}`,
      );
    }
  }

  async finish(child: ChildProcess): Promise<Finished> {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    const folder = this.newestReport();
    const file = folder === undefined ? '' : join(folder, 'report.json');
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    return { code, stdout, stderr, report, folder };
  }

  newestReport(): string | undefined {
    if (!existsSync(this.reports)) return undefined;
    // SCENARIO-DATE-TIME-RANDOM: a workspace may have runs of several scenarios.
    const time = (name: string) => name.split('-').slice(-3, -1).join('-');
    const newest = readdirSync(this.reports)
      .sort((a, b) => time(a).localeCompare(time(b)))
      .at(-1);
    return newest === undefined ? undefined : join(this.reports, newest);
  }

  [Symbol.dispose](): void {
    // What a test that failed did not take down.
    for (const { pid } of existsSync('/proc/self') ? processesOf(this.path) : []) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended meanwhile
      }
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What the machine has done to a run; undefined when nothing excuses how it ended. */
function disturbance({ code, stderr }: Finished): string | undefined {
  if (code === ExitCode.invalid) return 'since it says of itself that it proves nothing';
  const [waiting = 0] = loadavg();
  const overloaded = waiting > overload * cpus().length;
  if (code === ExitCode.environment && overloaded && stderr.includes('gave up waiting')) {
    return `since ${Math.round(waiting)} processes shared ${cpus().length} CPUs`;
  }
  return undefined;
}

/** What a failing assertion should show of a run. */
export function outcome(finished: Finished): string {
  const { report } = finished;
  if (report === undefined) return `exit ${finished.code}\n${finished.stderr}\n${finished.stdout}`;
  const checks = report.checks.map(
    (check) => `${check.status} ${check.name}: ${check.observed} (${check.limit})`,
  );
  const violated = report.validity
    .filter((finding) => finding.status === 'violated')
    .map((finding) => `invalid ${finding.rule}: ${finding.observed} (${finding.limit})`);
  return [`exit ${finished.code}, ${report.verdict}: ${report.summary}`, ...checks, ...violated].join('\n');
}
