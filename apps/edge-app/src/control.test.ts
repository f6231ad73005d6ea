import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';

/** The code of the network error a request ends with; "none" when it is answered. */
async function failureOf(request: Promise<Response>): Promise<string> {
  try {
    await request;
    return 'none';
  } catch (error) {
    return (error as { cause?: { code?: string } }).cause?.code ?? String(error);
  }
}

test('a latency delays by at least what it says, and holds a slot', async () => {
  await using app = await runningApp();
  await app.setFault('slow', { kind: 'latency', delayMs: 100, jitterMs: 20, rate: 1 });
  const begunAtMs = performance.now();
  const answer = fetch(app.url);
  await expect.poll(() => app.metric('edge_app_in_flight'), { interval: 5 }).toBe(1);
  expect((await answer).status).toBe(200);
  expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(100);
});

test('an error answers its status, and the list says how many it hit', async () => {
  await using app = await runningApp();
  const behaviour = { kind: 'error', status: 418, rate: 1 };
  await app.setFault('teapot', behaviour);
  expect((await fetch(app.url)).status).toBe(418);
  expect((await fetch(app.url)).status).toBe(418);
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  const list = await (await fetch(`${app.controlUrl}/faults`)).json();
  expect(list).toEqual([{ id: 'teapot', behaviour, hits: 2 }]);
});

test('a rate hits that share of requests', async () => {
  await using app = await runningApp();
  await app.setFault('some', { kind: 'error', status: 500, rate: 0.5 });
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 20 }, async () => (await fetch(app.url)).text()));
  }
  const failed = await app.metric('edge_app_requests_total{status="500"}');
  expect(failed).toBeGreaterThan(140);
  expect(failed).toBeLessThan(260);
});

test('a seed begins the draws anew, and anything else is an error', async () => {
  await using app = await runningApp({ SEED: '42' });
  await app.setFault('some', { kind: 'error', status: 500, rate: 0.5 });
  const seed = (body: string) => fetch(`${app.controlUrl}/seed`, { method: 'PUT', body });
  const statuses = async () => {
    const found: number[] = [];
    for (let count = 0; count < 20; count += 1) found.push((await fetch(app.url)).status);
    return found;
  };
  const first = await statuses();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await statuses()).not.toEqual(first);
  expect((await seed('42')).status).toBe(204);
  expect(await statuses()).toEqual(first);
  const refused = await seed('-1');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({
    error: 'expected a whole number from 0 to 4294967295, got "-1"',
  });
});

test('faults compose: the latency first, then the reset before the error', async () => {
  await using app = await runningApp();
  await app.setFault('e', { kind: 'error', status: 500, rate: 1 });
  await app.setFault('r', { kind: 'reset', rate: 1 });
  await app.setFault('l', { kind: 'latency', delayMs: 60, jitterMs: 0, rate: 1 });
  const begunAtMs = performance.now();
  expect(await failureOf(fetch(app.url))).toBe('ECONNRESET');
  expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(60);

  await app.clearFault('r');
  expect((await fetch(app.url)).status).toBe(500);
});

test('PUT replaces, DELETE is idempotent, and DELETE without an ID clears all', async () => {
  await using app = await runningApp();
  await app.setFault('f', { kind: 'error', status: 500, rate: 1 });
  await app.setFault('f', { kind: 'error', status: 501, rate: 1 });
  expect((await fetch(app.url)).status).toBe(501);
  expect((await app.clearFault('f')).status).toBe(204);
  expect((await app.clearFault('f')).status).toBe(204);
  expect((await fetch(app.url)).status).toBe(200);

  await app.setFault('a', { kind: 'error', status: 500, rate: 1 });
  await app.setFault('b%2F2', { kind: 'refuse' });
  expect((await fetch(`${app.controlUrl}/faults`, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(app.url)).status).toBe(200);
});

test('a hung request is never answered, and its socket is destroyed when the fault is cleared', async () => {
  await using app = await runningApp();
  await app.setFault('h', { kind: 'hang', rate: 1 });
  const outcome = failureOf(fetch(app.url));
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(1);
  expect(await Promise.race([outcome, app.metric('edge_app_queued')])).toBe(0);

  await app.clearFault('h');
  expect(await outcome).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(0);
  expect(await app.metric('edge_app_requests_total{status="0"}')).toBe(1);
});

test('a caller that gives up on a hung request frees its slot', async () => {
  await using app = await runningApp({ CONCURRENCY: '1' });
  await app.setFault('h', { kind: 'hang', rate: 1 });
  await failureOf(fetch(app.url, { signal: AbortSignal.timeout(100) }));
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(0);
});

test('refuse closes the port and cuts connections; the last one cleared opens the same port', async () => {
  await using app = await runningApp();
  await app.setFault('slow', { kind: 'latency', delayMs: 10_000, jitterMs: 0, rate: 1 });
  const cut = failureOf(fetch(app.url));
  await expect.poll(() => app.metric('edge_app_in_flight')).toBe(1);

  await app.setFault('one', { kind: 'refuse' });
  expect(await cut).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
  await app.setFault('two', { kind: 'refuse' });
  expect(await failureOf(fetch(app.url))).toBe('ECONNREFUSED');
  await app.clearFault('slow');
  await app.clearFault('one');
  expect(await failureOf(fetch(app.url))).toBe('ECONNREFUSED');
  expect((await fetch(`${app.controlUrl}/healthz`)).status).toBe(200);

  await app.clearFault('two');
  expect((await fetch(app.url)).status).toBe(200);
});

test('every port of the app answers alike, and refuses with the others', async () => {
  await using app = await runningApp({ EXTRA_PORTS: '0,0' });
  const urls = [app.url, ...app.extraUrls];
  expect(new Set(urls).size).toBe(3);
  for (const url of urls) expect((await fetch(url)).status).toBe(200);
  await app.setFault('r', { kind: 'refuse' });
  for (const url of urls) expect(await failureOf(fetch(url))).toBe('ECONNREFUSED');
  await app.clearFault('r');
  for (const url of urls) expect((await fetch(url)).status).toBe(200);
});

test('changes made at the same time leave the port as the last one wants it', async () => {
  await using app = await runningApp();
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      await app.setFault('r', { kind: 'refuse' });
      await app.clearFault('r');
    }),
  );
  expect((await fetch(app.url)).status).toBe(200);
});

test('a bad request says what is wrong with it', async () => {
  await using app = await runningApp();
  const bad = await app.setFault('f', { kind: 'hang', rate: 2 });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toEqual({ error: 'rate: expected a number from 0 to 1, got 2' });
  expect((await app.setFault('%ff', { kind: 'refuse' })).status).toBe(400);
  expect((await app.setFault('f', { kind: 'x'.repeat(100_000) })).status).toBe(400);
  expect((await fetch(`${app.controlUrl}/faults/a/b`, { method: 'PUT' })).status).toBe(404);
  expect(await (await fetch(`${app.controlUrl}/faults`)).json()).toEqual([]);
});
