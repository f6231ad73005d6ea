/**
 * Runs in the network of a client, in a container of its own: `/HOST:PORT/PATH` of its one port is PATH at HOST:PORT as
 * whatever lives in that network sees it. So what leaves through here is taken by the client's sidecar like a call of
 * the client's own, and what listens there on loopback alone, as k6's own interface does, is reached too.
 *
 * argv: PORT. Self-contained: it is copied into the container as it stands.
 */
import { createServer, request } from 'node:http';

const [, , port] = process.argv;

createServer((incoming, outgoing) => {
  const [, host = '', path = '/'] = /^\/([^/]+)(\/.*)?$/.exec(incoming.url ?? '') ?? [];
  const [, hostname = '', to = '80'] = /^(.+?)(?::(\d+))?$/.exec(host) ?? [];
  const onward = request(
    {
      hostname,
      port: to,
      path,
      method: incoming.method,
      headers: { ...incoming.headers, host },
      agent: false,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => outgoing.destroy());
      answer.pipe(outgoing);
    },
  );
  onward.on('error', (error) => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end(`the door has no way to ${host}: ${error.message}\n`);
  });
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}).listen(Number(port), '0.0.0.0');
