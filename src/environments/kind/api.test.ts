import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterApi } from './api.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-api-'));
let server: Server;
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

beforeAll(async () => {
  server = createServer(await identity());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [
        { name: 'a', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'a', user: {} }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    }),
  );
  api = new ClusterApi(kubeconfig, 'test');
});

afterAll(() => {
  api[Symbol.dispose]();
  server.closeAllConnections();
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

test('what a stream had brought when it broke is taken in', async () => {
  server.removeAllListeners('request').on('request', async (_request, response) => {
    response.write('first\n');
    await sleep(400);
    for (let line = 0; line < 50; line++) response.write(`line ${line}\n`);
    await sleep(100);
    response.destroy();
  });
  const { status, lines } = await streamed('/log');
  expect(status).not.toBe(200);
  expect(lines).toHaveLength(51);
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
