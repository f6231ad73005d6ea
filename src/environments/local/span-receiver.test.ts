import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TracingProtocol } from '../../model/tracing.ts';
import { SpanReceiver } from './span-receiver.ts';

/** A receiver at an address of its own, with a file for what comes. */
async function receiving(protocol: TracingProtocol, exportTo?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'bw-spans-'));
  const at = { host: `127.${randomInt(1, 255)}.${randomInt(0, 255)}.7`, port: 9_411 };
  const warnings: string[] = [];
  const tracing = { provider: 'spans', protocol, exportTo };
  const receiver = await SpanReceiver.listen(at, tracing, (text) => warnings.push(text));
  const file = join(folder, 'spans.jsonl');
  return {
    receiver,
    url: `http://${at.host}:${at.port}`,
    file,
    warnings,
    lines: async () =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const post = (url: string, body: string | Uint8Array<ArrayBuffer>) => fetch(url, { method: 'POST', body });

test("what comes while a trial is on is a line of its evidence each, as it came; what comes else is nobody's", async () => {
  await using receiving1 = await receiving('zipkin');
  const { receiver, url, file, lines } = receiving1;
  const path = `${url}/api/v2/spans`;
  expect((await post(path, '[{"id":"before"}]')).status).toBe(202);
  receiver.writeTo(file);
  expect((await post(path, '[{"id":"1"},\n {"id":"2"}]')).status).toBe(202);
  await receiver.end();
  expect((await post(path, '[{"id":"after"}]')).status).toBe(202);
  expect(await lines()).toEqual([{ zipkin: [{ id: '1' }, { id: '2' }] }]);
});

test('OpenTelemetry over HTTP is answered 200, and kept as it is', async () => {
  await using over = await receiving('otlp-http');
  over.receiver.writeTo(over.file);
  expect((await post(`${over.url}/v1/traces`, new Uint8Array([10, 0]))).status).toBe(200);
  await over.receiver.end();
  expect(await over.lines()).toEqual([{ otlp: Buffer.from([10, 0]).toString('base64') }]);
});

test('OpenTelemetry over gRPC is the same without its frame, and answered with status 0', async () => {
  await using over = await receiving('otlp-grpc');
  over.receiver.writeTo(over.file);
  const session = connect(over.url);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
  });
  const trailers = new Promise((resolve) => stream.once('trailers', resolve));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 10, 0]));
  stream.resume();
  expect(await trailers).toMatchObject({ 'grpc-status': '0' });
  session.close();
  await over.receiver.end();
  expect(await over.lines()).toEqual([{ otlp: Buffer.from([10, 0]).toString('base64') }]);
});

test('somebody else gets every report as it came; that they do not take it is said once and holds nobody up', async () => {
  const got: { readonly type: string | undefined; readonly body: string }[] = [];
  const elsewhere = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push({ type: request.headers['content-type'], body: Buffer.concat(chunks).toString() });
    response.writeHead(got.length > 1 ? 503 : 202).end();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const { port } = elsewhere.address() as { port: number };
  try {
    await using here = await receiving('zipkin', `http://127.0.0.1:${port}/api/v2/spans`);
    const headers = { 'content-type': 'application/json' };
    for (const id of ['1', '2', '3'])
      await fetch(here.url, { method: 'POST', body: `[{"id":"${id}"}]`, headers });
    await expect.poll(() => got.length).toBe(3);
    expect(got[0]).toEqual({ type: 'application/json', body: '[{"id":"1"}]' });
    await expect.poll(() => here.warnings.length).toBe(1);
    expect(here.warnings[0]).toMatch(/^spans do not get to .*\(mesh\.tracing\.exportTo\): it answers 503$/);
  } finally {
    elsewhere.close();
    elsewhere.closeAllConnections();
  }
});
