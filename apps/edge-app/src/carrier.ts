import type http from 'node:http';
import type http2 from 'node:http2';
import type { Socket } from 'node:net';

export type Request = http.IncomingMessage | http2.Http2ServerRequest;

/** As much of a response as is needed here, whichever way it goes out. */
export interface Response {
  /** HTTP/1.1: whether its connection goes on after it. */
  shouldKeepAlive?: boolean;
  writeHead(status: number, headers: string[]): unknown;
  write(chunk: string): unknown;
  end(chunk?: string | Uint8Array): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** What carries one request: its connection with HTTP/1.1, its stream of one with HTTP/2. */
export type Carrier = Socket | http2.ServerHttp2Stream;

// https://www.rfc-editor.org/rfc/rfc9113#name-error-codes
const INTERNAL_ERROR = 0x2;
const CANCEL = 0x8;

export function carrierOf(request: Request): Carrier {
  return 'stream' in request ? request.stream : request.socket;
}

const isConnection = (carrier: Carrier): carrier is Socket => 'resetAndDestroy' in carrier;

/** In place of an answer: RST, or RST_STREAM with INTERNAL_ERROR, which leaves the other streams alone. */
export function reset(carrier: Carrier): void {
  if (isConnection(carrier)) carrier.resetAndDestroy();
  else carrier.close(INTERNAL_ERROR);
}

/** Ends what is not going to be answered: the connection, or the stream with CANCEL. */
export function abandon(carrier: Carrier): void {
  if (isConnection(carrier)) carrier.destroy();
  else carrier.close(CANCEL);
}
