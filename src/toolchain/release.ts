import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { type Address, below, hideInAddress, parseAddress } from '../kit/address.ts';
import { environmentError, usageError } from '../kit/errors.ts';
import { LARGE, readArchive } from './archive.ts';
import { PLATFORM, type ToolContext } from './context.ts';
import { download } from './download.ts';
import type { Made } from './ensure.ts';
import { type HttpClient, httpClient, reasonOfNoAnswer } from './http-client.ts';
import { isTrusted } from './images/registries.ts';
import { IMAGES_VARIABLE, pinOf, rememberDigest } from './pins.ts';
import { sizeAt } from './size.ts';
import { Unavailable, Unreachable } from './sources.ts';
import type { Staging } from './store.ts';
import type { ReleaseArchive, Tool } from './tools.ts';

const VARIABLE = 'BREAKWATER_TOOLS_RELEASES';
const USUAL = 'https://github.com';
/** The hash of an archive, and its name. */
const MOST_HASH_CHARACTERS = 1_000;

/** An archive that has been found. */
interface FoundArchive {
  readonly release: ReleaseArchive;
  readonly name: string;
  readonly address: Address;
  /** Where releases are, for people and for what is remembered: "github.com". */
  readonly place: string;
  readonly bytes: number | undefined;
}

/**
 * Takes a tool out of the archive of its release, which has to have the hash that is pinned, or that was seen first, or
 * that is published beside it. Throws Unavailable where there is none for this machine, or nobody gives it.
 */
export async function fetchRelease(tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  return withRelease(tool, context, async (found, client) => {
    const { digest, pinned } = await digestOf(found, client, context);
    const archive = await downloadArchive(tool, found, digest, client, context);
    const missing = await unpack(archive, found, staging, context.signal);
    await rm(archive, { force: true });
    if (missing !== undefined) {
      throw environmentError(`${found.address.shown} has no ${missing}`, 'It is no official archive.');
    }
    if (!pinned) await remember(tool, found, digest, context);
    return { source: 'release', madeBy: `${found.address.shown}@${digest}` };
  });
}

/** Where a tool would be fetched from, and how much that is where it is told. Fetches nothing. */
export async function surveyRelease(
  tool: Tool,
  context: ToolContext,
): Promise<{ readonly from: string; readonly bytes: number | undefined }> {
  return withRelease(tool, context, async ({ address, bytes }) => ({ from: address.shown, bytes }));
}

async function withRelease<T>(
  tool: Tool,
  context: ToolContext,
  work: (found: FoundArchive, client: HttpClient) => Promise<T>,
): Promise<T> {
  const { release } = tool;
  const name = release?.archives[PLATFORM];
  if (release === undefined || name === undefined) {
    throw new Unavailable(`there is no release of ${tool.name} for ${PLATFORM}`);
  }
  const base = placeOfReleases(context.env);
  const place = base.url.host;
  await using client = await httpClient(context, [place]);
  try {
    const silent = context.silent.get(place);
    if (silent !== undefined) throw silent;
    const address = below(base, `${release.folder}${name}`);
    const bytes = await sizeAt(address, client, context.signal).catch((error: unknown) => {
      context.signal.throwIfAborted();
      throw new Unreachable(`${place} cannot be reached: ${reasonOfNoAnswer(error)}`, {
        hint: `Check the network, HTTPS_PROXY and NO_PROXY; ${VARIABLE} names a place that has what ${USUAL} has.`,
        cause: error,
      });
    });
    if (typeof bytes === 'object') {
      throw new Unavailable(`${address.shown} is not given (HTTP ${bytes.status})`, {
        hint: `${VARIABLE} names a place that has what ${USUAL} has.`,
      });
    }
    return await work({ release, name, address, place, bytes }, client);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    if (error instanceof Unreachable) context.silent.set(place, error);
    // Whoever has named a place wants it used.
    if (context.env[VARIABLE]) throw environmentError(error.message, error.hint, error);
    throw error;
  }
}

