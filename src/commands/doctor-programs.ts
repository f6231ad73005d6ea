import { kindSettings, versions } from '../environments/kind/versions.ts';
import { OperatorError } from '../kit/errors.ts';
import { howItEnded, runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import type { ToolContext } from '../toolchain/context.ts';
import { sourcesOf } from '../toolchain/ensure.ts';
import { findGo } from '../toolchain/go-environment.ts';
import { surveyImages } from '../toolchain/images/fetch.ts';
import { inspectTools, type ToolStatus } from '../toolchain/index.ts';
import { surveyMirror } from '../toolchain/mirror.ts';
import { surveyRelease } from '../toolchain/release.ts';
import { type Source, Unavailable } from '../toolchain/sources.ts';
import { storedPlace } from '../toolchain/store.ts';
import { type Tool, toolFiles } from '../toolchain/tools.ts';
import { findPip } from '../toolchain/wheel.ts';

/** A Docker that is slower than this is one that does not answer. */
const answerTimeoutMs = 5_000;

export interface DoctorFinding {
  readonly what: string;
  readonly ok: boolean;
  /** Whether a run can't do without it. */
  readonly needed: boolean;
  readonly found: string;
  readonly fix?: string;
  /** Whether it would be fetched into the cache. */
  readonly fetched?: boolean;
}

/** Where a tool that is not there yet would come from. */
interface Origin {
  /** "docker.io/grafana/k6:1.8.1; at most 62 MB"; undefined when it takes what is missing here. */
  readonly from?: string;
  /** What else there is to say: what it would be made with, and who does not answer. */
  readonly findings: readonly DoctorFinding[];
}

/** The programs, and beside those that are not there yet where they would come from. */
export async function programs(context: ToolContext): Promise<DoctorFinding[]> {
  const statuses = await inspectTools({ tools: context.tools });
  const findings: DoctorFinding[] = [];
  for (const tool of context.tools) {
    const own = statuses.filter(({ program }) =>
      tool.programs.some(({ name }) => name === program && !tool.besides?.includes(name)),
    );
    const origin = (await needsFetching(tool, own, context)) ? await originOf(tool, context) : undefined;
    const all = [...own.map((status) => programFinding(status, origin)), ...(origin?.findings ?? [])];
    findings.push(...all.map((finding) => ofSomeRuns(finding, tool)));
  }
  return findings;
}

/** Most runs do without a tool that is for something of its own. */
function ofSomeRuns(finding: DoctorFinding, { onlyFor }: Tool): DoctorFinding {
  if (onlyFor === undefined) return finding;
  return { ...finding, needed: false, found: `${finding.found} (only for ${onlyFor})` };
}

function programFinding(status: ToolStatus, origin: Origin | undefined): DoctorFinding {
  const { state, version, path, reason } = status;
  const fetching =
    origin !== undefined && origin.from === undefined
      ? `npx breakwater tools fetch ${status.program}, once there is what it is made with (see the next ✗)`
      : `a run fetches it by itself${origin?.from ? ` (${origin.from})` : ''}; to do so now: npx breakwater tools fetch`;
  return {
    what: status.program,
    ok: state === 'ready',
    // A wrong program of the operator's own stops a run; one that is missing is fetched by it.
    needed: state === 'unusable',
    fetched: state !== 'unusable',
    found:
      state === 'ready'
        ? `${version} at ${path} (${originOfReady(status)})`
        : (reason ?? `${version} is ${state}`) + (state === 'damaged' ? ' (damaged)' : ''),
    fix: state === 'unusable' ? `point the variable to ${version}, or unset it` : fetching,
  };
}

/** Where a program came from that is there, without digests and flags. */
function originOfReady({ madeBy }: ToolStatus): string {
  return (madeBy ?? '').replaceAll(/@sha256:\w+/g, '').replace(/ go build .*/, '');
}

/** Whether something of a tool is not there yet. */
async function needsFetching(
  tool: Tool,
  statuses: readonly ToolStatus[],
  context: ToolContext,
): Promise<boolean> {
  if (statuses.some(({ state }) => state === 'missing' || state === 'damaged')) return true;
  // Programs of one's own come without the data file that goes with them.
  if (toolFiles(tool, 'image').data.length === 0 || context.env['BREAKWATER_ISTIO_BOOTSTRAP']) return false;
  return (await storedPlace(tool, context)).stored.state !== 'ready';
}

/** Asks the sources of a tool in their order, as a run would, and fetches nothing. */
async function originOf(tool: Tool, context: ToolContext): Promise<Origin> {
  const findings: DoctorFinding[] = [];
  const sources = sourcesOf(tool, context);
  for (const source of sources) {
    try {
      const from = await surveyOf(source, tool, context);
      if (from !== undefined) return { from, findings };
      const maker = await makerOf(tool, context);
      return maker.ok
        ? { from: madeFromSource(tool), findings: [...findings, maker] }
        : { findings: [...findings, maker] };
    } catch (error) {
      const needed = !(error instanceof Unavailable) || source === sources.at(-1);
      findings.push({ what: `${plurals[source]}, for ${tool.name}`, ok: false, needed, ...explained(error) });
      if (needed) return { findings };
    }
  }
  return { findings };
}

const plurals: Readonly<Record<Source, string>> = {
  mirror: 'mirror',
  image: 'images',
  wheel: 'wheel',
  release: 'releases',
  build: 'build',
};

/** Where a source would take a tool from, and how much that is; undefined for one that makes it on this machine. */
async function surveyOf(source: Source, tool: Tool, context: ToolContext): Promise<string | undefined> {
  switch (source) {
    case 'mirror': {
      const { from, bytes } = await surveyMirror(tool, context);
      return `${from}${sizeText(bytes)}`;
    }
    case 'image': {
      const { from, bytes } = await surveyImages(tool, context);
      return `${from.join(', ')}; at most ${megabytes(bytes)}`;
    }
    case 'release': {
      const { from, bytes } = await surveyRelease(tool, context);
      return `${from}${sizeText(bytes)}`;
    }
    default:
      return undefined;
  }
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;

const sizeText = (bytes: number | undefined) => (bytes === undefined ? '' : `; ${megabytes(bytes)}`);

/** "built with Go, about 3 minutes on 2 cores, once; 50 MB, and about 3 GB for the compiler meanwhile". */
function madeFromSource({ source, expectation, size }: Tool): string {
  if (source.kind === 'wheel') return `the wheel on PyPI, ${expectation}`;
  return `built with Go, ${expectation}; ${size}, and about 3 GB for the compiler meanwhile`;
}

/** Go, or Python with pip, as the tool's source asks for it. */
async function makerOf(tool: Tool, context: ToolContext): Promise<DoctorFinding> {
  const language = tool.source.kind === 'go-module' ? 'Go' : 'Python';
  const finding = { what: `${language}, for ${tool.name}`, needed: true };
  try {
    if (tool.source.kind === 'wheel') return { ...finding, ok: true, found: await findPip(tool, context) };
    const { go, version } = await findGo(tool, context);
    return { ...finding, ok: true, found: `${version} at ${go}` };
  } catch (error) {
    return { ...finding, ok: false, ...explained(error) };
  }
}

/** Docker and kind: nobody needs them who stays on this host, where that is possible. */
export async function clusterPrograms(needed: boolean): Promise<DoctorFinding[]> {
  try {
    const { docker, kind } = kindSettings(process.env);
    return [
      await optional('Docker', needed, docker, ['version', '--format', '{{.Server.Version}}'], {
        fix: 'https://docs.docker.com/engine/install/, or BREAKWATER_KIND_DOCKER=/path/to/docker',
      }),
      await optional('kind', needed, kind, ['version', '--quiet'], {
        fix: `go install sigs.k8s.io/kind@${versions.kind}, or BREAKWATER_KIND_PROGRAM=/path/to/kind`,
      }),
    ];
  } catch (error) {
    return [{ what: 'kind', ok: false, needed, ...explained(error) }];
  }
}

async function optional(
  what: string,
  needed: boolean,
  program: string,
  args: readonly string[],
  { fix }: { readonly fix: string },
): Promise<DoctorFinding> {
  const finding = (ok: boolean, found: string): DoctorFinding => ({
    what,
    ok,
    needed,
    found: `${found} (only for --env kind)`,
    fix,
  });
  const result = await runProgram({ program, args, group: 'tied', timeoutMs: answerTimeoutMs });
  switch (result.ended) {
    case 'ok':
      return finding(true, result.stdout.trim());
    case 'failed':
      return finding(false, lastLines(result.stderr, 1).trim());
    case 'missing':
      return finding(false, `there is no ${program}`);
    case 'timeout':
      return finding(false, `no answer within ${answerTimeoutMs / 1_000} s`);
    default:
      return finding(false, `${program} ${howItEnded(result)}`);
  }
}

/** An error that the operator can act on, as a finding says it. */
export function explained(error: unknown): Pick<DoctorFinding, 'found' | 'fix'> {
  if (!(error instanceof OperatorError)) throw error;
  return { found: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) };
}
