import { open, readFile } from 'node:fs/promises';
import { environmentError } from '../kit/errors.ts';
import type { AccessLogReader } from '../meshes/contract.ts';
import type { LogLines } from '../model/log-lines.ts';

const CHUNK_BYTES = 1 << 20;

/** What a log held beside good lines. */
interface LogDamage {
  /** Lines that are the mesh's own by their mark, and not as it writes them. */
  readonly malformed: number;
  /** Last lines cut off before their end. */
  readonly torn: number;
}

/** Gives every good line of one access log to `sink`, many at a time; answers what else the file held. */
export async function readAccessLog(
  file: string,
  reader: AccessLogReader,
  sink: (lines: LogLines) => void,
  chunkBytes = CHUNK_BYTES,
): Promise<LogDamage> {
  const { lines } = reader;
  let malformed = 0;
  await using handle = await open(file, 'r');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let kept = 0;
  /** Inside a line that is longer than the buffer: skip to its end. */
  let overlong = false;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, kept, buffer.length - kept);
    if (bytesRead === 0) break;
    let length = kept + bytesRead;
    if (overlong) {
      const newline = buffer.subarray(0, length).indexOf(10);
      if (newline < 0) {
        kept = 0;
        continue;
      }
      overlong = false;
      buffer.copyWithin(0, newline + 1, length);
      length -= newline + 1;
    }
    let taken = 0;
    do {
      taken = reader.read(buffer, taken, length);
      malformed += lines.malformed;
      if (lines.length > 0) sink(lines);
    } while (lines.length === lines.capacity);
    kept = length - taken;
    if (kept === buffer.length) {
      malformed += 1;
      overlong = true;
      kept = 0;
    } else {
      buffer.copyWithin(0, taken, length);
    }
  }
  return { malformed, torn: kept > 0 || overlong ? 1 : 0 };
}

/** Reads one JSON document; undefined when there is no such file. */
export async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw environmentError(`${file} is not JSON`, 'The run did not finish writing it; run it again.', cause);
  }
}

/** Gives every line of a JSON-lines file to `sink`; answers how many lines were not JSON (a kill tears the last). */
export async function readJsonLines<T>(file: string, sink: (value: T) => void): Promise<number> {
  let damaged = 0;
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
  // readLines closes the file.
  for await (const line of handle.readLines()) {
    if (line === '') continue;
    let value: T;
    try {
      value = JSON.parse(line) as T;
    } catch {
      damaged += 1;
      continue;
    }
    sink(value);
  }
  return damaged;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
