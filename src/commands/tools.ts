import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import pc from 'picocolors';
import { usageError } from '../kit/errors.ts';
import { print, printJson } from '../kit/output.ts';
import { createProgress } from '../kit/terminal.ts';
import { CONSUL_VERSION } from '../toolchain/consul-tools.ts';
import {
  inspectTools,
  MESHES,
  type OfMesh,
  PROGRAMS,
  type Program,
  packMirror,
  programsOf,
  type ResolveOptions,
  removeTools,
  reportTo,
  resolveToolchain,
  type ToolStatus,
  usualPrograms,
} from '../toolchain/index.ts';
import { ISTIO_VERSION, ISTIO_VERSIONS } from '../toolchain/istio-tools.ts';
import { meshOption, meshVersionOption } from './mesh-version.ts';
import { pathArgument } from './path-argument.ts';

/** What a command may be told of the mesh. */
interface Chosen {
  readonly mesh?: string;
  readonly meshVersion?: string;
}

const chosenMesh = ({ mesh = 'istio', meshVersion: version }: Chosen): OfMesh => ({ name: mesh, version });

/**
 * `breakwater tools`: fetch, list and remove the programs from outside. Its commands throw usage errors
 * instead of exiting, so that the command line decides about exit codes.
 */
export function toolsCommand(options: { readonly signal?: AbortSignal } = {}): Command {
  return new Command('tools')
    .description(
      'fetch or list the external programs: envoy, k6, istiod, pilot-agent, istioctl, toxiproxy, consul',
    )
    .addCommand(listCommand(options).exitOverride())
    .addCommand(fetchCommand(options).exitOverride())
    .addCommand(removeCommand(options).exitOverride())
    .addCommand(packCommand(options).exitOverride())
    .addHelpText(
      'after',
      `
Examples:
  $ npx breakwater tools fetch           get everything that is missing: seconds where there is a network, ten minutes where it is built
  $ npx breakwater tools fetch envoy k6  get only these
  $ npx breakwater tools list            where they are, each held against its recorded hash
  $ BREAKWATER_K6=/usr/bin/k6 npx breakwater run scenarios/circuit-breaker.yaml   use a program of your own

Environment:
  BREAKWATER_CACHE                where programs are kept
  BREAKWATER_ENVOY, _K6, _ISTIOD, _PILOT_AGENT, _ISTIOCTL, _TOXIPROXY, _CONSUL   programs of your own
  BREAKWATER_ISTIO_BOOTSTRAP      envoy_bootstrap.json of your own
  BREAKWATER_TOOLS_SOURCES        what may be used of mirror, image, wheel, release, build
  BREAKWATER_TOOLS_REGISTRY       registries instead of Docker Hub: registry.example.com,mirror.example.com/hub
  BREAKWATER_TOOLS_RELEASES       place that has what https://github.com has of releases
  BREAKWATER_TOOLS_IMAGES         list of the only images and archives allowed, one a line: istio/pilot:1.29.1@sha256:…
  BREAKWATER_KEEP_BUILD_CACHE     1 keeps what a compiler needs again
  BREAKWATER_TOOLS_MIRROR         URL of a mirror made with \`npx breakwater tools pack\`
  BREAKWATER_TOOLS_SHA256SUMS     the tools.sha256 of that mirror`,
    );
}

function listCommand(options: ResolveOptions): Command {
  return new Command('list')
    .description('show where each program would come from; fetches nothing')
    .option('--json', 'print JSON', false)
    .addOption(meshOption(MESHES))
    .addOption(meshVersionOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ npx breakwater tools list --json | jq \'.[] | select(.state != "ready")\'',
    )
    .action(async ({ json, ...chosen }: Chosen & { json: boolean }) => {
      const statuses = await inspectTools({ ...options, mesh: chosenMesh(chosen) });
      if (json) printJson(statuses);
      else print(`${formatTable(statuses)}\n\n${versionsLine()}\n`);
    });
}

