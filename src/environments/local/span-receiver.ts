import { createWriteStream, type WriteStream } from 'node:fs';
import type { Server } from 'node:http';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Address, parseAddress } from '../../kit/address.ts';
import type { TracingPlan } from '../../model/tracing.ts';

/** A sidecar never reports that much at once. */
const mostBytes = 16 * 1024 * 1024;
/** What a collector elsewhere has not taken by then it does not get: it must hold nobody up. */
const exportTimeoutMs = 5_000;
const mostExports = 64;
/** Of a message of gRPC: whether it is compressed, and its length. */
const framing = 5;

/**
 * Takes what sidecars report of traces and writes it, as it came, into the evidence of the trial that is on; what comes
 * between trials goes nowhere. Somebody else may get every report as well.
 */
export class SpanReceiver implements AsyncDisposable {
  readonly #server: Server | Http2Server;
  readonly #elsewhere: Elsewhere | undefined;
  #file: WriteStream | undefined;

  private constructor(server: Server | Http2Server, elsewhere: Elsewhere | undefined) {
    this.#server = server;
    this.#elsewhere = elsewhere;
  }

  /** Listens; `warn` says once that somebody else does not take what comes. */
  static async listen(
    { host, port }: { readonly host: string; readonly port: number },
    { protocol, exportTo }: TracingPlan,
    warn: (text: string) => void,
  ): Promise<SpanReceiver> {
    const address = exportTo === undefined ? undefined : parseAddress(exportTo);
    const elsewhere = address && new Elsewhere(address, warn);
    const server = protocol === 'otlp-grpc' ? await grpcServer() : await httpServer();
    const receiver = new SpanReceiver(server.listener, elsewhere);
    server.onReport((report, type) => receiver.#take(report, type, protocol));
    await new Promise<void>((resolve, reject) => {
      server.listener.once('error', reject);
      server.listener.listen({ host, port, exclusive: true }, resolve);
    });
    // The programs keep a lab up, not what listens to them.
    server.listener.unref();
    return receiver;
  }

  /** From here on what comes belongs to a file. */
  writeTo(path: string): void {
    this.#file = createWriteStream(path);
  }

  /** Ends the file: what comes from here on is nobody's. */
  async end(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    file.end();
    await finished(file);
  }

  #take(report: Buffer, type: string | undefined, protocol: TracingPlan['protocol']): void {
    this.#elsewhere?.send(report, type);
    // No text in JSON has line breaks of its own, so that a report stays one line.
    const line =
      protocol === 'zipkin'
        ? `{"zipkin":${report.toString('utf8').replaceAll(/[\r\n]+/g, ' ')}}\n`
        : `{"otlp":"${report.toString('base64')}"}\n`;
    this.#file?.write(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    this.#server.close();
    await this.end();
  }
}

/** A report, and of which type its sender says that it is. */
type OnReport = (report: Buffer, type: string | undefined) => void;

interface Listening<Listener> {
  readonly listener: Listener;
  onReport(take: OnReport): void;
}

/** Zipkin and OpenTelemetry over HTTP/1.1: a report is a body. 202 is the one answer that Zipkin's reporters take for yes. */
async function httpServer(): Promise<Listening<Server>> {
  const { createServer } = process.getBuiltinModule('node:http');
  const listener = createServer();
  return {
    listener,
    onReport: (take) =>
      listener.on('request', async (request, response) => {
        const report = await bodyOf(request).catch(() => undefined);
        if (report === undefined) return response.destroy();
        take(report, request.headers['content-type']);
        // OpenTelemetry's exporters want 200.
        return response.writeHead(request.url?.startsWith('/v1/') ? 200 : 202).end();
      }),
  };
}

/** OpenTelemetry over gRPC: HTTP/2 without TLS, a report is the one message of a call, its answer an empty one. */
async function grpcServer(): Promise<Listening<Http2Server>> {
  const { createServer } = await import('node:http2');
  const listener = createServer();
  return {
    listener,
    onReport: (take) =>
      listener.on('stream', async (stream: ServerHttp2Stream) => {
        stream.on('error', () => {});
        const body = await bodyOf(stream).catch(() => undefined);
        if (body === undefined || stream.destroyed) return;
        if (body.length >= framing) take(body.subarray(framing), 'application/x-protobuf');
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(framing));
      }),
  };
}

async function bodyOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('a report is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A collector of the user's own. */
class Elsewhere {
  readonly #address: Address;
  readonly #warn: (text: string) => void;
  #underWay = 0;
  #warned = false;

  constructor(address: Address, warn: (text: string) => void) {
    this.#address = address;
    this.#warn = warn;
  }

  send(report: Buffer, contentType = 'application/json'): void {
    if (this.#underWay >= mostExports) {
      this.#complain('it is too slow, and reports are left out');
      return;
    }
    this.#underWay += 1;
    fetch(this.#address.url, {
      method: 'POST',
      body: new Uint8Array(report),
      headers: { 'content-type': contentType },
      signal: AbortSignal.timeout(exportTimeoutMs),
    })
      .then(async (answer) => {
        await answer.arrayBuffer();
        if (!answer.ok) this.#complain(`it answers ${answer.status}`);
      })
      .catch((error: Error) => this.#complain(String(error.cause ?? error.message)))
      .finally(() => {
        this.#underWay -= 1;
      });
  }

  #complain(why: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#warn(`spans do not get to ${this.#address.shown} (mesh.tracing.exportTo): ${why}`);
  }
}
