import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AccessLogs, type LogSource, StampedLines } from './access-logs.ts';

function collect(from?: string) {
  const seen: string[] = [];
  const lines = new StampedLines(from, (batch) => seen.push(...batch.map(String)));
  const take = (text: string) => {
    lines.add(Buffer.from(text));
    lines.drain();
  };
  return { seen, lines, take };
}

test('the time before a line is taken off, however the stream is cut', () => {
  const { seen, take } = collect();
  take('2026-01-02T03:04:05.1Z bw1 a b\n2026-01-02T03:04:05.12');
  take('3Z bw1 c\n');
  expect(seen).toEqual(['bw1 a b\n', 'bw1 c\n']);
});

test('after a break no line comes twice and none is left out', () => {
  const { seen, lines, take } = collect();
  take('2026-01-02T03:04:05.9Z one\n2026-01-02T03:04:05.91Z tw');
  expect(lines.since()).toBe('2026-01-02T03:04:05Z');
  lines.restart();
  take('2026-01-02T03:04:05.9Z one\n2026-01-02T03:04:05.91Z two\n2026-01-02T03:04:06Z three\n');
  expect(seen).toEqual(['one\n', 'two\n', 'three\n']);
});

test('fractions are compared as numbers, not as texts', () => {
  const { seen, take } = collect();
  take('2026-01-02T03:04:05.5Z first\n2026-01-02T03:04:05.500000001Z second\n2026-01-02T03:04:05.49Z old\n');
  expect(seen).toEqual(['first\n', 'second\n']);
});

test('lines of an earlier run are left out', () => {
  const { seen, take } = collect('2026-01-02T03:04:05.000Z');
  take('2026-01-02T03:04:04.9Z old\n2026-01-02T03:04:05.1Z new\n');
  expect(seen).toEqual(['new\n']);
});

/** A log endpoint, and the logs of one pod followed from it. `answer` gets the query of each request. */
async function following(answer: (query: URLSearchParams, response: ServerResponse) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'bw-logs-'));
  mkdirSync(join(folder, 'access'));
  const server = createServer(({ url }, response) =>
    answer(new URL(url ?? '', 'http://a').searchParams, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : 0;
  const stream: LogSource['stream'] = (path, onChunk, signal) =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, signal, agent: false }, (incoming) => {
        if (incoming.statusCode === 200) incoming.on('data', onChunk);
        else incoming.resume();
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
        incoming.on('error', reject);
      }).on('error', reject);
    });
  const logs = new AccessLogs({ stream }, 'lab', 'istio-proxy', folder, folder);
  logs.follow('edge-app-east-1', 'pod-a', true);
  return {
    logs,
    written: () => readFileSync(join(folder, 'access', 'edge-app-east-1.log'), 'utf8'),
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const stamped = (second: number) => `2026-01-02T03:04:0${second}.5Z bw1 ${second}\n`;

test('a stream that is silent because its node was stopped is noticed at the end, and its log read', async () => {
  using pod = await following((query, response) => {
    if (query.get('previous')) return response.writeHead(400).end();
    if (query.get('follow')) return response.write(stamped(1));
    expect(query.get('sinceTime')).toBe('2026-01-02T03:04:01Z');
    return response.end(stamped(1) + stamped(2));
  });
  await pod.logs.collect(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\n');
  expect(pod.logs.gaps).toEqual([]);
});

test('what the container before has left is read first', async () => {
  using pod = await following((query, response) => {
    if (query.get('previous')) return response.end(stamped(1) + stamped(2));
    if (query.get('follow')) return response.write(stamped(1));
    return response.end(stamped(3));
  });
  await pod.logs.collect(5_000);
  expect(pod.written()).toBe('bw1 1\nbw1 2\nbw1 3\n');
});

test.each([
  ['answers with an error', (response: ServerResponse) => response.writeHead(502).end(), 'answered 502'],
  ['does not answer', () => {}, 'did not answer'],
  ['is gone', (response: ServerResponse) => response.writeHead(404).end(), 'was gone before'],
])('a log that %s at the end is a gap from its newest line', async (_, atTheEnd, why) => {
  using pod = await following((query, response) => {
    if (query.get('follow')) response.write(stamped(4));
    else atTheEnd(response);
  });
  await pod.logs.collect(500);
  expect(pod.logs.gaps).toHaveLength(1);
  expect(pod.logs.gaps[0]?.what).toContain(`the log of edge-app-east-1 (pod-a ${why}`);
  expect(pod.logs.gaps[0]?.fromMs).toBe(Date.parse('2026-01-02T03:04:04.5Z'));
});

test('endless errors are one gap', async () => {
  using pod = await following((_query, response) => response.writeHead(503).end());
  await pod.logs.collect(500);
  expect(pod.logs.gaps).toHaveLength(1);
});

test('a stream that broke, and a pod that was gone then, is a gap from its newest line', async () => {
  let asked = 0;
  using pod = await following((query, response) => {
    if (query.get('follow') && asked++ === 0) response.write(stamped(4), () => response.destroy());
    else response.writeHead(404).end();
  });
  await pod.logs.collect(500);
  expect(pod.logs.gaps).toMatchObject([{ fromMs: Date.parse('2026-01-02T03:04:04.5Z') }]);
});

test('a pod that ended in order, and is gone, is no gap', async () => {
  let asked = 0;
  using pod = await following((_query, response) => {
    if (asked++ === 0) response.end(stamped(4));
    else response.writeHead(404).end();
  });
  await pod.logs.collect(500);
  expect(pod.logs.gaps).toEqual([]);
});

test('a kubelet that has not heard of a pod yet is asked again', async () => {
  let asked = 0;
  using pod = await following((query, response) => {
    if (query.get('previous')) response.writeHead(400).end();
    else if (query.size === 0) response.end('{}');
    else if (asked++ === 0) response.writeHead(404).end();
    else response.write(stamped(1), () => query.get('follow') ?? response.end());
  });
  await pod.logs.collect(5_000);
  expect(pod.written()).toBe('bw1 1\n');
  expect(pod.logs.gaps).toEqual([]);
});

test('a pod is followed once, however often it looks new', async () => {
  using pod = await following((query, response) => {
    if (query.get('previous')) response.writeHead(400).end();
    else response.write(stamped(1), () => query.get('follow') ?? response.end());
  });
  pod.logs.follow('edge-app-east-1', 'pod-a', true);
  await pod.logs.collect(5_000);
  expect(pod.written()).toBe('bw1 1\n');
});
