import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AccessLine, AccessLogParser, type LogDamage } from './access-log.ts';
import { readAccessLog } from './files.ts';
import { accessLine, ORIGIN_MS, startTime } from './testing/build-evidence.ts';

const good = (path = '/a', id = '6f1c1d7e-0000-4000-8000-000000000001') =>
  accessLine({
    start: startTime(1_234.567),
    totalUs: 12_345,
    durationMs: 12,
    poolWaitUs: 80,
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

function parse(bytes: Buffer): {
  lines: AccessLine[];
  damage: LogDamage;
  taken: number;
  parser: AccessLogParser;
} {
  const parser = new AccessLogParser();
  const damage = { malformed: 0, torn: 0 };
  const lines: AccessLine[] = [];
  const taken = parser.read(bytes, bytes.length, damage, (line) => lines.push({ ...line }));
  return { lines, damage, taken, parser };
}

test('reads every field of a line', () => {
  const { lines, damage, parser } = parse(Buffer.from(good()));
  expect(damage).toEqual({ malformed: 0, torn: 0 });
  const [line] = lines;
  expect(line).toMatchObject({
    totalUs: 12_345,
    durationMs: 12,
    status: 503,
    attempts: 3,
    dueMs: ORIGIN_MS + 1_230.25,
  });
  expect(line?.startMs).toBeCloseTo(ORIGIN_MS + 1_234.567, 3);
  expect(parser.flags.texts[line?.flags ?? -1]).toBe('UF,URX');
  expect(parser.hosts.texts[line?.host ?? -1]).toBe('127.1.2.3:8080');
  expect(parser.clusters.texts[line?.cluster ?? -1]).toContain('edge-app');
});

test('empty fields are -1, and due is NaN when a caller wrote something else', () => {
  const line = (due: string) =>
    accessLine({ start: startTime(0), durationMs: 3, status: 0, due, path: '/', requestId: '-' });
  const { lines } = parse(Buffer.from(line('-') + line('soon') + line('1e9') + line('99999999999999999999')));
  expect(lines.map(({ dueMs }) => dueMs)).toEqual([-1, Number.NaN, Number.NaN, Number.NaN]);
  expect(lines[0]).toMatchObject({ totalUs: -1, attempts: -1, idHigh: 0, idLow: 0 });
});

test('counts lines that are not whole and goes on after them', () => {
  const blank = good().replace('/a', '/a b');
  const short = `${good().split(' ').slice(0, 9).join(' ')}\n`;
  const word = good().replace(' 503 ', ' five ');
  const doubled = good().replace('UF,URX ', 'UF,URX  ');
  const glued = good().slice(0, 60) + good();
  const text = good() + blank + short + word + doubled + glued + good();
  const { lines, damage } = parse(Buffer.from(text));
  expect(lines).toHaveLength(2);
  expect(damage.malformed).toBe(5);
});

test('skips what sidecars say beside our lines', () => {
  const text = `2026-01-01T00:00:00Z info envoy starting\n\n${good()}bw2 something\n`;
  const { lines, damage } = parse(Buffer.from(text));
  expect(lines).toHaveLength(1);
  expect(damage.malformed).toBe(0);
});

test('different request ids have different hashes', () => {
  const ids = Array.from(
    { length: 20_000 },
    (_, index) => `6f1c1d7e-0000-4000-8000-${String(index).padStart(12, '0')}`,
  );
  const { lines } = parse(Buffer.from(ids.map((id) => good('/', id)).join('')));
  expect(new Set(lines.map(({ idHigh, idLow }) => `${idHigh} ${idLow}`)).size).toBe(ids.length);
});

test('random bytes never throw, and a line that survives damage elsewhere reads as written', () => {
  const random = randomNumbers(42);
  const expected = parse(Buffer.from(good())).lines[0];
  for (let round = 0; round < 2_000; round += 1) {
    const noise = Buffer.from(
      Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)),
    );
    const { lines } = parse(Buffer.concat([noise, Buffer.from(`\n${good()}`)]));
    const last = lines.at(-1);
    expect({ ...last, flags: 0, details: 0, host: 0, cluster: 0 }).toEqual({
      ...expected,
      flags: 0,
      details: 0,
      host: 0,
      cluster: 0,
    });
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
        line.totalUs !== 12_345,
        line.durationMs !== 12,
        line.status !== 503,
        line.attempts !== 3,
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

test('reads a file the same whatever the size of its chunks', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-log-'));
  try {
    const file = join(directory, 'a.log');
    const overlong = good(`/${'x'.repeat(3_000)}`);
    await writeFile(file, `noise\n${good()}${overlong}${good().repeat(50)}${good().slice(0, 40)}`);
    for (const size of [500, 777, 1_024, 1 << 16]) {
      let lines = 0;
      const damage = await readAccessLog(file, new AccessLogParser(), () => (lines += 1), size);
      const fits = size > overlong.length;
      expect({ size, lines, ...damage }).toEqual({
        size,
        lines: fits ? 52 : 51,
        malformed: fits ? 0 : 1,
        torn: 1,
      });
    }
  } finally {
    await rm(directory, { recursive: true });
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
