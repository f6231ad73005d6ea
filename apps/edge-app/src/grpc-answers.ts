import type http2 from 'node:http2';
import type { Answering } from './answers.ts';
import type { Response } from './carrier.ts';
import { grpcOfHttp } from './grpc-status.ts';

const UNKNOWN = 2;
/** Fields of `Answer` in edge.proto. */
const fields = { instance: 1, zone: 2, padding: 3 } as const;

/** Whether a request is a call of gRPC. */
export const isGrpc = ({ headers }: { readonly headers: { readonly 'content-type'?: string | undefined } }) =>
  headers['content-type']?.startsWith('application/grpc') ?? false;

/** What the app answers to calls of gRPC: any method is the one that it has. */
export class GrpcAnswers implements Answering {
  readonly #message: Buffer;
  readonly #identity: http2.OutgoingHttpHeaders;

  /** `bytes`: how long the padding of an answer is; none unless given. */
  constructor(instance: string, zone: string, bytes: number | undefined) {
    this.#identity = { 'x-edge-app-instance': instance, 'x-edge-app-zone': zone };
    this.#message = framed(
      Buffer.concat([
        field(fields.instance, Buffer.from(instance)),
        field(fields.zone, Buffer.from(zone)),
        ...(bytes === undefined ? [] : [field(fields.padding, Buffer.alloc(bytes))]),
      ]),
    );
  }

  ok(response: Response): number {
    const whole = overHttp2(response);
    whole.addTrailers({ 'grpc-status': '0' });
    whole.stream.respond(this.#head(), { waitForTrailers: true });
    whole.stream.end(this.#message);
    return 200;
  }

  /** A status alone, with the headers: whoever tries again decides by those. */
  error(response: Response, status: number, message: string): number {
    const said = { 'grpc-status': String(grpcOfHttp(status) ?? UNKNOWN), 'grpc-message': encodeURI(message) };
    overHttp2(response).stream.respond({ ...this.#head(), ...said }, { endStream: true });
    return status;
  }

  queueFull(response: Response): number {
    return this.error(response, 503, 'queue full');
  }

  #head(): http2.OutgoingHttpHeaders {
    return { ':status': 200, 'content-type': 'application/grpc', ...this.#identity };
  }
}

function overHttp2(response: Response): http2.Http2ServerResponse {
  if (!('stream' in response)) throw new Error('gRPC is spoken over HTTP/2 alone');
  return response as unknown as http2.Http2ServerResponse;
}

/** A message of gRPC: not compressed, and its length. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A field of Protocol Buffers that holds text or bytes. */
function field(number: number, value: Buffer): Buffer {
  const lengthDelimited = 2;
  return Buffer.concat([Buffer.from([(number << 3) | lengthDelimited]), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}
