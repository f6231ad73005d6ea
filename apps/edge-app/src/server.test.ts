import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';

test('answers any method and path with who it is', async () => {
  await using app = await runningApp();
  for (const method of ['GET', 'POST', 'DELETE']) {
    const response = await fetch(`${app.url}/cart/a%20b?x=1`, { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-edge-app-instance')).toBe('edge-1');
    expect(response.headers.get('x-edge-app-zone')).toBe('east');
    const body = await response.text();
    expect(response.headers.get('content-length')).toBe(String(body.length));
    expect(JSON.parse(body)).toEqual({ instance: 'edge-1', zone: 'east', path: '/cart/a%20b' });
  }
  expect(await app.metric('edge_app_requests_total{status="200"}')).toBe(3);
});

test('a request begins when all of its body has come', async () => {
  await using app = await runningApp();
  await app.setFault('e', { kind: 'error', status: 500, rate: 1 });
  const upload = request(app.url, { method: 'POST' });
  const answered = once(upload, 'response');
  upload.write('a'.repeat(1_000_000));
  await fetch(app.url);
  expect(await app.metric('edge_app_requests_total{status="500"}')).toBe(1);

  await app.clearFault('e');
  upload.end('b');
  const [response] = (await answered) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
});

test.each([0, 10, 1_000, 1_048_576])('bytes=%i is the size of the body', async (bytes) => {
  await using app = await runningApp();
  const response = await fetch(`${app.url}/x?bytes=${bytes}`);
  const body = await response.text();
  expect(body.length).toBe(bytes);
  if (bytes > 100) expect(JSON.parse(body)).toMatchObject({ path: '/x' });
});

test('answers have a size and an age of their own unless the request says otherwise', async () => {
  await using app = await runningApp({ BYTES: '5000', MAX_AGE: '60' });
  const seen = async (path: string) => {
    const response = await fetch(`${app.url}${path}`);
    return [(await response.text()).length, response.headers.get('cache-control')];
  };
  expect(await seen('/')).toEqual([5_000, 'max-age=60']);
  expect(await seen('/?x=1')).toEqual([5_000, 'max-age=60']);
  expect(await seen('/?bytes=10&max-age=1')).toEqual([10, 'max-age=1']);
  await app.setFault('e', { kind: 'error', status: 503, rate: 1 });
  expect((await fetch(app.url)).headers.get('cache-control')).toBeNull();
});

test('max-age makes the answer cacheable; a bad query is a 400 that says why', async () => {
  await using app = await runningApp();
  const response = await fetch(`${app.url}/?max-age=60`);
  expect(response.headers.get('cache-control')).toBe('max-age=60');
  for (const query of ['bytes=1048577', 'bytes=x', 'max-age=-1']) {
    const refused = await fetch(`${app.url}/?${query}`);
    expect(refused.status).toBe(400);
    expect((await refused.json()) as object).toHaveProperty('error');
  }
});

test('an answer may say whose it is, and who may keep it', async () => {
  await using app = await runningApp();
  const query = new URLSearchParams({
    echo: 'X-User',
    'set-cookie': 'x-user',
    vary: 'accept-language',
    'cache-control': 'private, max-age=5\r\nx: y',
  });
  const answer = await fetch(`${app.url}/?${query}`, { headers: { 'x-user': 'ann' } });
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'x-edge-app-echo': 'ann',
    'set-cookie': 'session=ann',
    vary: 'accept-language',
    'cache-control': 'private, max-age=5x: y',
  });
  expect((await fetch(`${app.url}/?echo=x-user`)).headers.get('x-edge-app-echo')).toBe('-');
});

test('a connection on which nothing comes is closed after its time, and not before', async () => {
  await using app = await runningApp({ KEEP_ALIVE: '300ms' });
  // A client that heeds no hint of how long it may keep it.
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: edge-app\r\n\r\n');
  await once(socket, 'data');
  const idleSinceMs = performance.now();
  await once(socket, 'end');
  // Its answer was on its way for a moment.
  expect(performance.now() - idleSinceMs).toBeGreaterThan(200);
  socket.destroy();
});

test('beyond concurrency and queue it answers 503, while healthz and metrics go on', async () => {
  await using app = await runningApp({ CONCURRENCY: '1', QUEUE: '1', SERVICE_TIME: 'constant:300ms' });
  const answers = [1, 2, 3].map(() => fetch(app.url));
  const first = await Promise.race(answers);
  expect(first.status).toBe(503);
  expect(first.headers.get('x-edge-app-overload')).toBe('1');
  expect(await first.text()).toBe('queue full');

  expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain('edge_app_in_flight 1\n');
  expect(metrics).toContain('edge_app_queued 1\n');
  expect(metrics).toContain('edge_app_rejected_total 1\n');

  const statuses = (await Promise.all(answers)).map((response) => response.status);
  expect(statuses.sort()).toEqual([200, 200, 503]);
  expect(await app.metric('edge_app_service_seconds_bucket{le="0.25"}')).toBe(0);
  expect(await app.metric('edge_app_service_seconds_bucket{le="+Inf"}')).toBe(2);
});

test('a caller that leaves the queue makes room in it', async () => {
  await using app = await runningApp({ CONCURRENCY: '1', QUEUE: '1', SERVICE_TIME: 'constant:400ms' });
  const served = fetch(app.url);
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(1);
  const leaver = new AbortController();
  const left = fetch(app.url, { signal: leaver.signal }).catch(() => 'left');
  await expect.poll(() => app.metric('edge_app_queued')).toBe(1);
  leaver.abort();
  await left;
  await expect.poll(() => app.metric('edge_app_queued')).toBe(0);
  expect((await fetch(app.url)).status).toBe(200);
  expect((await served).status).toBe(200);
});
