import { expect, test } from 'vitest';
import { ORIGIN_MS, startTime } from '../../evidence/testing/build-evidence.ts';
import type { LoggedEnding } from '../../model/ending.ts';
import { NO_DUE, UNSAID } from '../../model/log-lines.ts';
import { clusterNames } from '../istio/clusters.ts';
import { EnvoyLogReader } from './access-log-reader.ts';
import { accessLine } from './testing/access-line.ts';

const good = (path = '/a', id = '6f1c1d7e-0000-4000-8000-000000000001') =>
  accessLine({
    start: startTime(1_234.567),
    totalUs: 12_345,
    durationMs: 12,
    status: 503,
    flags: 'UF,URX',
    details: 'upstream_reset_before_response_started{connection_failure}',
    attempts: 3,
    upstreamHost: '127.1.2.3:8080',
    cluster: 'outbound|8080||edge-app.default.svc.cluster.local',
    peer: 'spiffe://cluster.local/ns/default/sa/edge-app',
    method: 'GET',
    requestId: id,
    due: `${ORIGIN_MS + 1_230}.25`,
    path,
  });

/** One line of the reader's columns, with its ending. */
interface Line {
  readonly startMs: number;
  readonly durationMs: number;
  readonly dueMs: number;
  readonly load: number;
  readonly id: string;
  readonly ending: LoggedEnding | undefined;
}

function parse(bytes: Buffer): { lines: Line[]; malformed: number; taken: number } {
  const reader = new EnvoyLogReader(clusterNames);
  const lines: Line[] = [];
  let malformed = 0;
  let taken = 0;
  do {
    taken = reader.read(bytes, taken, bytes.length);
    malformed += reader.lines.malformed;
    for (let line = 0; line < reader.lines.length; line += 1) {
      lines.push({
        startMs: reader.lines.startMs[line] ?? Number.NaN,
        durationMs: reader.lines.durationMs[line] ?? Number.NaN,
        dueMs: reader.lines.dueMs[line] ?? Number.NaN,
        load: reader.lines.load[line] ?? Number.NaN,
        id: `${reader.lines.idHigh[line]} ${reader.lines.idLow[line]}`,
        ending: reader.endings[reader.lines.ending[line] ?? -1],
      });
    }
  } while (reader.lines.length === reader.lines.capacity);
  return { lines, malformed, taken };
}

test('reads every field of a line', () => {
  const { lines, malformed } = parse(Buffer.from(good()));
  expect(malformed).toBe(0);
  const [line] = lines;
  expect(line).toMatchObject({ durationMs: 12.345, dueMs: ORIGIN_MS + 1_230.25 });
  expect(line?.startMs).toBeCloseTo(ORIGIN_MS + 1_234.567, 3);
  expect(line?.ending).toEqual({
    reason: 'connect',
    status: 503,
    fromHost: false,
    whole: true,
    host: '127.1.2.3:8080',
    service: 'edge-app',
    direction: 'outbound',
    attempts: 3,
    clues: { retry: 'used-up' },
    raw: {
      flag: 'UF,URX',
      details: 'upstream_reset_before_response_started{connection_failure}',
      destination: 'outbound|8080||edge-app.default.svc.cluster.local',
    },
  });
});

test('an answer that was never sent whole lasted until it was over', () => {
  const { lines } = parse(Buffer.from(good().replace(' 12345 ', ' - ')));
  expect(lines).toMatchObject([{ durationMs: 12, ending: { whole: false } }]);
  expect(parse(Buffer.from(good().replace(' 12345 12 ', ' - - '))).malformed).toBe(1);
});

test('what is empty is told, and due is NaN when a caller wrote something else', () => {
  const line = (due: string) =>
    accessLine({ start: startTime(0), durationMs: 3, status: 0, due, path: '/', requestId: '-' });
  const { lines } = parse(Buffer.from(line('-') + line('soon') + line('1e9') + line('99999999999999999999')));
  expect(lines.map(({ dueMs }) => dueMs)).toEqual([-1, Number.NaN, Number.NaN, Number.NaN]);
  expect(lines[0]).toMatchObject({ id: '0 0', ending: { attempts: 0, direction: 'none', service: '-' } });
});

test('the mark behind a due time says whose load it is, and a request that is never due has it alone', () => {
  const line = (due: string) => accessLine({ start: startTime(0), durationMs: 3, status: 200, due });
  const said = ['1750000000123.45;1', '1750000000123;17', ';2', ';999', '1750000000123.45;x', '1;2;3'];
  const { lines } = parse(Buffer.from(said.map(line).join('')));
  expect(lines.map(({ dueMs, load }) => [dueMs, load])).toEqual([
    [1_750_000_000_123.45, 1],
    [1_750_000_000_123, 17],
    [NO_DUE, 2],
    [NO_DUE, UNSAID],
    [1_750_000_000_123.45, UNSAID],
    [Number.NaN, 3],
  ]);
});

test('counts lines that are not whole and goes on after them', () => {
  const blank = good().replace('/a', '/a b');
  const short = `${good().split(' ').slice(0, 9).join(' ')}\n`;
  const word = good().replace(' 503 ', ' five ');
  const doubled = good().replace('UF,URX ', 'UF,URX  ');
  const glued = good().slice(0, 60) + good();
  const text = good() + blank + short + word + doubled + glued + good();
  const { lines, malformed } = parse(Buffer.from(text));
  expect(lines).toHaveLength(2);
  expect(malformed).toBe(5);
});

