import http from 'node:http';
import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';
import { listen } from './listener.ts';

/** A server that remembers what it was asked. */
async function origin(status = 200) {
  const requests: http.IncomingMessage[] = [];
  const sockets = new Set<unknown>();
  const server = http.createServer((request, response) => {
    requests.push(request);
    sockets.add(request.socket);
    if (status > 0) response.writeHead(status).end('ok');
  });
  const { port } = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    sockets,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('calls on in order over kept connections, as the named host and with the trace headers', async () => {
  await using one = await origin();
  await using app = await runningApp({
    CALLS: JSON.stringify([
      { url: `${one.url}/first`, host: 'origin.default.svc.cluster.local', headers: { 'x-mark': ';c' } },
      { url: `${one.url}/second`, host: 'origin.default.svc.cluster.local' },
    ]),
  });
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=1',
    b3: '1-2-1',
    'x-b3-traceid': '1',
    'x-request-id': 'r',
    'x-ot-span-context': 's',
  };
  const headers = { ...trace, authorization: 'not for others' };
  expect((await fetch(app.url, { headers })).status).toBe(200);

  expect(one.requests.map((request) => request.url)).toEqual(['/first', '/second']);
  expect(one.requests[0]?.headers).toEqual({
    ...trace,
    'x-mark': ';c',
    host: 'origin.default.svc.cluster.local',
    connection: 'keep-alive',
  });
  expect(one.requests[1]?.headers['x-mark']).toBeUndefined();
  expect(one.sockets.size).toBe(1);
  const line = 'edge_app_onward_calls_total{host="origin.default.svc.cluster.local",result="200"}';
  expect(await app.metric(line)).toBe(2);
});

test('an app that does not do its share of tracing passes the id of the request on, and nothing of its trace', async () => {
  await using one = await origin();
  await using app = await runningApp({ PROPAGATE: 'false', CALLS: JSON.stringify([{ url: one.url }]) });
  const headers = { traceparent: '00-1-2-01', b3: '1-2-1', 'x-b3-traceid': '1', 'x-request-id': 'r' };
  expect((await fetch(app.url, { headers })).status).toBe(200);
  const [request] = one.requests;
  expect(request?.headers['x-request-id']).toBe('r');
  expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual(['connection', 'host', 'x-request-id']);
});

test('a failing call is a 502 that says which', async () => {
  await using good = await origin();
  await using bad = await origin(503);
  await using app = await runningApp({
    CALLS: JSON.stringify([{ url: good.url }, { url: bad.url, host: 'b' }, { url: good.url }]),
  });
  const response = await fetch(app.url);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({
    error: `onward call 2 of 3 (b at ${bad.url}/) failed: answered 503`,
  });
  expect(good.requests.length).toBe(1);
});

test('a call that nobody answers is a 502, too', async () => {
  const gone = await origin();
  await gone[Symbol.asyncDispose]();
  await using app = await runningApp({ CALLS: JSON.stringify([{ url: gone.url, host: 'gone' }]) });
  const response = await fetch(app.url);
  expect(response.status).toBe(502);
  expect(await response.text()).toContain('ECONNREFUSED');
  expect(await app.metric('edge_app_onward_calls_total{host="gone",result="no_answer"}')).toBe(1);
});

test('a caller that leaves takes its onward call along', async () => {
  await using silent = await origin(0);
  await using app = await runningApp({ CALLS: JSON.stringify([{ url: silent.url, host: 'silent' }]) });
  await expect(fetch(app.url, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(0);
  expect(await app.metric('edge_app_onward_calls_total{host="silent",result="caller_left"}')).toBe(1);
});
