import { createHash } from 'node:crypto';
import 'reflect-metadata';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Path in the image → content; "link:" before it makes a symbolic link of it, "hard:" a hard one. */
type LayerFiles = Readonly<Record<string, Buffer | string>>;

export interface ImageParts {
  /** The lowest first. */
  readonly layers: readonly LayerFiles[];
  /** "frames": as clients do who want to read single files, in several zstd frames with notes between them. */
  readonly compression?: 'gzip' | 'zstd' | 'frames' | 'none';
  /** Instead of the media type of layers. */
  readonly layerType?: string;
  /** With an index, as buildx makes one: other platforms first, attestations last. */
  readonly index?: boolean;
  /** Docker's media types instead of OCI's. */
  readonly docker?: boolean;
  readonly architecture?: string;
}

const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const own = process.arch === 'x64' ? 'amd64' : process.arch;
const other = own === 'amd64' ? 'arm64' : 'amd64';

export interface TestImage {
  /** Of what the tag leads to. */
  readonly digest: string;
  /** Digests of layers, the lowest first. */
  readonly layers: readonly string[];
}

/** What a registry holds: blobs and manifests by digest, and what tags lead to. */
export class RegistryContent {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { readonly type: string; readonly body: Buffer }>();
  readonly tags = new Map<string, string>();

  /** `name`: "istio/pilot:1.29.1". */
  async add(name: string, parts: ImageParts): Promise<TestImage> {
    const { compression = 'gzip', docker = false } = parts;
    const layers = await Promise.all(parts.layers.map((files) => archive(files, compression)));
    const kind = compression === 'frames' ? 'zstd' : compression;
    const suffix = compression === 'none' ? '' : `${docker ? '.' : '+'}${kind}`;
    const layerType =
      parts.layerType ??
      (docker ? 'application/vnd.docker.image.rootfs.diff.tar' : 'application/vnd.oci.image.layer.v1.tar') +
        suffix;
    const described = layers.map((layer) => ({
      mediaType: layerType,
      digest: this.#blob(layer),
      size: layer.length,
    }));
    const architecture = parts.architecture ?? own;
    const manifest = this.#manifest(docker, { os: 'linux', architecture }, described);
    let digest = manifest.digest;
    if (parts.index) {
      const foreign = this.#manifest(docker, { os: 'linux', architecture: other }, []);
      const attestation = this.#manifest(docker, { os: 'unknown', architecture: 'unknown' }, []);
      const type = docker
        ? 'application/vnd.docker.distribution.manifest.list.v2+json'
        : 'application/vnd.oci.image.index.v1+json';
      digest = this.#json(type, {
        schemaVersion: 2,
        mediaType: type,
        manifests: [
          { ...foreign, platform: { os: 'linux', architecture: other } },
          { ...manifest, platform: { os: 'linux', architecture } },
          {
            ...attestation,
            platform: { os: 'unknown', architecture: 'unknown' },
            annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
          },
        ],
      });
    }
    this.tags.set(name, digest);
    return { digest, layers: described.map((layer) => layer.digest) };
  }

  #blob(body: Buffer): string {
    const digest = digestOf(body);
    this.blobs.set(digest, body);
    return digest;
  }

  #manifest(docker: boolean, platform: object, layers: readonly object[]) {
    const configuration = Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers' } }));
    const mediaType = docker
      ? 'application/vnd.docker.distribution.manifest.v2+json'
      : 'application/vnd.oci.image.manifest.v1+json';
    const config = {
      mediaType: docker
        ? 'application/vnd.docker.container.image.v1+json'
        : 'application/vnd.oci.image.config.v1+json',
      digest: this.#blob(configuration),
      size: configuration.length,
    };
    const digest = this.#json(mediaType, { schemaVersion: 2, mediaType, config, layers });
    return { mediaType, digest, size: this.manifests.get(digest)?.body.length ?? 0 };
  }

  #json(type: string, content: object): string {
    const body = Buffer.from(JSON.stringify(content));
    const digest = digestOf(body);
    this.manifests.set(digest, { type, body });
    return digest;
  }
}

/** A frame that whoever decompresses passes over: RFC 8878, 3.1.2. */
const NOTE = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.from('note')]);

const digestOf = (body: Buffer) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

async function archive(
  files: LayerFiles,
  compression: NonNullable<ImageParts['compression']>,
): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string' && content.startsWith('link:')) {
      tar.entry({ name, type: 'symlink', linkname: content.slice('link:'.length) });
    } else if (typeof content === 'string' && content.startsWith('hard:')) {
      tar.entry({ name, type: 'link', linkname: content.slice('hard:'.length) });
    } else tar.entry({ name, mode: 0o755 }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  if (compression === 'none') return whole;
  if (compression === 'frames') {
    const half = whole.length >> 1;
    const frames = [whole.subarray(0, half), whole.subarray(half)].map((part) =>
      zstdCompressSync(part, FAST),
    );
    return Buffer.concat(frames.flatMap((frame) => [frame, NOTE]));
  }
  // As little work as possible: what is packed in a test may be of a hundred megabytes.
  return compression === 'gzip' ? gzipSync(whole, { level: 1 }) : zstdCompressSync(whole, FAST);
}

