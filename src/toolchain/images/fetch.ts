import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../../kit/errors.ts';
import { together } from '../../kit/together.ts';
import type { ToolContext } from '../context.ts';
import { download } from '../download.ts';
import type { Made } from '../ensure.ts';
import { httpClient } from '../http-client.ts';
import { withLock } from '../lock.ts';
import { pinOf, rememberDigest } from '../pins.ts';
import type { ToolProgress } from '../progress.ts';
import { Unavailable, Unreachable } from '../sources.ts';
import { readStored, type Staging, sha256OfFile, toolDirectory } from '../store.ts';
import type { ImageFiles, Tool } from '../tools.ts';
import { filesOutOf } from './layer.ts';
import { imagePlatform, type Layer, layersFor } from './manifest.ts';
import { areRegistriesNamed, isTrusted, type RegistryPlace, registriesOf } from './registries.ts';
import { type Registry, registryAt } from './registry.ts';

/** An image that has been found, down to its layers for this machine. */
interface FoundImage {
  readonly registry: Registry;
  readonly files: ImageFiles;
  readonly digest: string;
  /** Whether somebody has said beforehand that this is its digest. */
  readonly pinned: boolean;
  /** The lowest first. */
  readonly layers: readonly Layer[];
}

/**
 * Fetches every file of a tool out of the layers of its images: nothing else of them is unpacked. Throws Unavailable
 * where there are none for this machine, or no registry gives them.
 */
export async function fetchFromImages(tool: Tool, staging: Staging, context: ToolContext): Promise<Made> {
  const taken = await withImages(tool, context, (find) =>
    together(
      context.signal,
      tool.images.map((files) => async (signal) => {
        const image = await find(files);
        const archives = await takeFiles(tool, image, staging, { ...context, signal });
        return { image, archives };
      }),
    ),
  );
  await requireHashes(tool, staging);
  // After each other: they are kept in one file.
  for (const { image } of taken) if (!image.pinned) await remember(tool, image, context);
  if (!(await isWantedElsewhere(tool, context))) {
    const archives = new Set(taken.flatMap((one) => one.archives));
    for (const path of archives) await rm(path, { force: true });
  }
  const images = taken.map(({ image: { registry, files, digest } }) => {
    return `${registry.place.shown}/${nameOf(files)}@${digest}`;
  });
  return { source: 'image', madeBy: images.join(', ') };
}

/** Where a tool would be fetched from, and how much that is at the most: all layers of its images. Fetches nothing. */
export async function surveyImages(
  tool: Tool,
  context: ToolContext,
): Promise<{ readonly from: readonly string[]; readonly bytes: number }> {
  return withImages(tool, context, async (find) => {
    const found = await Promise.all(tool.images.map(find));
    const layers = new Map(found.flatMap((image) => image.layers.map(({ digest, size }) => [digest, size])));
    return {
      from: found.map(({ registry, files }) => `${registry.place.shown}/${nameOf(files)}`),
      bytes: [...layers.values()].reduce((sum, size) => sum + size, 0),
    };
  });
}

/** Looks images up, each at the first registry that gives it. */
async function withImages<T>(
  tool: Tool,
  context: ToolContext,
  work: (find: (files: ImageFiles) => Promise<FoundImage>) => Promise<T>,
): Promise<T> {
  const platform = imagePlatform();
  if (platform === undefined || tool.images.length === 0) {
    throw new Unavailable(`there is no image of ${tool.name} for ${process.platform}-${process.arch}`);
  }
  const places = registriesOf(context.env);
  await using client = await httpClient(
    context,
    places.map(({ url }) => url.host),
  );
  const registries = places.map((place) => registryAt(place, client, context));
  return await work((files) => findAtAny(registries, files, platform, context)).catch((error: unknown) => {
    // Whoever has named a registry wants it used, and not what it does not give made in another way.
    if (error instanceof Unavailable && areRegistriesNamed(context.env)) {
      throw environmentError(error.message, error.hint, error);
    }
    throw error;
  });
}

