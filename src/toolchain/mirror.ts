import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Address, below, hideInAddress, parseAddress } from '../kit/address.ts';
import { environmentError, usageError } from '../kit/errors.ts';
import { PLATFORM, type ToolContext } from './context.ts';
import { type DownloadRequest, download } from './download.ts';
import type { Made } from './ensure.ts';
import { httpClient, reasonOfNoAnswer } from './http-client.ts';
import { sizeAt } from './size.ts';
import { Unavailable } from './sources.ts';
import type { Staging } from './store.ts';
import { type Tool, toolFiles } from './tools.ts';

export const MIRROR_VARIABLE = 'BREAKWATER_TOOLS_MIRROR';
const SUMS_VARIABLE = 'BREAKWATER_TOOLS_SHA256SUMS';
export const SUMS_FILE = 'tools.sha256';

const HINTS = {
  unfinished: 'Check BREAKWATER_TOOLS_MIRROR and the network; a partial download is kept and continued.',
  wrong:
    'The file was thrown away. The mirror and the list of hashes must come from the same `npx breakwater tools pack`.',
};

/** Where a mirror keeps one file of a tool, below its base URL. */
export function mirrorPath(tool: Tool, file: string): string {
  return `${tool.name}/${tool.version}/${PLATFORM}/${file}.gz`;
}

/** What a mirror has of a tool. */
export function mirroredFiles(tool: Tool): readonly string[] {
  const { programs, data } = toolFiles(tool, 'download');
  return [...programs.map(({ name }) => name), ...data];
}

/**
 * Downloads a prebuilt tool out of the mirror. Throws Unavailable when the operator's list of hashes does not name the
 * tool: then it comes from elsewhere.
 */
export async function fetchFromMirror(tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  const mirror = mirrorOf(context.env);
  if (mirror === undefined) throw new Unavailable(`${MIRROR_VARIABLE} names no mirror`);
  const sums = await readSums(context.env);
  const files = mirroredFiles(tool).map((name) => ({ name, sha256: sums.get(mirrorPath(tool, name)) }));
  const missing = files.find((file) => file.sha256 === undefined);
  if (missing !== undefined) {
    throw new Unavailable(
      `${mirrorPath(tool, missing.name)} is not in ${context.env[SUMS_VARIABLE]}, so not using the mirror`,
    );
  }
  await using client = await httpClient(context, [mirror.url.host]);
  for (const { name, sha256 = '' } of files) {
    const { url, headers, shown } = below(mirror, mirrorPath(tool, name));
    const request: DownloadRequest['request'] = (more, signal) =>
      client.fetch(url, { headers: { ...headers, ...more }, signal });
    const archive = await download({ tool, file: name, shown, sha256, request, hints: HINTS }, context);
    await pipeline(createReadStream(archive), createGunzip(), createWriteStream(join(staging.files, name)), {
      signal: context.signal,
    });
    await rm(archive);
  }
  return { source: 'download', madeBy: `mirror ${mirror.shown}` };
}

/** Where a mirror would give a tool from, and how much that is where it says. Fetches nothing. */
export async function surveyMirror(
  tool: Tool,
  context: ToolContext,
): Promise<{ readonly from: string; readonly bytes: number | undefined }> {
  const mirror = mirrorOf(context.env);
  if (mirror === undefined || !(await isInMirror(tool, context))) {
    throw new Unavailable(
      `${context.env[SUMS_VARIABLE]} does not name all files of ${tool.name} ${tool.version}`,
    );
  }
  await using client = await httpClient(context, [mirror.url.host]);
  const sizes = await Promise.all(
    mirroredFiles(tool).map((name) =>
      sizeAt(below(mirror, mirrorPath(tool, name)), client, context.signal).catch((error: unknown) => {
        throw environmentError(
          `${mirror.shown} cannot be reached: ${reasonOfNoAnswer(error)}`,
          HINTS.unfinished,
        );
      }),
    ),
  );
  const refused = sizes.find((size) => typeof size === 'object');
  if (refused !== undefined) {
    throw environmentError(
      `${mirror.shown} does not give ${tool.name} (HTTP ${refused.status})`,
      HINTS.unfinished,
    );
  }
  const known = sizes.filter((size) => typeof size === 'number');
  return {
    from: mirror.shown,
    bytes: known.length === sizes.length ? known.reduce((sum, size) => sum + size, 0) : undefined,
  };
}

/** Whether the operator's mirror has every file of a tool. */
export async function isInMirror(tool: Tool, { env }: ToolContext): Promise<boolean> {
  if (mirrorOf(env) === undefined) return false;
  const sums = await readSums(env);
  return mirroredFiles(tool).every((name) => sums.has(mirrorPath(tool, name)));
}

/** The mirror that the operator has set, if any. */
function mirrorOf(env: NodeJS.ProcessEnv): Address | undefined {
  const text = env[MIRROR_VARIABLE];
  if (!text) return undefined;
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw usageError(
    `${MIRROR_VARIABLE} is no http or https address: ${hideInAddress(text)}`,
    'such as https://files.example.com/mirror',
  );
}

async function readSums(env: NodeJS.ProcessEnv): Promise<Map<string, string>> {
  const path = env[SUMS_VARIABLE];
  if (!path) {
    throw usageError(
      `${MIRROR_VARIABLE} is set, but nothing says what its files must hash to`,
      `Set ${SUMS_VARIABLE} to the ${SUMS_FILE} that \`npx breakwater tools pack\` wrote; keep it where you keep your code, not on the mirror.`,
    );
  }
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError(
      `${SUMS_VARIABLE}: ${(error as Error).message}`,
      `It names the ${SUMS_FILE} of your mirror.`,
    );
  });
  return parseSums(text, path);
}

/** The format of sha256sum: hash, two spaces, path. */
export function parseSums(text: string, path: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line.trimEnd());
    if (match?.[1] === undefined || match[2] === undefined) {
      throw usageError(`${path}:${index + 1}: not a line of sha256sum: ${line}`);
    }
    sums.set(match[2], match[1]);
  }
  return sums;
}
