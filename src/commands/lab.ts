import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import {
  type EnvironmentName,
  environmentNames,
  environments,
  environmentUpTimeoutMs,
  fetchEnvironment,
} from '../environments/index.ts';
import { planExperiment } from '../experiment/planned.ts';
import { ExitCode, environmentError, usageError } from '../kit/errors.ts';
import { eventually, notYet } from '../kit/eventually.ts';
import { withoutLauncher } from '../kit/launcher.ts';
import { print, printJson } from '../kit/output.ts';
import { packageRoot } from '../kit/package-root.ts';
import { isSameProcess, processIdentity } from '../kit/process-identity.ts';
import { createProgress, type Progress } from '../kit/terminal.ts';
import { visible, visibleLines } from '../kit/visible.ts';
import { type MeshKind, meshOf } from '../meshes/index.ts';
import type { Plan } from '../plan/contract.ts';
import { mortalCluster } from '../runs/clusters.ts';
import {
  createRunDirectory,
  findLeftovers,
  runsDirectory,
  takeOverRunDirectory,
} from '../runs/run-directory.ts';
import { type WatchRequest, watchLab } from '../trial/watch.ts';
import { sweepLeftovers } from './cleanup.ts';
import { LIVE_TEXT, type Live, openLive, showLive } from './live.ts';
import { addScenarioOptions, type ScenarioOptions, scenarioArguments } from './scenario-options.ts';

const LAB_FILE = 'lab.json';
const KEEPER_LOG = 'keeper.log';
/** Longer than the removal of a cluster may take. */
const downTimeoutMs = 180_000;

/** What `lab up` leaves on disk for `lab status` and `lab down`. */
interface LabFile {
  readonly id: string;
  readonly scenario: string;
  readonly mesh: MeshKind;
  readonly startedAt: string;
  readonly pid: number;
  readonly identity: string | undefined;
  readonly reach: readonly string[];
  /** Address of the page that shows it, with a secret in it. */
  readonly live?: string;
  readonly instances: readonly {
    readonly name: string;
    readonly locality: string;
    readonly addresses: readonly string[];
  }[];
}

interface LabOptions extends ScenarioOptions {
  readonly env: EnvironmentName;
  readonly live?: boolean;
}

const environmentOption = () =>
  new Option('--env <name>', 'where the mesh runs').choices(environmentNames).default('local');

/** `lab up`, `lab down`, `lab status`: a mesh that stays up to play with. */
export function labCommand(signal: AbortSignal): Command {
  return new Command('lab')
    .description('Keep a real mesh running to play with.')
    .addCommand(upCommand(signal))
    .addCommand(downCommand())
    .addCommand(statusCommand())
    .addCommand(keepCommand(signal), { hidden: true })
    .addHelpText(
      'after',
      `
Examples:
  $ npx breakwater lab up
  $ npx breakwater lab up scenarios/zone-failover.yaml --config my-rules.yaml
  $ npx breakwater lab status
  $ npx breakwater lab down`,
    );
}

function defaultScenario(): string {
  return fileURLToPath(new URL('scenarios/circuit-breaker.yaml', packageRoot));
}

function upCommand(signal: AbortSignal): Command {
  return addScenarioOptions(new Command('up'))
    .description(
      'Start the topology and mesh configuration of a scenario, print how to reach it, and leave it running.',
    )
    .argument('[scenario]', 'scenario file, or the name of one that came along; circuit-breaker unless given')
    .addOption(environmentOption())
    .option('--json', 'print how to reach it as JSON')
    .option('--live', LIVE_TEXT)
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx breakwater lab up scenarios/zone-failover.yaml --config my-rules.yaml\n  $ npx breakwater lab up --live',
    )
    .action(async (scenario: string | undefined, options: LabOptions & { json?: boolean }) => {
      const progress = createProgress(process.stderr, false);
      const file = scenario ?? defaultScenario();
      // Mistakes show here, before anything is started in the background.
      const { plan, mesh, configuration } = await planExperiment(file, options);
      await sweepLeftovers(progress, signal, [options.env]);
      // In the background nobody would see a download or a build of minutes.
      await fetchEnvironment[options.env](mesh, [plan.topology], progress, signal);
      await mesh.validate(configuration, progress, signal);
      const id = `lab-${Date.now().toString(36)}`;
      const what = `lab of ${plan.name}`;
      const lab = await startKeeper(id, what, file, options, signal, (text) => progress.status(text));
      progress.done();
      if (options.json) printJson(lab);
      else {
        print(
          `${pc.green('up')} ${lab.id}\n\n${visibleLines(lab.reach.join('\n'))}${liveLine(lab)}\n\nTake it down: npx breakwater lab down\n`,
        );
        if (lab.live !== undefined) await showLive(lab.live);
      }
    });
}

