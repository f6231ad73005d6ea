import type http from 'node:http';
import { nodeHttp } from './node-http.ts';

/** A call the app makes for every request it serves. */
export interface OnwardCall {
  readonly url: URL;
  /** The Host header: whom the sidecar should route to. */
  readonly host: string;
  /** Sent with every call, beside those that are passed on. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface OnwardResult {
  /** 0 when there was no answer. */
  readonly status: number;
  readonly problem?: string;
}

/**
 * Passing these on is the app's share of distributed tracing: a sidecar can't tell which request caused a call. An app
 * that does not do its share passes the request's id alone, which is no part of a trace.
 */
export function traceHeaders(
  headers: http.IncomingHttpHeaders,
  propagates: boolean,
): http.OutgoingHttpHeaders {
  const passed: http.OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (name === REQUEST_ID || (propagates && isTraceHeader(name))) passed[name] = headers[name];
  }
  return passed;
}

const REQUEST_ID = 'x-request-id';

function isTraceHeader(name: string): boolean {
  switch (name) {
    case 'traceparent':
    case 'tracestate':
    case 'b3':
    case 'x-ot-span-context':
      return true;
    default:
      return name.startsWith('x-b3-');
  }
}

/** Idle connections go after 30 s: long before any proxy closes them, which would race our next request. */
export function onwardAgent(): http.Agent {
  return new nodeHttp.Agent({ keepAlive: true, timeout: 30_000 });
}

/** One GET; a status of 400 or more is a problem, too. Never rejects. */
export function callOnward(
  call: OnwardCall,
  trace: http.OutgoingHttpHeaders,
  agent: http.Agent,
  signal: AbortSignal,
): Promise<OnwardResult> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ status: 0, problem: error.message });
    const request = nodeHttp.get(call.url, {
      agent,
      signal,
      headers: { ...trace, ...call.headers, host: call.host },
    });
    request.on('error', fail);
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.on('error', fail);
      response.on('end', () =>
        resolve(status < 400 ? { status } : { status, problem: `answered ${status}` }),
      );
      response.resume();
    });
  });
}
