import { z } from 'zod';
import { environmentError } from '../../kit/errors.ts';
import { jsonAs } from '../../kit/json.ts';
import { Unavailable } from '../sources.ts';
import type { Document, Registry } from './registry.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Descriptor = z.object({ mediaType: z.string(), digest: Digest, size: z.number().nonnegative() });
/** One compressed archive of files of an image. */
export type Layer = z.infer<typeof Descriptor>;

const Index = z.object({
  manifests: z.array(
    Descriptor.extend({
      platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const Manifest = z.object({ config: Descriptor, layers: z.array(Descriptor) });
const Configuration = z.object({ os: z.string(), architecture: z.string() });

/** Our architecture → as images have it. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** This machine, as images name what they are for; undefined where there are none for it. */
export function imagePlatform(): string | undefined {
  const architecture = ARCHITECTURES[process.arch];
  return process.platform === 'linux' && architecture !== undefined ? `linux/${architecture}` : undefined;
}

/**
 * The layers of an image for `platform`, the lowest first, given its manifest or the index in which that is among those
 * for other platforms and attestations. Throws Unavailable where there is none for it.
 */
export async function layersFor(
  platform: string,
  registry: Registry,
  repository: string,
  found: Document,
): Promise<readonly Layer[]> {
  const image = `${registry.place.shown}/${repository}`;
  const index = jsonAs(Index, found.text);
  if (index === undefined) return layersOf(platform, registry, repository, found);
  const own = index.manifests.find((entry) => platformOf(entry) === platform);
  if (own === undefined) {
    const others = index.manifests.map(platformOf).filter((name) => name !== undefined);
    throw noneFor(platform, image, others.join(', '));
  }
  return layersOf(platform, registry, repository, await registry.manifest(repository, own.digest));
}

/** Attestations are for no platform: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
function platformOf({ platform, annotations }: z.infer<typeof Index>['manifests'][number]) {
  if (platform === undefined || platform.os === 'unknown') return undefined;
  if (annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') return undefined;
  return `${platform.os}/${platform.architecture}`;
}

async function layersOf(
  platform: string,
  registry: Registry,
  repository: string,
  { mediaType, text }: Document,
): Promise<readonly Layer[]> {
  const image = `${registry.place.shown}/${repository}`;
  const manifest = jsonAs(Manifest, text);
  if (manifest === undefined) {
    throw environmentError(
      `${image} has a manifest of a kind that Breakwater does not know: ${mediaType}`,
      'It reads images of OCI and of Docker (version 2). BREAKWATER_TOOLS_SOURCES=wheel,build does without images.',
    );
  }
  const { digest, mediaType: kind } = manifest.config;
  const configuration = jsonAs(Configuration, (await registry.document(repository, digest, kind)).text);
  const own = configuration === undefined ? '?' : `${configuration.os}/${configuration.architecture}`;
  // A pin may be of one platform's manifest.
  if (own !== platform) throw noneFor(platform, image, own);
  return manifest.layers;
}

function noneFor(platform: string, image: string, others: string): Unavailable {
  return new Unavailable(`${image} is not for ${platform} (but for ${others || 'nothing'})`, {
    hint: 'A pin (BREAKWATER_TOOLS_IMAGES) should be of the index of all platforms.',
  });
}
