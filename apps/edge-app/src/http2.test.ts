import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';

/** RST_STREAM's codes: https://www.rfc-editor.org/rfc/rfc9113#name-error-codes */
const [INTERNAL_ERROR, CANCEL] = [2, 8];

async function connected(environment: Readonly<Record<string, string>> = {}) {
  const app = await runningApp({ PROTOCOL: 'http2', ...environment });
  const session = connect(app.url);
  // A connection that is cut off is what some of these are about.
  session.on('error', () => {});
  return {
    app,
    session,
    async [Symbol.asyncDispose]() {
      session.destroy();
      await app.stop();
    },
  };
}

/** Sends a request; undefined as its status when it was not answered. */
async function ask(session: ClientHttp2Session, headers: Record<string, string> = {}, body?: string) {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerTo(stream);
}

async function answerTo(stream: ClientHttp2Stream) {
  let status: number | undefined;
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  const body = await text(stream).catch(() => '');
  await closed;
  return { status, body, rstCode: stream.rstCode };
}

test('many requests at once on one connection, with bodies and without', async () => {
  await using one = await connected({ SERVICE_TIME: 'constant:50ms' });
  const answers = await Promise.all([
    ...Array.from({ length: 50 }, (_, index) => ask(one.session, { ':path': `/${index}` })),
    ask(one.session, { ':method': 'POST', ':path': '/upload' }, 'a'.repeat(200_000)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(JSON.parse(answers[7]?.body ?? '')).toEqual({ instance: 'edge-1', zone: 'east', path: '/7' });
  expect(await ask(one.session, { ':path': '/x?bytes=300000&max-age=5' })).toMatchObject({ status: 200 });
  expect(await ask(one.session, { ':method': 'HEAD' })).toEqual({ status: 200, body: '', rstCode: 0 });
  expect(await one.app.metric('edge_app_requests_total{status="200"}')).toBe(53);
});

test('reset and hang end the stream that they hit, and leave the others alone', async () => {
  await using one = await connected();
  await one.app.setFault('r', { kind: 'reset', rate: 1 });
  expect(await ask(one.session)).toMatchObject({ status: undefined, rstCode: INTERNAL_ERROR });
  await one.app.clearFault('r');

  await one.app.setFault('h', { kind: 'hang', rate: 1 });
  const hung = ask(one.session);
  await expect.poll(() => one.app.metric('edge_app_in_flight')).toBe(1);
  await one.app.setFault('h2', { kind: 'error', status: 503, rate: 1 });
  await one.app.clearFault('h');
  expect(await hung).toMatchObject({ status: undefined, rstCode: CANCEL });
  expect(await ask(one.session)).toMatchObject({ status: 503 });
  await one.app.clearFault('h2');
  expect(await ask(one.session)).toMatchObject({ status: 200 });
  expect(one.session.destroyed).toBe(false);
});

test('a caller that gives up on a stream frees its slot', async () => {
  await using one = await connected({ CONCURRENCY: '1' });
  await one.app.setFault('h', { kind: 'hang', rate: 1 });
  const stream = one.session.request({ ':path': '/' });
  const left = answerTo(stream);
  await expect.poll(() => one.app.metric('edge_app_in_flight')).toBe(1);
  stream.close(CANCEL);
  await left;
  await expect.poll(() => one.app.metric('edge_app_in_flight')).toBe(0);
});

test('refuse cuts connections off, and lets new ones in when it is cleared', async () => {
  await using one = await connected();
  expect(await ask(one.session)).toMatchObject({ status: 200 });
  const closed = once(one.session, 'close');
  await one.app.setFault('r', { kind: 'refuse' });
  await closed;
  const refused = connect(one.app.url);
  expect(await once(refused, 'error').then(([error]) => error.code)).toBe('ECONNREFUSED');
  await one.app.clearFault('r');
  const again = connect(one.app.url);
  expect(await ask(again)).toMatchObject({ status: 200 });
  again.destroy();
});

test('shutting down, it lets requests in flight end and takes no others', async () => {
  await using one = await connected({ SERVICE_TIME: 'constant:300ms' });
  const slow = ask(one.session);
  await expect.poll(() => one.app.metric('edge_app_in_flight')).toBe(1);
  const stopped = one.app.stop();
  expect(await slow).toMatchObject({ status: 200 });
  await stopped;
});

test('calls onward go out as HTTP/1.1, whatever comes in', async () => {
  await using origin = await runningApp({ INSTANCE: 'origin-1' });
  await using one = await connected({ CALLS: JSON.stringify([{ url: origin.url, host: 'origin' }]) });
  expect(await ask(one.session, { 'x-request-id': 'r' })).toMatchObject({ status: 200 });
  await origin.setFault('e', { kind: 'error', status: 503, rate: 1 });
  expect(await ask(one.session)).toMatchObject({ status: 502 });
});

test('what is not HTTP/2 is closed, and breaks nothing', async () => {
  await using one = await connected();
  await expect(fetch(one.app.url)).rejects.toThrow();
  expect(await ask(one.session)).toMatchObject({ status: 200 });
});
