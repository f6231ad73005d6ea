import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runningApp } from '../test-app.ts';
import { EDGE_CALL } from './edge-proto.ts';
import { grpcName, grpcOfHttp, httpOfGrpc } from './grpc-status.ts';

/** One call: the status of gRPC, whether it came with the headers alone, and the message. */
async function call(environment: Readonly<Record<string, string>> = {}, fault?: object) {
  const app = await runningApp({ PROTOCOL: 'grpc', ...environment });
  const session = connect(app.url);
  try {
    if (fault !== undefined) await app.setFault('f', fault as never);
    const stream = session.request({
      ':method': 'POST',
      ':path': EDGE_CALL,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(Buffer.alloc(5));
    let [head, trailers]: Record<string, unknown>[] = [{}, {}];
    let endsThere = false;
    stream.on('response', (headers, flags) => {
      head = headers;
      endsThere = (flags & 1) === 1;
    });
    stream.on('trailers', (headers) => {
      trailers = headers;
    });
    const message = await buffer(stream);
    const plain = session.request({ ':path': '/' });
    const page = JSON.parse((await buffer(plain)).toString()) as Record<string, unknown>;
    return { head, trailers, endsThere, message, page };
  } finally {
    session.destroy();
    await app.stop();
  }
}

test('a call is answered with who answered, and its status comes at the end', async () => {
  const { head, trailers, message, page } = await call({ BYTES: '300' });
  expect(head).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
  expect(trailers).toMatchObject({ 'grpc-status': '0' });
  expect(message.readUInt32BE(1)).toBe(message.length - 5);
  // Field 1 is the instance, field 2 the zone, field 3 padding of 300 bytes, whose length takes two.
  expect(message.subarray(5, 20)).toEqual(
    Buffer.from([0x0a, 6, ...Buffer.from('edge-1'), 0x12, 4, ...Buffer.from('east'), 0x1a]),
  );
  expect(message.length).toBe(5 + 8 + 6 + 3 + 300);
  // What is no call is answered as ever.
  expect(page).toMatchObject({ instance: 'edge-1' });
});

test('an error is a status with the headers and nothing behind it, as what is tried again has to be', async () => {
  const { head, endsThere, message } = await call({}, { kind: 'error', status: 503, rate: 1 });
  expect(head).toMatchObject({ ':status': 200, 'grpc-status': '14', 'grpc-message': 'fault%20f' });
  expect(endsThere).toBe(true);
  expect(message).toHaveLength(0);
});

test('each status of gRPC says what one of HTTP does, and back where there is a word for it', () => {
  for (const status of [200, 400, 401, 403, 404, 409, 429, 499, 500, 501, 503, 504]) {
    expect(httpOfGrpc(grpcOfHttp(status) ?? -1), String(status)).toBe(status);
  }
  expect(grpcOfHttp(502)).toBeUndefined();
  expect([grpcName(14), grpcName(99), httpOfGrpc(99)]).toEqual(['UNAVAILABLE', undefined, 500]);
});
