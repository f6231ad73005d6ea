import type http2 from 'node:http2';
import type { Port } from './listener.ts';

/** No limit that a sidecar which gives up on many requests would reach: what ends its connections is a fault. */
const UNLIMITED = 1_000_000;

/** A port that speaks HTTP/2 without TLS to whoever begins with it: h2c by prior knowledge. */
export function http2Port(
  serve: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
): Port {
  // As an ES import it would cost every app that speaks HTTP/1.1 what it takes to load.
  const server = process
    .getBuiltinModule('node:http2')
    .createServer(
      { maxSessionMemory: 1_000, streamResetBurst: UNLIMITED, streamResetRate: UNLIMITED },
      serve,
    );
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return {
    server,
    // Those that have streams end with the last of them.
    endIdle: () => {
      for (const session of sessions) session.close();
    },
    endAll: () => {
      for (const session of sessions) session.destroy();
    },
  };
}
