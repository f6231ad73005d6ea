import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, createSecureServer, type Http2SecureServer, type Http2ServerResponse } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterApi } from './api.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-api-'));
let server: Http2SecureServer;
let api: ClusterApi;

/** A certificate for a server of the test's own. */
async function identity() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    signingAlgorithm: algorithm,
    keys,
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

function kubeconfig(url: string): string {
  const file = join(folder, `kubeconfig-${new URL(url).port}`);
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: 'a', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'a', user: {} }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    }),
  );
  return file;
}

beforeAll(async () => {
  // Commands come over HTTP/1.1: they are WebSockets.
  server = createSecureServer({ ...(await identity()), allowHTTP1: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  api = new ClusterApi(kubeconfig(`https://127.0.0.1:${port}`), 'test');
});

afterAll(() => {
  api[Symbol.dispose]();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a stream brings of an answer, and how it ended. */
async function streamed(path: string, signal = new AbortController().signal) {
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => chunks.push(chunk);
  const status = await api.stream(path, take, signal).catch((error: Error) => error.message);
  return { status, lines: Buffer.concat(chunks).toString().split('\n').slice(0, -1) };
}

test('nothing of a stream is lost at its end', async () => {
  server.removeAllListeners('request').on('request', async (_request, response) => {
    for (let line = 0; line < 400; line++) {
      response.write(`line ${line}\n`);
      if (line % 2 === 0) await sleep(5);
    }
    response.end('the last\n');
  });
  const { status, lines } = await streamed('/log');
  expect(status).toBe(200);
  expect(lines).toHaveLength(401);
  expect(lines.at(-1)).toBe('the last');
});

test('much at once comes whole', async () => {
  const text = 'x'.repeat(999);
  server.removeAllListeners('request').on('request', async (_request, response) => {
    await sleep(300);
    response.end(`${text}\n`.repeat(5_000));
  });
  const { status, lines } = await streamed('/log');
  expect(status).toBe(200);
  expect(lines).toHaveLength(5_000);
  expect(lines.every((line) => line === text)).toBe(true);
});

test.each<[string, (response: Http2ServerResponse) => void]>([
  ['stream', ({ stream }) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ['connection', ({ stream }) => stream.session?.destroy()],
])('what a stream had brought when its %s broke is taken in', async (_what, breaks) => {
  server.removeAllListeners('request').on('request', async (_request, response) => {
    response.write('first\n');
    await sleep(400);
    for (let line = 0; line < 50; line++) response.write(`line ${line}\n`);
    await sleep(100);
    breaks(response);
  });
  const { status, lines } = await streamed('/log');
  expect(status).not.toBe(200);
  expect(lines).toHaveLength(51);
  server.removeAllListeners('request').on('request', (_request, response) => response.end('again\n'));
  expect(await streamed('/log')).toEqual({ status: 200, lines: ['again'] });
});

test('a server that does not answer is an error, and so is one that is not there', async () => {
  server.removeAllListeners('request').on('request', () => {});
  await expect(api.request('GET', '/slow', { timeoutMs: 200 })).rejects.toThrow(
    'no answer to GET /slow within 200 ms',
  );
  server.removeAllListeners('request').on('request', (_request, response) => response.end('yes'));
  expect(await api.request('GET', '/')).toEqual({ status: 200, body: 'yes' });
  using nobody = new ClusterApi(kubeconfig('https://127.0.0.1:1'), 'test');
  await expect(nobody.request('GET', '/')).rejects.toThrow('ECONNREFUSED');
});

test('more streams at once than a connection takes are all answered', async () => {
  server.removeAllListeners('request').on('request', async (_request, response) => {
    await sleep(300);
    response.end('yes\n');
  });
  const all = await Promise.all(Array.from({ length: 200 }, () => streamed('/log')));
  expect(all.filter(({ lines }) => lines[0] === 'yes')).toHaveLength(200);
});

test('a list of pods that has not changed is the same one', async () => {
  const list = (version: number, names: string[]) =>
    JSON.stringify({ metadata: { resourceVersion: `${version}` }, items: names.map((name) => ({ name })) });
  const answers = [list(1, ['a']), list(2, ['a']), list(3, ['a', 'b'])];
  server
    .removeAllListeners('request')
    .on('request', (_request, response) => response.end(answers.shift() ?? ''));
  const first = await api.pods('lab', 'app');
  expect(await api.pods('lab', 'app')).toBe(first);
  expect(await api.pods('lab', 'app')).toEqual([{ name: 'a' }, { name: 'b' }]);
});

test('kinds are those of every version of a group, each once', async () => {
  const resource = (name: string, kind: string) => ({ name, kind, verbs: ['get', 'list'] });
  const answers: Record<string, object> = {
    '/apis': {
      groups: [
        {
          name: 'networking.mesh.io',
          versions: [
            { groupVersion: 'networking.mesh.io/v1' },
            { groupVersion: 'networking.mesh.io/v1alpha3' },
          ],
        },
        { name: 'apps', versions: [{ groupVersion: 'apps/v1' }] },
      ],
    },
    '/apis/networking.mesh.io/v1': {
      resources: [resource('rules', 'Rule'), resource('rules/status', 'Rule')],
    },
    '/apis/networking.mesh.io/v1alpha3': {
      resources: [resource('rules', 'Rule'), resource('filters', 'Filter')],
    },
  };
  server
    .removeAllListeners('request')
    .on('request', ({ url }, response) => response.end(JSON.stringify(answers[url])));
  const kinds = await api.kindsOf('.mesh.io');
  expect(kinds).toHaveLength(2);
  expect(kinds).toContainEqual({ apiVersion: 'networking.mesh.io/v1', kind: 'Rule' });
  expect(kinds).toContainEqual({ apiVersion: 'networking.mesh.io/v1alpha3', kind: 'Filter' });
});

test('a stream that is told to end does', async () => {
  server.removeAllListeners('request').on('request', (_request, response) => response.write('first\n'));
  const { status, lines } = await streamed('/log', AbortSignal.timeout(700));
  expect(status).not.toBe(200);
  expect(lines).toEqual(['first']);
});

test('a command that never ends is an error that names pod and command, and its connection is closed', async () => {
  const closed = Promise.withResolvers<void>();
  server.on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const protocol = String(headers['sec-websocket-protocol']).split(',')[0];
    socket.on('error', () => {}).on('close', closed.resolve);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
  });
  await expect(
    api.output('lab', 'frontend-1', 'k6', ['cat', '/breakwater/summary.json'], 500),
  ).rejects.toThrow('no end of cat /breakwater/summary.json in frontend-1/k6 within 0.5 s');
  await closed.promise;
});

test('so is a server that never makes the connection', async () => {
  server.removeAllListeners('upgrade').on('upgrade', () => {});
  await expect(api.output('lab', 'frontend-1', 'k6', ['true'], 300)).rejects.toThrow('no end of true');
});