async function findAtAny(
  registries: readonly Registry[],
  files: ImageFiles,
  platform: string,
  context: ToolContext,
): Promise<FoundImage> {
  const refusals: Unavailable[] = [];
  for (const registry of registries) {
    try {
      const before = context.silent.get(registry.place.shown);
      if (before !== undefined) throw before;
      return await findImage(registry, files, platform, context);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (error instanceof Unreachable) context.silent.set(registry.place.shown, error);
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first === undefined || refusals.length === 1) throw first;
  throw new Unavailable(refusals.map(({ message }) => message).join('; '), { hint: first.hint });
}

async function findImage(
  registry: Registry,
  files: ImageFiles,
  platform: string,
  context: ToolContext,
): Promise<FoundImage> {
  const { place } = registry;
  const name = nameOf(files);
  const pin = await pinOf(name, place.shown, context);
  if (pin === 'not allowed') {
    throw new Unavailable(`BREAKWATER_TOOLS_IMAGES does not name ${name}`, {
      hint: `Add a line: ${name}@sha256:…`,
    });
  }
  if (pin === undefined) requireTrust(place, name);
  const found = await registry.manifest(files.repository, pin?.digest ?? files.tag);
  const layers = await layersFor(platform, registry, files.repository, found);
  return { registry, files, digest: found.digest, pinned: pin !== undefined, layers };
}

/** What a tag has led to is what it leads to from now on. */
async function remember(tool: Tool, { registry, files, digest }: FoundImage, context: ToolContext) {
  const { shown } = registry.place;
  await rememberDigest(nameOf(files), shown, digest, context);
  context.onProgress({
    tool: tool.name,
    phase: 'notice',
    message: `no digest is pinned for ${nameOf(files)}; from now on it is ${digest}, as ${shown} says`,
    elapsedMs: 0,
  });
}

/** A tag without a pin is as true as the one who says what it leads to. */
function requireTrust(place: RegistryPlace, name: string): void {
  if (isTrusted(place)) return;
  throw environmentError(
    `${place.shown} speaks without TLS, and no digest is pinned for ${name}`,
    `Name a list with the line ${name}@sha256:… in BREAKWATER_TOOLS_IMAGES, or use TLS.`,
  );
}

const nameOf = ({ repository, tag }: ImageFiles) => `${repository}:${tag}`;

/** Links lead to others, and in a broken image in a circle. */
const MOST_LINKS = 16;

/** From the top: what a layer has, or takes away, hides what is below. Answers with the archives that it used. */
async function takeFiles(
  tool: Tool,
  { registry, files, layers }: FoundImage,
  staging: Staging,
  context: ToolContext,
): Promise<readonly string[]> {
  const wanted = new Map(
    Object.entries(files.files).map(([name, path]) => [join(staging.files, name), path] as const),
  );
  const archives: string[] = [];
  let links = 0;
  for (const layer of [...layers].reverse()) {
    if (wanted.size === 0) break;
    const archive = await downloadLayer(tool, registry, files, layer, context);
    archives.push(archive);
    context.archives.add(archive);
    for (;;) {
      const found = await filesOutOf(archive, layer, wanted, context.signal);
      for (const target of found.written) wanted.delete(target);
      // Where a link leads to may be in the same layer, and before it.
      for (const [target, path] of found.links) wanted.set(target, path);
      links += found.links.size;
      if (links > MOST_LINKS) throw noFile(registry, files, [...found.links.values()][0] ?? '');
      if (found.links.size > 0) continue;
      const gone = [...wanted.values()].find((path) => found.removed.has(path));
      if (gone !== undefined) throw noFile(registry, files, gone);
      break;
    }
  }
  const [missing] = wanted.values();
  if (missing !== undefined) throw noFile(registry, files, missing);
  return archives;
}

function noFile({ place }: Registry, files: ImageFiles, path: string) {
  return environmentError(
    `${place.shown}/${nameOf(files)} has no /${path}`,
    'It is no official image, or one of another version. BREAKWATER_TOOLS_SOURCES=wheel,build does without images.',
  );
}

/** Two tools may have a layer in common. */
function downloadLayer(
  tool: Tool,
  registry: Registry,
  { repository, tag }: ImageFiles,
  { digest, size }: Layer,
  context: ToolContext,
): Promise<string> {
  const sha256 = digest.slice('sha256:'.length);
  // Whoever downloads it tells so, and that is mostly another tool of this very process.
  const quiet = {
    ...context,
    onProgress: (event: ToolProgress) => event.phase !== 'waiting' && context.onProgress(event),
  };
  return withLock(`layer-${sha256.slice(0, 16)}`, tool, quiet, (locked) =>
    context.lanes.download(() =>
      download(
        {
          tool,
          file: `${repository}:${tag}`,
          shown: `${registry.place.shown}/${repository}@${digest}`,
          sha256,
          bytes: size,
          request: (headers, signal) => registry.blob(repository, digest, headers, signal),
          hints: {
            unfinished:
              'What has arrived is kept, and the next time goes on from there. BREAKWATER_TOOLS_SOURCES=wheel,build does without images.',
            wrong: `Nothing of it was used, and it was thrown away. Ask who runs ${registry.place.shown}, or try again.`,
          },
        },
        locked,
      ),
    ),
  );
}

/** A data file has the same hash wherever it comes from. */
async function requireHashes({ source }: Tool, staging: Staging): Promise<void> {
  if (source.kind !== 'go-module') return;
  for (const [name, { sha256 }] of Object.entries(source.data)) {
    const actual = await sha256OfFile(join(staging.files, name));
    if (actual === sha256) continue;
    throw environmentError(
      `${name} does not have the pinned hash\n  expected ${sha256}\n  actual   ${actual}`,
      'It is of another version, or no official image. BREAKWATER_TOOLS_SOURCES=wheel,build does without images.',
    );
  }
}

/** Whether another tool that is still to be fetched is in one of the same images. */
async function isWantedElsewhere(tool: Tool, context: ToolContext): Promise<boolean> {
  const names = new Set(tool.images.map(nameOf));
  for (const other of context.tools) {
    if (other.name === tool.name || !other.images.some((files) => names.has(nameOf(files)))) continue;
    if ((await readStored(await toolDirectory(other, context), other)).state !== 'ready') return true;
  }
  return false;
}
