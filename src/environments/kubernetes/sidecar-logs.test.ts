import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type LogSource, SidecarLogs } from './sidecar-logs.ts';

/** A log endpoint, and the logs of one pod followed from it in a window. `answer` gets the query of each request. */
async function following(answer: (query: URLSearchParams, response: ServerResponse) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'bw-logs-'));
  const server = createServer(({ url }, response) =>
    answer(new URL(url ?? '', 'http://a').searchParams, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  const heard = Promise.withResolvers<void>();
  const stream: LogSource['stream'] = (path, onChunk, signal) =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, signal, agent: false }, (incoming) => {
        if (incoming.statusCode === 200) {
          incoming.on('data', (chunk) => {
            onChunk(chunk);
            heard.resolve();
          });
        } else incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
        incoming.on('error', reject);
      }).on('error', reject);
    });
  const logs = new SidecarLogs({ stream }, 'lab', 'istio-proxy', 'bw1 ', folder);
  const open = async (window: string) => {
    mkdirSync(join(folder, window));
    await logs.open(join(folder, window), 500);
  };
  await open('access');
  logs.follow('edge-app-east-1', 'pod-a', true);
  return {
    logs,
    open,
    /** Resolves when something of a log has come. */
    heard: heard.promise,
    written: (window = 'access') => readFileSync(join(folder, window, 'edge-app-east-1.log'), 'utf8'),
    others: () => readFileSync(join(folder, 'edge-app-east-1.sidecar.log'), 'utf8'),
    async [Symbol.asyncDispose]() {
      await logs.end();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const stamped = (second: number) => `2026-01-02T03:04:0${second}.5Z bw1 ${second}\n`;

test('a stream that is silent because its node was stopped is noticed at the end, and its log read', async () => {
  await using pod = await following((query, response) => {
    if (query.get('previous')) return response.writeHead(400).end();
    if (query.get('follow')) return response.write(stamped(1));
    expect(query.get('sinceTime')).toBe('2026-01-02T03:04:01Z');
    return response.end(stamped(1) + stamped(2));
  });
  await pod.heard;
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\n');
  expect(pod.logs.gaps).toEqual([]);
});

test('what the container before has left is read first', async () => {
  await using pod = await following((query, response) => {
    if (query.get('previous')) return response.end(stamped(1) + stamped(2));
    if (query.get('follow')) return response.write(stamped(1));
    return response.end(stamped(3));
  });
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\nbw1 3\n');
});

test.each([
  ['answers with an error', (response: ServerResponse) => response.writeHead(502).end(), 'answered 502'],
  ['does not answer', () => {}, 'did not answer'],
  ['is gone', (response: ServerResponse) => response.writeHead(404).end(), 'was gone before'],
])('a log that %s at the end is a gap from its newest line', async (_, atTheEnd, why) => {
  await using pod = await following((query, response) => {
    if (query.get('follow')) response.write(stamped(4));
    else atTheEnd(response);
  });
  await pod.logs.close(500);
  expect(pod.logs.gaps).toHaveLength(1);
  expect(pod.logs.gaps[0]?.what).toContain(`the log of edge-app-east-1 (pod-a ${why}`);
  expect(pod.logs.gaps[0]?.fromMs).toBe(Date.parse('2026-01-02T03:04:04.5Z'));
});

test('endless errors are one gap', async () => {
  await using pod = await following((_query, response) => response.writeHead(503).end());
  await pod.logs.close(500);
  expect(pod.logs.gaps).toHaveLength(1);
});

test('a stream that broke, and a pod that was gone then, is a gap from its newest line', async () => {
  let asked = 0;
  await using pod = await following((query, response) => {
    if (query.get('follow') && asked++ === 0) response.write(stamped(4), () => response.destroy());
    else response.writeHead(404).end();
  });
  await pod.logs.close(500);
  expect(pod.logs.gaps).toMatchObject([{ fromMs: Date.parse('2026-01-02T03:04:04.5Z') }]);
});

test('a pod that ended in order, and is gone, is no gap', async () => {
  let asked = 0;
  await using pod = await following((_query, response) => {
    if (asked++ === 0) response.end(stamped(4));
    else response.writeHead(404).end();
  });
  await pod.logs.close(500);
  expect(pod.logs.gaps).toEqual([]);
});

test('a kubelet that has not heard of a pod yet is asked again', async () => {
  let asked = 0;
  await using pod = await following((query, response) => {
    if (query.get('previous')) response.writeHead(400).end();
    else if (query.size === 0) response.end('{}');
    else if (asked++ === 0) response.writeHead(404).end();
    else response.write(stamped(1), () => query.get('follow') ?? response.end());
  });
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\n');
  expect(pod.logs.gaps).toEqual([]);
});

test('a pod is followed once, however often it looks new', async () => {
  await using pod = await following((query, response) => {
    if (query.get('previous')) response.writeHead(400).end();
    else response.write(stamped(1), () => query.get('follow') ?? response.end());
  });
  pod.logs.follow('edge-app-east-1', 'pod-a', true);
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\n');
});

test('each window has what came in it, and what comes between windows has none', async () => {
  const log: string[] = [];
  await using pod = await following((query, response) => {
    if (query.get('previous')) return response.writeHead(400).end();
    response.write(log.join(''));
    return query.get('follow') ?? response.end();
  });
  log.push(stamped(1), stamped(2));
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\n');
  log.push(stamped(3));
  await pod.open('second');
  log.push(stamped(4));
  await pod.logs.close(5_000);
  log.push(stamped(5));
  await pod.open('given-up');
  log.push(stamped(6));
  await pod.logs.giveUp();
  await pod.open('third');
  log.push(stamped(7));
  await pod.logs.close(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\n');
  expect(pod.written('second')).toBe('bw1 4\n');
  expect(pod.written('third')).toBe('bw1 7\n');
  expect(pod.logs.gaps).toEqual([]);
});

test('a log is followed on after a window was closed', async () => {
  let follows = 0;
  await using pod = await following((query, response) => {
    if (query.get('previous')) return response.writeHead(400).end();
    if (query.get('follow') === null) return response.end(stamped(1));
    return response.write(stamped(++follows));
  });
  await pod.logs.close(5_000);
  await sleep(300);
  expect(follows).toBe(2);
});

test('what a sidecar says beside requests is kept until it is forgotten, and in a file', async () => {
  const said = (second: number) => `2026-01-02T03:04:0${second}.5Z gRPC config rejected ${second}\n`;
  const log = [said(1), stamped(2)];
  await using pod = await following((query, response) => {
    if (query.get('previous')) return response.writeHead(400).end();
    response.write(log.join(''));
    return query.get('follow') ?? response.end();
  });
  await pod.logs.close(5_000);
  expect(pod.logs.said('edge-app-east-1')).toBe('gRPC config rejected 1\n');
  pod.logs.forget();
  log.push(said(3));
  await pod.open('second');
  await expect.poll(() => pod.logs.said('edge-app-east-1')).toBe('gRPC config rejected 3\n');
  await expect.poll(() => pod.others()).toBe('gRPC config rejected 1\ngRPC config rejected 3\n');
});
