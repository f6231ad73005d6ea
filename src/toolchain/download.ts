import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { type ToolContext, toolsDirectory } from './context.ts';
import { isLongWait, type Response, reasonOfNoAnswer, wishedWaitMs } from './http-client.ts';
import { formatSeconds } from './progress.ts';
import { sha256OfFile } from './store.ts';
import type { Tool } from './tools.ts';

/** Attempts in a row that bring nothing new. */
const ATTEMPTS = 5;
const STALL_MS = 30_000;

export interface DownloadRequest {
  readonly tool: Tool;
  /** What to call it while it arrives. */
  readonly file: string;
  /** Where it is, for people. */
  readonly shown: string;
  readonly sha256: string;
  /** How long it is, where that is known before. */
  readonly bytes?: number;
  /** Asks for it, with these headers too. */
  readonly request: (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;
  /** What to do when it does not arrive, and when it is not what it should be. */
  readonly hints: { readonly unfinished: string; readonly wrong: string };
}

/** Where everything is that has not been unpacked yet. */
export function downloadsDirectory(context: Pick<ToolContext, 'cacheDir'>): string {
  return join(toolsDirectory(context), 'downloads');
}

/**
 * Downloads to a file named after the expected hash, goes on where an earlier attempt or an earlier
 * run stopped, and checks the hash. The caller removes the file once it is unpacked.
 */
export async function download(request: DownloadRequest, context: ToolContext): Promise<string> {
  const directory = downloadsDirectory(context);
  await makeFolder(directory);
  const path = join(directory, request.sha256);
  if (request.bytes === undefined || (await sizeOf(path)) !== request.bytes) {
    await downloadWithRetries(request, path, context);
  }
  const actual = await sha256OfFile(path);
  if (actual === request.sha256) return path;
  await rm(path);
  throw environmentError(
    `${request.shown} does not have the pinned hash\n  expected ${request.sha256}\n  actual   ${actual}`,
    request.hints.wrong,
  );
}

async function downloadWithRetries(
  request: DownloadRequest,
  path: string,
  context: ToolContext,
): Promise<void> {
  let failures = 0;
  for (;;) {
    const before = await sizeOf(path);
    let wishedMs: number | undefined;
    try {
      return await downloadRest(request, path, before, context);
    } catch (error) {
      context.signal.throwIfAborted();
      failures = (await sizeOf(path)) > before ? 0 : failures + 1;
      if (error instanceof TryAgain) wishedMs = error.wishedMs;
      if (error instanceof Refused || failures >= ATTEMPTS) {
        throw environmentError(
          `${request.shown} could not be downloaded: ${reasonOfNoAnswer(error)}`,
          request.hints.unfinished,
          error,
        );
      }
    }
    await sleep(wishedMs ?? 250 * 2 ** failures, undefined, { signal: context.signal });
  }
}

/** An answer that another attempt will not change. */
class Refused extends Error {}

/** An answer that another attempt may change. */
class TryAgain extends Error {
  readonly wishedMs: number | undefined;

  constructor(response: Response) {
    super(`HTTP ${response.status}`);
    this.wishedMs = wishedWaitMs(response);
  }
}

async function downloadRest(
  { tool, file, request, bytes: expected }: DownloadRequest,
  path: string,
  offset: number,
  context: ToolContext,
): Promise<void> {
  const stall = new AbortController();
  const watchdog = setTimeout(
    () => stall.abort(new Error(`nothing arrived for ${STALL_MS / 1000} s`)),
    STALL_MS,
  );
  const signal = AbortSignal.any([context.signal, stall.signal]);
  const startedAt = performance.now();
  try {
    const response = await request(
      { 'accept-encoding': 'identity', ...(offset > 0 && { range: rangeFrom(offset, expected) }) },
      signal,
    );
    if (response.status === 416 && offset > 0) {
      await response.body?.cancel();
      // Nothing lies beyond what we have: it was complete.
      if (expected === undefined || offset === expected) return;
      // It gives no parts, or what we have is more than there is.
      await rm(path, { force: true });
      throw new Error('it gives nothing from where the last attempt broke off');
    }
    const refused =
      response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status);
    if (refused) throw new Refused(`HTTP ${response.status}`);
    const wished = wishedWaitMs(response);
    if (!response.ok && isLongWait(wished)) {
      throw new Refused(`HTTP ${response.status}, and again in ${formatSeconds(wished)}`);
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new TryAgain(response);
    }
    // Some answer a part that nobody has asked for, or everything.
    const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 206 && from !== undefined && Number(from) !== offset) {
      throw new Refused(`it gives bytes from ${from} where those from ${offset} were asked for`);
    }
    const start = response.status === 206 ? offset : 0;
    const length = response.headers.get('content-length');
    const totalBytes = expected ?? (length === null ? undefined : start + Number(length));
    let bytes = start;
    const body = Readable.from(response.body).on('data', (chunk: Uint8Array) => {
      watchdog.refresh();
      bytes += chunk.byteLength;
      if (expected !== undefined && bytes > expected) {
        stall.abort(new Refused(`it is longer than the ${expected} bytes that it should have`));
      }
      const elapsedMs = performance.now() - startedAt;
      context.onProgress({
        tool: tool.name,
        phase: 'download',
        file,
        bytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
        bytesPerSecond: ((bytes - start) / Math.max(1, elapsedMs)) * 1_000,
        elapsedMs,
      });
    });
    await pipeline(body, createWriteStream(path, { flags: start > 0 ? 'a' : 'w' }), { signal });
    if (expected !== undefined && bytes < expected)
      throw new Error(`it ended after ${bytes} of ${expected} bytes`);
  } catch (error) {
    // However the end of a stalled request surfaced.
    throw stall.signal.aborted ? stall.signal.reason : error;
  } finally {
    clearTimeout(watchdog);
  }
}

/** With its end where that is known: some registries know no other. */
const rangeFrom = (offset: number, bytes: number | undefined) =>
  `bytes=${offset}-${bytes === undefined ? '' : bytes - 1}`;

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