test('skips what sidecars say beside our lines', () => {
  const text = `2026-01-01T00:00:00Z info envoy starting\n\n${good()}bw2 something\n`;
  const { lines, malformed } = parse(Buffer.from(text));
  expect(lines).toHaveLength(1);
  expect(malformed).toBe(0);
});

test('different request ids have different hashes', () => {
  const ids = Array.from(
    { length: 20_000 },
    (_, index) => `6f1c1d7e-0000-4000-8000-${String(index).padStart(12, '0')}`,
  );
  const { lines } = parse(Buffer.from(ids.map((id) => good('/', id)).join('')));
  expect(new Set(lines.map((line) => line.id)).size).toBe(ids.length);
});

test('random bytes never throw, and a line that survives damage elsewhere reads as written', () => {
  const random = randomNumbers(42);
  const expected = parse(Buffer.from(good())).lines[0];
  for (let round = 0; round < 2_000; round += 1) {
    const noise = Buffer.from(
      Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)),
    );
    const { lines } = parse(Buffer.concat([noise, Buffer.from(`\n${good()}`)]));
    expect(lines.at(-1)).toEqual(expected);
  }
});

test('a line with bytes knocked out is rejected or keeps every number in its field', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 5_000; round += 1) {
    const bytes = Buffer.from(good());
    const at = Math.floor(random() * (bytes.length - 1));
    bytes[at] = Math.floor(random() * 256);
    const { lines } = parse(bytes);
    for (const line of lines) {
      // One byte can change one field only.
      const changed = [
        line.durationMs !== 12.345,
        line.ending?.status !== 503,
        line.ending?.attempts !== 3,
        line.dueMs !== ORIGIN_MS + 1_230.25,
      ].filter(Boolean);
      expect(changed.length).toBeLessThanOrEqual(1);
    }
  }
});

test('a cut at any byte loses one line and is seen', () => {
  const text = good() + good();
  for (let cut = 0; cut < text.length; cut += 1) {
    const { lines, taken } = parse(Buffer.from(text.slice(0, cut)));
    expect(lines.length).toBe(cut > good().length - 1 ? 1 : 0);
    expect(taken).toBe(cut > good().length - 1 ? good().length : 0);
  }
});

/** Mulberry32: the same numbers every time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('a connection of bytes without a certificate was no call where sidecars take nothing without one', () => {
  const line = (cluster: string, peer: string) =>
    accessLine({ start: startTime(1), durationMs: 3, upstreamHost: '127.1.2.3:18080', cluster, peer });
  const lines = Buffer.from(
    [
      line('inbound|8080||', 'spiffe://a;-;-;-'),
      line('inbound|8080||', '-;-;-;-'),
      line('outbound|8080||edge-app.default.svc.cluster.local', '-;-;-;-'),
    ].join(''),
  );
  const kinds = (reader: EnvoyLogReader) => {
    reader.read(lines, 0, lines.length);
    return Array.from(
      { length: reader.lines.length },
      (_, row) => reader.endings[reader.lines.ending[row] ?? -1]?.noRequest,
    );
  };
  expect(kinds(new EnvoyLogReader(clusterNames))).toEqual(['bytes', 'bytes', 'bytes']);
  expect(kinds(new EnvoyLogReader(clusterNames, true))).toEqual(['bytes', 'no-certificate', 'bytes']);
});

test('a connection of bytes went well where something came back on it, whoever has closed it', () => {
  const outbound = 'outbound|9000||queue.default.svc.cluster.local';
  const line = (bytesBack: string, more: object = {}) =>
    accessLine({
      start: startTime(1),
      durationMs: 3,
      status: 0,
      attempts: 1,
      upstreamHost: '127.1.2.3:9000',
      cluster: outbound,
      bytesBack,
      ...more,
    });
  const inbound = { cluster: 'inbound|9000||', peer: 'spiffe://a' };
  const turnedAway = { attempts: 0, upstreamHost: '-', cluster: '-' };
  const refused = { flags: 'UF,URX' };
  const lines = [line('259'), line('0'), line('0', inbound), line('0', refused), line('0', turnedAway)];
  for (const isAlwaysCertified of [false, true]) {
    const reader = new EnvoyLogReader(clusterNames, isAlwaysCertified);
    const bytes = Buffer.from(lines.join(''));
    reader.read(bytes, 0, bytes.length);
    const told = [...reader.lines.ending.slice(0, reader.lines.length)].map((number) => {
      const { reason, status, whole, noRequest } = reader.endings[number] ?? expect.fail();
      return [reason, status, whole, noRequest];
    });
    expect(told).toEqual([
      ['none', 200, true, 'bytes'],
      ['reset', 0, false, 'bytes'],
      ['reset', 0, false, 'bytes'],
      ['connect', 0, false, 'bytes'],
      ['other', 0, false, 'turned-away'],
    ]);
  }
});

test('of a request it is its status that tells, and not how much came back', () => {
  const empty = accessLine({ start: startTime(1), totalUs: 10, durationMs: 3, status: 204, bytesBack: 0 });
  expect(parse(Buffer.from(empty)).lines).toMatchObject([{ ending: { status: 204, whole: true } }]);
});