export interface RegistryOptions {
  /** Whom it answers: everybody, whoever has a token, and whoever has logged in, with a token or without. */
  readonly access?: 'anonymous' | 'token' | 'login' | 'token-login';
  /** Instead of the answer. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Breaks off each answer with a blob after so many bytes. */
  readonly cutAfterBytes?: number;
  /** So many bytes of blobs every 10 ms. */
  readonly bytesPerTick?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Instead of 127.0.0.1. */
  readonly address?: string;
}

export const LOGIN = { username: 'me', password: 'hunter2:with a colon' };
const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
export const IDENTITY_TOKEN = 'an identity token';

/** A registry on loopback. */
export interface TestRegistry extends AsyncDisposable {
  /** "127.0.0.1:40123" */
  readonly host: string;
  /** "GET /v2/… bytes=5-" */
  readonly requests: string[];
}

export async function serveRegistry(
  content: RegistryContent,
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    const { method, url = '', headers } = request;
    requests.push([method, url, headers.range].filter(Boolean).join(' '));
    if (options.intercept?.(request, response)) return;
    if (url.startsWith('/token')) return giveToken(request, response, options);
    const challenge = challengeTo(request, options);
    if (challenge !== undefined) {
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    const [, repository = '', kind, reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    if (kind === 'manifests') return giveManifest(content, `${repository}:${reference}`, reference, response);
    const blob = content.blobs.get(reference);
    if (blob === undefined) response.writeHead(404).end();
    else giveBlob(blob, request, response, options);
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const { address = '127.0.0.1' } = options;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function challengeTo({ headers }: IncomingMessage, { access = 'anonymous', tls }: RegistryOptions) {
  const { authorization } = headers;
  if (access === 'anonymous') return undefined;
  if (access === 'login') return authorization === BASIC ? undefined : 'Basic realm="here"';
  if (authorization === `Bearer token of ${access}`) return undefined;
  return `Bearer realm="${tls ? 'https' : 'http'}://${headers.host}/token",service="here, there",scope="repository:tiny/tool:pull"`;
}

function giveToken(request: IncomingMessage, response: ServerResponse, { access }: RegistryOptions): void {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const isKnown =
      access === 'token' ||
      request.headers.authorization === BASIC ||
      new URLSearchParams(body).get('refresh_token') === IDENTITY_TOKEN;
    if (!isKnown) response.writeHead(401).end();
    else response.end(JSON.stringify({ token: `token of ${access}` }));
  });
}

function giveManifest(
  { manifests, tags }: RegistryContent,
  name: string,
  reference: string,
  response: ServerResponse,
): void {
  const digest = tags.get(name) ?? reference;
  const manifest = manifests.get(digest);
  if (manifest === undefined) response.writeHead(404).end();
  else
    response
      .writeHead(200, { 'content-type': manifest.type, 'docker-content-digest': digest })
      .end(manifest.body);
}

function giveBlob(
  blob: Buffer,
  { headers }: IncomingMessage,
  response: ServerResponse,
  { cutAfterBytes, bytesPerTick }: RegistryOptions,
): void {
  const offset = Number(/^bytes=(\d+)-\d*$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (offset >= blob.length) {
    response.writeHead(416).end();
    return;
  }
  const rest = blob.subarray(offset);
  response.writeHead(offset > 0 ? 206 : 200, { 'content-length': rest.length });
  if (cutAfterBytes !== undefined && rest.length > cutAfterBytes) {
    // Some of it arrives before that.
    response.write(rest.subarray(0, cutAfterBytes), () => setTimeout(() => response.destroy(), 50));
  } else if (bytesPerTick !== undefined) trickle(rest, bytesPerTick, response);
  else response.end(rest);
}

function trickle(rest: Buffer, bytes: number, response: ServerResponse): void {
  if (rest.length <= bytes) {
    response.end(rest);
    return;
  }
  response.write(rest.subarray(0, bytes));
  setTimeout(() => trickle(rest.subarray(bytes), bytes, response), 10);
}

/** Certificate and key of "registry.test", of an authority that nobody knows. */
export async function privateTls(): Promise<{
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}> {
  const {
    BasicConstraintsExtension,
    PemConverter,
    SubjectAlternativeNameExtension,
    X509CertificateGenerator,
  } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const [authority, keys] = await Promise.all(
    [1, 2].map(() => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])),
  );
  if (authority === undefined || keys === undefined) throw new Error('no keys');
  const valid = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...valid,
    name: 'CN=a private authority',
    signingAlgorithm: algorithm,
    keys: authority,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const leaf = await X509CertificateGenerator.create({
    ...valid,
    subject: 'CN=registry.test',
    issuer: ca.subject,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'registry.test' }])],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: PemConverter.encode(key, 'PRIVATE KEY'),
    cert: leaf.toString('pem'),
    ca: ca.toString('pem'),
  };
}

/** A proxy on loopback that leads every CONNECT to one address. */
export async function serveProxy(
  to: string,
): Promise<AsyncDisposable & { readonly url: string; readonly connects: string[] }> {
  const connects: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connect', ({ url = '' }, socket: Socket) => {
    connects.push(url);
    const [host, port] = to.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const one of [socket, onward]) sockets.add(one.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}