function fetchCommand(options: ResolveOptions): Command {
  return new Command('fetch')
    .description('get programs that are missing or damaged')
    .addArgument(programsArgument('what every run of the mesh takes'))
    .addOption(meshOption(MESHES))
    .addOption(meshVersionOption())
    .addHelpText('after', '\nExample:\n  $ npx breakwater tools fetch envoy')
    .action(async (programs: Program[], chosen: Chosen) => {
      // What no other mesh has says which is meant.
      const mesh = chosenMesh(programs.includes('consul') ? { mesh: 'consul', ...chosen } : chosen);
      const all = programsOf(mesh, process.env);
      const foreign = programs.filter((program) => !all.includes(program));
      if (foreign.length > 0) {
        throw usageError(
          `${mesh.name} has no ${foreign.join(', ')}`,
          `its programs: ${all.join(', ')}; those of another mesh are fetched by themselves`,
        );
      }
      const wanted = programs.length === 0 ? usualPrograms(mesh, process.env) : programs;
      const resolved = await withProgress({ ...options, mesh }, (reporting) =>
        resolveToolchain(wanted, reporting),
      );
      for (const program of wanted) {
        const { version, source, path } = resolved[program];
        say(`${program} ${version} ${pc.dim(`(${source})`)} ${path}`);
      }
    });
}

function removeCommand(options: ResolveOptions): Command {
  return new Command('remove')
    .description(
      'remove cached programs, every version of them; istiod, pilot-agent and istioctl go together',
    )
    .addArgument(programsArgument('all'))
    .option('--old', 'only versions that this Breakwater does not use', false)
    .addHelpText('after', '\nExample:\n  $ npx breakwater tools remove k6')
    .action(async (programs: Program[], { old }: { old: boolean }) => {
      const wanted = programs.length === 0 ? PROGRAMS : programs;
      const removed = await withProgress(options, (reporting) =>
        removeTools(wanted, { ...reporting, onlyOld: old }),
      );
      if (removed.length === 0) say('nothing was cached');
      for (const { path, bytes } of removed) say(`removed ${path} (${megabytes(bytes)})`);
    });
}

function packCommand(options: ResolveOptions): Command {
  return new Command('pack')
    .description(
      'write a mirror of the programs, for CI and machines without internet; toxiproxy comes along where it has been fetched',
    )
    .argument('<dir>', 'folder to write; what it holds for other platforms and versions stays', pathArgument)
    .addOption(meshOption(MESHES))
    .addOption(meshVersionOption())
    .addHelpText(
      'after',
      `
Example:
  $ npx breakwater tools pack mirror     then serve the folder over HTTP and, elsewhere, set
  BREAKWATER_TOOLS_MIRROR=https://files.example.com/mirror
  BREAKWATER_TOOLS_SHA256SUMS=./tools.sha256   a copy of mirror/tools.sha256, kept with your code`,
    )
    .action(async (directory: string, chosen: Chosen) => {
      const packed = await withProgress({ ...options, mesh: chosenMesh(chosen) }, (reporting) =>
        packMirror(resolve(directory), reporting),
      );
      for (const path of packed) say(path);
    });
}

/** The versions of the mesh that there are. */
const versionsLine = () =>
  `Istio: ${ISTIO_VERSIONS.map((version) => (version === ISTIO_VERSION ? `${version} unless you say otherwise` : version)).join(', ')} (--mesh-version, mesh.version in a scenario)
Consul: ${CONSUL_VERSION}, which is only got where a scenario runs on it (--mesh consul)`;

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

/** A line on standard output. */
const say = (line: string) => print(`${line}\n`);

function programsArgument(unless: string): Argument {
  return new Argument('[program...]', `${PROGRAMS.join(', ')}; ${unless} without`).choices(PROGRAMS);
}

async function withProgress<T>(
  options: ResolveOptions,
  work: (options: ResolveOptions) => Promise<T>,
): Promise<T> {
  const progress = createProgress(process.stderr, false);
  try {
    return await work({ ...options, onProgress: reportTo(progress) });
  } finally {
    progress.done();
  }
}

/** What made a program, without digests and flags. */
function shortly(madeBy: string): string {
  return madeBy.replaceAll(/@sha256:\w+/g, '').replace(/ go build .*/, '');
}

function formatTable(statuses: readonly ToolStatus[]): string {
  const header = ['PROGRAM', 'VERSION', 'SOURCE', 'SIZE', 'STATE', 'MADE BY', 'PATH'];
  const rows = statuses.map(({ program, version, source, bytes, state, madeBy, path }) => [
    program,
    version,
    source ?? '-',
    bytes === null ? '-' : megabytes(bytes),
    state,
    shortly(madeBy ?? '-'),
    path ?? '-',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const reasons = statuses.flatMap(({ program, reason }) =>
    reason === undefined ? [] : [`${program}: ${reason}`],
  );
  return [pc.bold(format(header)), ...rows.map(format), ...reasons.map((reason) => pc.red(reason))].join(
    '\n',
  );
}
