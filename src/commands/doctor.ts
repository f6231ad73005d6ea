import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { Command } from 'commander';
import pc from 'picocolors';
import { claimLoopbackBlock } from '../environments/local/addresses.ts';
import { elsewhere } from '../environments/local/system.ts';
import { refusalOf } from '../kit/folder.ts';
import { mostOpenFiles } from '../kit/open-files.ts';
import { print, printJson } from '../kit/output.ts';
import { visible } from '../kit/visible.ts';
import { configuredDocker } from '../runs/clusters.ts';
import { findLeftovers, runsDirectory, runsFolder, strayClusters } from '../runs/run-directory.ts';
import { type ToolContext, toolContext } from '../toolchain/context.ts';
import { inspectTools } from '../toolchain/inspect.ts';
import { type KeptTool, keptTools } from '../toolchain/kept.ts';
import { sizeOfRests } from '../toolchain/remove.ts';
import { containerDaemon } from './doctor-daemon.ts';
import { clusterPrograms, type DoctorFinding, explained, programs } from './doctor-programs.ts';

/** Five sidecars, istiod and four apps take about 1 GB; k6 up to another. */
const comfortableBytes = 2 * 1024 ** 3;
/** Of the services in scenarios/. */
const usualServicePort = 8_080;
const comfortableDiskBytes = 4 * 1024 ** 3;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check what a run needs on this machine, with the fix beside each finding.')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx breakwater doctor\n\nExit code 4 when something a run needs is missing.',
    )
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(process.platform);
      const broken = findings.some((finding) => !finding.ok && finding.needed);
      const shown = findings.map(({ fetched: _, ...finding }) => finding);
      if (options.json) printJson(shown);
      else print(`${findings.map(line).join('\n')}\n\n${closing(findings, process.platform)}\n`);
      if (broken) process.exitCode = 4;
    });
}

function line(finding: DoctorFinding): string {
  const mark = finding.ok ? pc.green('✓') : finding.needed ? pc.red('✗') : pc.yellow('!');
  const fix =
    finding.ok || finding.fix === undefined ? '' : `\n    ${pc.dim('fix:')} ${visible(finding.fix)}`;
  return `${mark} ${finding.what.padEnd(20)} ${visible(finding.found)}${fix}`;
}

/** The last line: what to do next. */
export function closing(findings: readonly DoctorFinding[], platform: NodeJS.Platform): string {
  const missing = findings.filter(({ ok, needed }) => !ok && needed).length;
  if (missing > 0) return pc.red(`${missing} of ${findings.length} things are missing.`);
  const where = platform === 'linux' ? '' : ' --env kind';
  return pc.green(`Ready: npx breakwater run scenarios/circuit-breaker.yaml${where}`);
}

/** What a run needs on a system: this one, but in tests. */
export async function examine(platform: NodeJS.Platform): Promise<DoctorFinding[]> {
  const usual = toolContext();
  // What goes into a cluster is there; only what speaks to the mesh in it runs here.
  const tools = usual.tools.filter(({ name }) => platform === 'linux' || name === 'istioctl');
  const context = { ...usual, tools };
  const found = await programs(context);
  const [major = 0] = process.versions.node.split('.').map(Number);
  return [
    {
      what: 'Node.js',
      ok: major >= 24,
      needed: true,
      found: process.version,
      fix: 'install Node.js 24 or newer',
    },
    ...system(platform),
    cores(),
    memory(),
    ...disk(context),
    runs(),
    await cache(context, found),
    ...(platform === 'linux' ? [await loopback(), await servicePort()] : []),
    fileDescriptors(),
    ...found,
    await containerDaemon(),
    ...(platform === 'linux' ? [await consul()] : []),
    ...(await clusterPrograms(platform !== 'linux')),
    await leftovers(),
  ];
}

/** What works on a system that is not Linux. */
function system(platform: NodeJS.Platform): DoctorFinding[] {
  if (platform === 'linux') return [];
  const { system: name, fix } = elsewhere(platform);
  const found = `${name}: plan, lint, report, --env docker and --env kind work here, the local lab does not`;
  return [{ what: 'system', ok: false, needed: false, found, fix }];
}

function cores(): DoctorFinding {
  const count = availableParallelism();
  return {
    what: 'CPU cores',
    ok: count >= 2,
    needed: false,
    found: String(count),
    fix: "with one core the load and the mesh get in each other's way; use low rates, and expect invalid runs",
  };
}

function memory(): DoctorFinding {
  let available = freemem();
  try {
    // What can be had without swapping, which is more than what is free.
    const said = /MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (said !== undefined) available = Number(said) * 1024;
  } catch {
    // not Linux
  }
  const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  return {
    what: 'memory',
    ok: available >= comfortableBytes,
    needed: false,
    found: `${gib(available)} of ${gib(totalmem())} GiB available`,
    fix: 'close something, or use fewer replicas and a lower load.maxLatency (fewer virtual users)',
  };
}

/** The place of what lasts as long as a run. */
function runs(): DoctorFinding {
  const finding = { what: 'folder of runs', needed: true };
  try {
    const path = runsDirectory();
    const refusal = refusalOf(path);
    const fix = 'BREAKWATER_RUNS or TMPDIR names another place';
    return { ...finding, ok: refusal === undefined, found: refusal ?? path, fix };
  } catch (error) {
    return { ...finding, ok: false, ...explained(error) };
  }
}

