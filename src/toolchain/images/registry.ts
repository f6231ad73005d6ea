import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from '../../kit/errors.ts';
import type { ToolContext } from '../context.ts';
import {
  type HttpClient,
  isLongWait,
  type Response,
  reasonOfNoAnswer,
  wishedWaitMs,
} from '../http-client.ts';
import { formatSeconds } from '../progress.ts';
import { Unavailable, Unreachable } from '../sources.ts';
import { authorizationAt } from './authorization.ts';
import { REGISTRY_VARIABLE, type RegistryPlace } from './registries.ts';

/** Manifests and configurations of images are some kilobytes. */
const MOST_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 3;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** A document of a registry, as its digest says it is. */
export interface Document {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
}

/** What of a registry is needed to read images: https://github.com/opencontainers/distribution-spec/blob/main/spec.md */
export interface Registry {
  readonly place: RegistryPlace;
  /** A manifest or an index, by its tag or digest. Throws Unavailable when the registry does not give it. */
  manifest(repository: string, reference: string): Promise<Document>;
  /** A small blob, whole and checked. */
  document(repository: string, digest: string, mediaType: string): Promise<Document>;
  /** The answer to a request for a blob, whatever its status. Rejects when there is none. */
  blob(
    repository: string,
    digest: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response>;
}

export function registryAt(place: RegistryPlace, client: HttpClient, context: ToolContext): Registry {
  const authorization = authorizationAt(place, client, context);

  /** A request with what the registry wants to see; a refusal is answered once. */
  async function request(
    repository: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response & { readonly refusal?: string | undefined }> {
    const url = new URL(`/v2/${place.prefix}${repository}/${path}`, place.url);
    const ask = () => {
      const shown = authorization.header(repository);
      return client.fetch(url, { headers: { ...headers, ...(shown && { authorization: shown }) }, signal });
    };
    const first = await ask();
    if (first.status !== 401) return first;
    await first.body?.cancel();
    const refusal = await authorization.answer(
      first.headers.get('www-authenticate'),
      `${place.prefix}${repository}`,
    );
    return refusal === undefined ? ask() : Object.assign(first, { refusal });
  }

  async function text(repository: string, path: string, headers: Readonly<Record<string, string>>) {
    for (let attempt = 1; ; attempt++) {
      const response = await request(repository, path, headers, context.signal).catch((error: unknown) => {
        context.signal.throwIfAborted();
        throw unreachable(place, error);
      });
      if (response.ok) return { response, text: await readBounded(response, place) };
      await response.body?.cancel().catch(() => {});
      const wished = wishedWaitMs(response);
      const passing = (response.status >= 500 || response.status === 429) && !isLongWait(wished);
      if (!passing || attempt >= ATTEMPTS) throw refused(place, repository, path, response);
      await sleep(wished ?? 250 * 2 ** attempt, undefined, { signal: context.signal });
    }
  }

  return {
    place,
    async manifest(repository, reference) {
      const found = await text(repository, `manifests/${reference}`, { accept: MANIFEST_TYPES.join(', ') });
      const digest = digestOf(found.text);
      if (reference.startsWith('sha256:')) requireDigest(place, repository, reference, digest);
      const said = found.response.headers.get('docker-content-digest');
      if (said?.startsWith('sha256:')) requireDigest(place, repository, said, digest);
      const mediaType = found.response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
      return { digest, mediaType, text: found.text };
    },
    async document(repository, digest, mediaType) {
      const found = await text(repository, `blobs/${digest}`, {});
      requireDigest(place, repository, digest, digestOf(found.text));
      return { digest, mediaType, text: found.text };
    },
    blob: (repository, digest, headers, signal) => request(repository, `blobs/${digest}`, headers, signal),
  };
}

async function readBounded(response: Response, place: RegistryPlace): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(place, error);
  }
  if (bytes > MOST_BYTES) {
    throw new Unavailable(`${place.shown} answers with more than ${MOST_BYTES / 1024 ** 2} MiB`, {
      hint: `Check that ${REGISTRY_VARIABLE} names a registry.`,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function requireDigest(place: RegistryPlace, repository: string, expected: string, actual: string): void {
  if (actual === expected) return;
  throw environmentError(
    `${place.shown}/${repository} is not what its digest says\n  expected ${expected}\n  actual   ${actual}`,
    `Nothing of it was used. Ask who runs ${place.shown}; BREAKWATER_TOOLS_SOURCES=wheel,build does without images.`,
  );
}

function unreachable({ shown }: RegistryPlace, error: unknown): Unreachable {
  const reason = reasonOfNoAnswer(error);
  const isUntrusted = /certificate|CERT_|self-signed|SSL|TLS/i.test(reason);
  return new Unreachable(`${shown} cannot be reached: ${reason}`, {
    hint: isUntrusted
      ? 'If its certificate is of an authority of your own, NODE_EXTRA_CA_CERTS=/path/to/ca.pem makes it known.'
      : `Check the network, HTTPS_PROXY and NO_PROXY; ${REGISTRY_VARIABLE} names a registry that can be reached.`,
    cause: error,
  });
}

function refused(
  { shown }: RegistryPlace,
  repository: string,
  path: string,
  response: Response & { readonly refusal?: string | undefined },
): Unavailable {
  const { status, refusal } = response;
  const what = `${shown}/${repository}`;
  if (status === 404) {
    return new Unavailable(`${shown} has no ${repository} ${path.split('/')[1] ?? ''} (HTTP 404)`, {
      hint: `${REGISTRY_VARIABLE} names registries that have it; a pin (BREAKWATER_TOOLS_IMAGES) may be of an image that is gone.`,
    });
  }
  if (status === 401 || status === 403) {
    const why = refusal ?? 'it takes nothing that there is to show';
    const login = shown === 'docker.io' ? 'docker login' : `docker login ${shown.split('/')[0]}`;
    return new Unavailable(`${what} may not be read: ${why} (HTTP ${status})`, {
      hint: `\`${login}\` keeps a login where Breakwater finds it (DOCKER_CONFIG).`,
    });
  }
  if (status === 429) {
    const wished = wishedWaitMs(response);
    const when = wished === undefined ? '' : `, and again in ${formatSeconds(wished)}`;
    return new Unavailable(`${what} is given to you too often for now${when} (HTTP 429)`, {
      hint: `Wait, or log in (\`docker login\`), or name a mirror: ${REGISTRY_VARIABLE}.`,
    });
  }
  return new Unavailable(`${what} cannot be read (HTTP ${status})`, {
    hint: `Try again later, or name another registry: ${REGISTRY_VARIABLE}.`,
  });
}
