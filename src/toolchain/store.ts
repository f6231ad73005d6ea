import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonAs } from '../kit/json.ts';
import { PLATFORM, type ToolContext, toolsDirectory } from './context.ts';
import { type Tool, toolFiles } from './tools.ts';

/** `complete.json`: written last, so a folder that has one is whole. */
const Complete = z.strictObject({
  schema: z.literal(1),
  tool: z.string(),
  version: z.string(),
  source: z.enum(['image', 'release', 'download', 'build']),
  /** What made it: images with their digests, an archive with its hash, the mirror, the wheel, or the compiler and its flags. */
  madeBy: z.string(),
  madeAt: z.iso.datetime(),
  seconds: z.number(),
  /** Program → its version, where that is not the tool's. */
  versions: z.record(z.string(), z.string()).optional(),
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), bytes: z.number(), mtimeMs: z.number() })),
});
export type Complete = z.infer<typeof Complete>;

export type StoredTool =
  | { readonly state: 'missing' }
  | { readonly state: 'damaged'; readonly reason: string }
  | { readonly state: 'ready'; readonly complete: Complete };

/** Where a tool with exactly these pins is kept. */
export async function toolDirectory(tool: Tool, context: Pick<ToolContext, 'cacheDir'>): Promise<string> {
  const name = `${tool.name}-${tool.version}-${PLATFORM}-${await pinsHash(tool)}`;
  return join(toolsDirectory(context), name);
}

/** Changes whenever anything changes that decides what the tool's files contain. */
async function pinsHash(tool: Tool): Promise<string> {
  const { version, source, programs } = tool;
  const hash = createHash('sha256').update(JSON.stringify({ version, source, programs }));
  const files = source.kind === 'unpinned' ? [] : await readdir(tool.directory);
  for (const file of files.sort()) {
    hash.update(`\n${file}\n`).update(await readFile(join(tool.directory, file)));
  }
  return hash.digest('hex').slice(0, 10);
}

/**
 * What the store holds of a tool. Contents are hashed when `verify` asks for it, and where size or
 * modification time (to the second, all that some archives keep) differ from what was recorded.
 */
export async function readStored(
  directory: string,
  tool: Tool,
  { verify = false }: { readonly verify?: boolean } = {},
): Promise<StoredTool> {
  const text = await readFile(join(directory, 'complete.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return { state: 'missing' };
  const complete = jsonAs(Complete, text);
  if (complete === undefined) return { state: 'damaged', reason: 'complete.json cannot be read' };
  const { programs, data } = toolFiles(tool, complete.source);
  const executables = programs.map(({ name }) => name);
  for (const name of [...executables, ...data]) {
    const reason = await findDamage(directory, name, complete, {
      verify,
      isProgram: executables.includes(name),
    });
    if (reason !== undefined) return { state: 'damaged', reason };
  }
  return { state: 'ready', complete };
}

/** Where a tool is kept, which may be beside another one whose build has brought it along, and what is there. */
export async function storedPlace(
  tool: Tool,
  context: Pick<ToolContext, 'cacheDir' | 'tools'>,
  options: { readonly verify?: boolean } = {},
): Promise<{ readonly directory: string; readonly stored: StoredTool }> {
  const directory = await toolDirectory(tool, context);
  const stored = await readStored(directory, tool, options);
  const whole = context.tools.find(({ name }) => name === tool.builtWith);
  if (stored.state === 'ready' || whole === undefined) return { directory, stored };
  const beside = { directory: await toolDirectory(whole, context) };
  const other = await readStored(beside.directory, whole, options);
  const hasIt = other.state === 'ready' && tool.programs.every(({ name }) => name in other.complete.files);
  return hasIt ? { ...beside, stored: other } : { directory, stored };
}

async function findDamage(
  directory: string,
  name: string,
  complete: Complete,
  { verify, isProgram }: { readonly verify: boolean; readonly isProgram: boolean },
): Promise<string | undefined> {
  const path = join(directory, name);
  const recorded = complete.files[name];
  if (recorded === undefined) return `${name} is not in complete.json`;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return `${name} is gone`;
  if (isProgram && (found.mode & 0o111) === 0) return `${name} may not be executed any more`;
  if (found.size !== recorded.bytes) return `${name} has ${found.size} bytes instead of ${recorded.bytes}`;
  const touched = Math.floor(found.mtimeMs / 1000) !== Math.floor(recorded.mtimeMs / 1000);
  if (!verify && !touched) return undefined;
  const actual = await sha256OfFile(path);
  if (actual !== recorded.sha256) return `${name} has the hash ${actual} instead of ${recorded.sha256}`;
  // Only touched: remember that, where the cache may be written to, so the next look is cheap again.
  if (touched) await utimes(path, found.atime, new Date(recorded.mtimeMs)).catch(() => {});
  return undefined;
}

/** A place to make a tool in, beside the finished ones so that a rename puts it among them. */
export interface Staging extends AsyncDisposable {
  /** What becomes the tool's folder. */
  readonly files: string;
  /** For everything else. */
  readonly scratch: string;
}

export async function createStaging(tool: Tool, context: ToolContext): Promise<Staging> {
  const root = await mkdtemp(join(toolsDirectory(context), stagingPrefix(tool)));
  const staging = { files: join(root, 'files'), scratch: join(root, 'scratch') };
  await mkdir(staging.files);
  await mkdir(staging.scratch);
  return { ...staging, [Symbol.asyncDispose]: () => removeTree(root) };
}

/** Removes what killed runs left behind. Only for the holder of the tool's lock. */
export async function removeStaging(tool: Tool, context: ToolContext): Promise<void> {
  const parent = toolsDirectory(context);
  const leftovers = (await readdir(parent)).filter((name) => name.startsWith(stagingPrefix(tool)));
  await Promise.all(leftovers.map((name) => removeTree(join(parent, name))));
}

function stagingPrefix(tool: Tool): string {
  return `.making-${tool.name}-`;
}

/** Completes a tool's files and puts them in place of whatever is at `directory`. */
export async function install(
  staged: string,
  directory: string,
  tool: Tool,
  made: Pick<Complete, 'source' | 'madeBy' | 'seconds' | 'versions'>,
): Promise<void> {
  const { programs, data } = toolFiles(tool, made.source);
  const files: Complete['files'] = {};
  for (const name of [...programs.map((program) => program.name), ...data]) {
    const path = join(staged, name);
    const { size, mtimeMs } = await stat(path);
    files[name] = { sha256: await sha256OfFile(path), bytes: size, mtimeMs };
  }
  const complete: Complete = {
    schema: 1,
    tool: tool.name,
    version: tool.version,
    ...made,
    madeAt: new Date().toISOString(),
    files,
  };
  await writeFile(join(staged, 'complete.json'), `${JSON.stringify(complete, null, 2)}\n`);
  await removeTree(directory);
  await rename(staged, directory);
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}

export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