function placeOfReleases(env: NodeJS.ProcessEnv): Address {
  const text = env[VARIABLE] || USUAL;
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw usageError(
    `${VARIABLE} is no http or https address: ${hideInAddress(text)}`,
    'such as https://files.example.com/github',
  );
}

/** The hash that an archive has to have, and whether somebody has said it before. */
async function digestOf(
  { name, address, place }: FoundArchive,
  client: HttpClient,
  context: ToolContext,
): Promise<{ readonly digest: string; readonly pinned: boolean }> {
  const pin = await pinOf(name, place, context);
  if (pin === 'not allowed') {
    throw new Unavailable(`${IMAGES_VARIABLE} does not name ${name}`, {
      hint: `Add a line: ${name}@sha256:…`,
    });
  }
  if (pin !== undefined) return { digest: pin.digest, pinned: true };
  if (!isTrusted(address)) {
    throw environmentError(
      `${place} speaks without TLS, and no hash is pinned for ${name}`,
      `Name a list with the line ${name}@sha256:… in ${IMAGES_VARIABLE}, or use TLS.`,
    );
  }
  const beside = new URL(address.url);
  beside.pathname += '.sha256';
  const { status, text } = await beginningOf(beside, address, client, context.signal).catch((error) => {
    context.signal.throwIfAborted();
    throw new Unreachable(`${place} cannot be reached: ${reasonOfNoAnswer(error)}`, { cause: error });
  });
  const hash = status === 200 ? /^[0-9a-f]{64}\b/.exec(text.trim())?.[0] : undefined;
  if (hash !== undefined) return { digest: `sha256:${hash}`, pinned: false };
  throw new Unavailable(`nothing says what ${address.shown} must hash to (HTTP ${status} beside it)`, {
    hint: `${IMAGES_VARIABLE} names a list with the line ${name}@sha256:…`,
  });
}

/** The first characters of an answer, which may be without an end. */
async function beginningOf(
  url: URL,
  { headers }: Address,
  client: HttpClient,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await client.fetch(url, { headers, signal });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('latin1');
    if (text.length >= MOST_HASH_CHARACTERS) break;
  }
  return { status: response.status, text };
}

function downloadArchive(
  tool: Tool,
  { name, address, place, bytes }: FoundArchive,
  digest: string,
  client: HttpClient,
  context: ToolContext,
): Promise<string> {
  return download(
    {
      tool,
      file: name,
      shown: address.shown,
      sha256: digest.slice('sha256:'.length),
      ...(bytes === undefined ? {} : { bytes }),
      request: (more, signal) =>
        client.fetch(address.url, { headers: { ...address.headers, ...more }, signal }),
      hints: {
        unfinished:
          'What has arrived is kept, and the next time goes on from there. BREAKWATER_TOOLS_SOURCES=image,build does without releases.',
        wrong: `Nothing of it was used, and it was thrown away. Ask who runs ${place}, or try again.`,
      },
    },
    context,
  );
}

/** Writes the files of a tool; answers with the path of one that is not in the archive. */
async function unpack(
  archive: string,
  { release, address }: FoundArchive,
  staging: Staging,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted = new Map(
    Object.entries(release.files).map(([name, path]) => [path, join(staging.files, name)]),
  );
  const request = {
    archive,
    decompressor: createGunzip(LARGE),
    shown: address.shown,
    hint: 'Nothing of it was used; BREAKWATER_TOOLS_SOURCES=image,build does without releases.',
  };
  await readArchive(request, signal, async ({ path, type, write }) => {
    const target = wanted.get(path);
    if (target === undefined || type !== 'file') return;
    await write([target]);
    wanted.delete(path);
  });
  return [...wanted.keys()][0];
}

async function remember(tool: Tool, { name, place }: FoundArchive, digest: string, context: ToolContext) {
  await rememberDigest(name, place, digest, context);
  context.onProgress({
    tool: tool.name,
    phase: 'notice',
    message: `no hash is pinned for ${name}; from now on it is ${digest}, as ${place} says`,
    elapsedMs: 0,
  });
}