async function startKeeper(
  id: string,
  what: string,
  file: string,
  options: LabOptions,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<LabFile> {
  // Ours until the keeper has taken it over; should it not get that far, the folder goes with this function.
  await using directory = await createRunDirectory(id, what);
  const log = join(directory.path, KEEPER_LOG);
  await using output = await open(log, 'a');
  // Open before it is needed: a keeper that fails takes the folder along, and this file in it.
  await using reading = await open(log, 'r');
  const keeper = spawn(
    process.execPath,
    [
      '--no-warnings',
      fileURLToPath(new URL('bin/breakwater.js', packageRoot)),
      'lab',
      'keep',
      id,
      file,
      '--env',
      options.env,
      ...(options.live ? ['--live'] : []),
      ...scenarioArguments(options),
    ],
    { detached: true, stdio: ['ignore', output.fd, output.fd], env: withoutLauncher(process.env) },
  );
  const exited = new Promise<{ readonly code: number | null }>((resolve) => {
    keeper.once('exit', (code) => resolve({ code }));
  });
  let exit: Awaited<typeof exited> | undefined;
  exited.then((end) => {
    exit = end;
  });
  let said = '';
  try {
    return await eventually(
      async () => {
        // Asked before reading: what it said in the end is then there.
        const over = exit;
        said += await reading.readFile('utf8');
        const lines = said.trimEnd().split('\n');
        if (over !== undefined) {
          const why = over.code === ExitCode.usage ? usageError : environmentError;
          throw why(`the lab did not come up (exit code ${over.code})`, lines.slice(-12).join('\n'));
        }
        say(lines.at(-1) ?? '');
        return readLab(directory.path) ?? notYet('it is starting');
      },
      { waitingFor: 'the lab', timeoutMs: environmentUpTimeoutMs[options.env], everyMs: 50, signal },
    );
  } catch (error) {
    keeper.kill('SIGTERM');
    await Promise.race([exited, sleep(downTimeoutMs)]);
    throw error;
  } finally {
    keeper.unref();
  }
}

/** The process behind a lab; started by `lab up`, ended by `lab down`. */
function keepCommand(outer: AbortSignal): Command {
  return addScenarioOptions(new Command('keep'))
    .argument('<id>')
    .argument('<scenario>')
    .addOption(environmentOption())
    .option('--live')
    .action(async (id: string, file: string, options: LabOptions) => {
      const progress = createProgress(process.stderr, false);
      const { plan, mesh, configuration } = await planExperiment(file, options);
      await using live = await openLive(options, `lab of ${plan.name}`, outer, progress);
      const { signal } = live;
      await using directory = await takeOverRunDirectory(id, `lab of ${plan.name}`);
      const environment = environments[options.env](mesh, progress, signal, {});
      await using running = await environment.open({
        topology: plan.topology,
        configuration,
        runId: id,
        directory: directory.path,
        logs: join(directory.path, 'logs'),
        progress: (step) => progress.step(step),
        ongoing: (text) => progress.ongoing(text),
        warn: (text) => progress.warn(text),
        signal,
      });
      const lab: LabFile = {
        id,
        scenario: plan.name,
        mesh: plan.mesh,
        startedAt: new Date().toISOString(),
        pid: process.pid,
        identity: processIdentity(process.pid),
        reach: running.access(),
        ...(live.url === undefined ? {} : { live: live.url }),
        instances: running.instances.map(({ name, locality, addresses }) => ({
          name,
          locality,
          addresses,
        })),
      };
      await writeFile(join(directory.path, LAB_FILE), JSON.stringify(lab));
      const down = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      const watching =
        live.url === undefined
          ? undefined
          : watchUse(
              {
                lab: running,
                mesh,
                topology: plan.topology,
                environment: environment.name,
                runId: id,
                directory: directory.path,
                signal,
              },
              plan,
              live,
              progress,
            );
      const lost = await Promise.race([down, running.lost]);
      await watching;
      await live.ended({
        status: lost === undefined ? 'pass' : 'invalid',
        label: lost === undefined ? 'DOWN' : 'LOST',
        summary: lost === undefined ? 'The lab was taken down.' : `The lab broke: ${lost}`,
        report: undefined,
      });
      if (lost !== undefined) throw environmentError(`the lab broke: ${lost}`);
    });
}

/** Shows who uses a lab; a page that breaks is no reason for a lab to. */
async function watchUse(request: Omit<WatchRequest, 'watcher'>, plan: Plan, live: Live, progress: Progress) {
  const quiet = { step() {}, fault() {}, load() {}, ongoing() {}, warn() {} };
  try {
    await watchLab({ ...request, watcher: live.watch(plan, quiet) });
  } catch (error) {
    progress.warn(
      `the live page shows nothing any more: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const liveLine = ({ live }: LabFile) => (live === undefined ? '' : `\n\nlive ${live}`);

function downCommand(): Command {
  return new Command('down')
    .description('Take labs down: the one named, or all.')
    .argument('[id]', 'as lab status shows it')
    .addHelpText('after', '\nExample:\n  $ npx breakwater lab down')
    .action(async (id: string | undefined) => {
      const labs = liveLabs().filter((lab) => id === undefined || lab.id === id);
      if (labs.length === 0) {
        if (id !== undefined)
          throw usageError(`no lab ${id} is running`, 'npx breakwater lab status lists them');
        print('No lab is running.\n');
        process.stderr.write(leftBehind());
        return;
      }
      await Promise.all(labs.map(takeDown));
      for (const lab of labs) print(`down ${lab.id}\n`);
    });
}

/** A line about labs and runs that ended without taking everything along; empty when there are none. */
function leftBehind(): string {
  const crashed = findLeftovers().map(({ runId }) => runId);
  if (crashed.length === 0) return '';
  return `Crashed, and left something behind: ${crashed.join(', ')}; npx breakwater cleanup removes it\n`;
}

async function takeDown(lab: LabFile): Promise<void> {
  if (isSameProcess(lab.pid, lab.identity)) process.kill(lab.pid, 'SIGTERM');
  const folder = join(runsDirectory(), lab.id);
  await eventually(
    async () => {
      if (isSameProcess(lab.pid, lab.identity)) return notYet('it is still there');
      const cluster = mortalCluster(folder);
      if (cluster !== undefined) {
        throw environmentError(
          `${lab.id} has ended, and its cluster ${cluster} is still there`,
          'npx breakwater cleanup removes it, or says why it cannot',
        );
      }
      return existsSync(folder) ? notYet('its folder is still there') : undefined;
    },
    {
      waitingFor: `${lab.id} to go`,
      timeoutMs: downTimeoutMs,
      everyMs: 50,
      hint: () =>
        `end it with kill -9 ${lab.pid}; everything it started goes with it, a cluster with npx breakwater cleanup`,
    },
  );
}

function statusCommand(): Command {
  return new Command('status')
    .description('Show the labs that run, how to reach them, and what their sidecars rejected.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ npx breakwater lab status')
    .action(async (options: { json?: boolean }) => {
      const labs = await Promise.all(
        liveLabs().map(async (lab) => ({ ...lab, rejected: await rejected(lab) })),
      );
      if (options.json) printJson(labs);
      else if (labs.length === 0) print('No lab is running. Start one: npx breakwater lab up\n');
      for (const lab of options.json ? [] : labs) {
        print(
          `${pc.green('up')} ${lab.id} (${lab.scenario}, since ${lab.startedAt})\n${lab.reach.join('\n')}${liveLine(lab)}\n`,
        );
        for (const reason of lab.rejected) print(`${pc.red('rejected')} ${visible(reason)}\n`);
      }
      process.stderr.write(leftBehind());
    });
}

/** What sidecars of a lab said of configuration that they did not take. */
async function rejected(lab: LabFile): Promise<string[]> {
  const { rejectionsIn } = await meshOf(lab.mesh);
  const logs = join(runsDirectory(), lab.id, 'logs');
  return lab.instances.flatMap(({ name }) => {
    const log = join(logs, `${name}.sidecar.log`);
    const reasons = existsSync(log) ? rejectionsIn(readFileSync(log, 'utf8')) : [];
    return [...new Set(reasons)].map((reason) => `${name}: ${reason}`);
  });
}

function liveLabs(): LabFile[] {
  const root = runsDirectory();
  return (existsSync(root) ? readdirSync(root) : []).flatMap((entry) => {
    const lab = readLab(join(root, entry));
    return lab && isSameProcess(lab.pid, lab.identity) ? [lab] : [];
  });
}

function readLab(directory: string): LabFile | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, LAB_FILE), 'utf8'));
  } catch {
    return undefined;
  }
}