/** The program of the other mesh, which runs have no need of that are not on it. */
async function consul(): Promise<DoctorFinding> {
  const statuses = await inspectTools({ mesh: { name: 'consul' } });
  const { version, state, path, reason } = statuses.find(({ program }) => program === 'consul') ?? {};
  const seldom = `${version} is ${state}, and only a scenario on Consul (--mesh consul) needs it`;
  return {
    what: 'consul',
    ok: state === 'ready' || state === 'missing',
    needed: false,
    found: state === 'ready' ? `${version} at ${path}` : (reason ?? seldom),
    fix: 'npx breakwater tools fetch consul',
  };
}

/** The place of the programs; whoever has all of them need not write there. */
async function cache(context: ToolContext, found: readonly DoctorFinding[]): Promise<DoctorFinding> {
  const { cacheDir } = context;
  const refusal = refusalOf(cacheDir);
  return {
    what: 'folder of programs',
    ok: refusal === undefined,
    needed: found.some(({ ok, fetched }) => !ok && fetched),
    found: refusal ?? `${cacheDir}${await sizes(context)}`,
    fix: 'BREAKWATER_CACHE names another place',
  };
}

/** How much the programs take, and how much of it nothing uses any more. */
async function sizes(context: ToolContext): Promise<string> {
  const kept = await keptTools(context);
  const rests = await sizeOfRests(context);
  if (kept.length === 0 && rests === 0) return '';
  const bytesOf = (tools: readonly KeptTool[]) => tools.reduce((sum, { bytes }) => sum + bytes, 0);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const useless = bytesOf(kept.filter(({ current }) => !current)) + rests;
  const removal = `, ${megabytes(useless)} of them old versions and leftovers: npx breakwater tools remove --old`;
  return ` (${megabytes(bytesOf(kept) + rests)}${useless > 0 ? removal : ''})`;
}

/** Where what is to be fetched, and what runs leave for a while, has to fit. */
function disk({ cacheDir }: ToolContext): DoctorFinding[] {
  return [...new Set([runsFolder(), cacheDir].map(nearestFolder))].map((path) => {
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    return {
      what: 'disk',
      ok: free >= comfortableDiskBytes,
      needed: false,
      found: `${(free / 1024 ** 3).toFixed(1)} GiB free in ${path}`,
      fix: "building the programs takes about 6 GiB once, for the compiler's caches; a run takes about 0.5 KB a request",
    };
  });
}

/** The folder itself, or the one above it that is there. */
function nearestFolder(path: string): string {
  // What may not be looked at is not there either.
  const there = existsSync(path) && statSync(path).isDirectory();
  return there || dirname(path) === path ? path : nearestFolder(dirname(path));
}

function loopback(): Promise<DoctorFinding> {
  const address = '127.77.77.77';
  return new Promise((resolve) => {
    const finding = (ok: boolean, found: string): DoctorFinding => ({
      what: 'loopback addresses',
      ok,
      needed: true,
      found,
      fix: 'every workload gets an address of its own in 127.0.0.0/8: the loopback interface has to be up with all of it',
    });
    const server = createServer();
    server.once('error', (error) => resolve(finding(false, `${address} cannot be bound: ${error.message}`)));
    server.listen({ host: address, port: 0 }, () => {
      server.close(() => resolve(finding(true, `all of 127.0.0.0/8 (tried ${address})`)));
    });
  });
}

/** All other ports a lab finds for itself; this one the scenarios and the configuration under test may name. */
async function servicePort(): Promise<DoctorFinding> {
  const finding = { what: `port ${usualServicePort}`, needed: false };
  try {
    await using block = await claimLoopbackBlock({ wished: [], exact: [usualServicePort] });
    return { ...finding, ok: true, found: `free on ${block.address(1)}`, fix: '' };
  } catch (error) {
    return { ...finding, ok: false, ...explained(error) };
  }
}

function fileDescriptors(): DoctorFinding {
  const enough = 4_096;
  const limit = mostOpenFiles();
  return {
    what: 'open files',
    ok: limit >= enough,
    needed: false,
    found: Number.isFinite(limit) ? `${limit} allowed` : 'no limit known',
    fix: `ulimit -n ${enough * 4}`,
  };
}

async function leftovers(): Promise<DoctorFinding> {
  const finding = { what: 'leftovers', needed: false, fix: 'npx breakwater cleanup' };
  try {
    const runs = findLeftovers().length;
    const nothing = { lost: [], kept: [], unknown: '' };
    const { lost, kept, unknown } = await strayClusters(configuredDocker()).then(
      (clusters) => ({ ...nothing, ...clusters }),
      (error: Error) => ({ ...nothing, unknown: error.message.split('\n', 1)[0] ?? '' }),
    );
    const found = [
      ...(runs > 0 ? [`${runs} crashed runs left something behind`] : []),
      ...(lost.length > 0 ? [`no run knows the cluster ${lost.join(', ')}`] : []),
      ...(kept.length > 0 ? [`kept: ${kept.join(', ')} (cleanup --kept removes it)`] : []),
    ];
    const told = [found.join('; ') || 'none', ...(unknown === '' ? [] : [unknown])];
    return { ...finding, ok: runs + lost.length === 0, found: told.join('; ') };
  } catch (error) {
    return { ...finding, ok: false, needed: true, ...explained(error) };
  }
}
