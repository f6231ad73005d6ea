import { expect, test } from 'vitest';
import { clusterNames } from '../istio/clusters.ts';
import { EndingTable, NO_ENDING } from './ending-table.ts';

const text = (status: number | string, host = '127.1.2.3:8080') =>
  `${status} - via_upstream - 1 ${host} outbound|8080||edge-app.default.svc.cluster.local`;

/** The number of the text's ending in a line that goes on after it. */
function numberOf(table: EndingTable, said: string, whole = true): number {
  const bytes = Buffer.from(`..${said} 6f1c1d7e-0000-4000-8000-000000000001 -`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = table.read(view, 2, bytes.length, whole);
  if (number !== NO_ENDING) expect(table.next).toBe(2 + said.length + 1);
  return number;
}

test('equal texts share an ending and different ones do not', () => {
  const table = new EndingTable(clusterNames);
  const long = 'upstream_reset_before_response_started{connection_termination}';
  const texts = [
    text(200),
    text(503),
    text(200, '127.1.2.4:8080'),
    text(200, '127.1.2.30:8080'),
    // What tells these apart comes late.
    text(503, '127.1.2.3:8080').replace('via_upstream', long),
    text(503, '127.1.2.4:8080').replace('via_upstream', long),
    text(200).replace('||', '|v2|'),
    text(200).replace('.local', '.loca'),
    '404 NR route_not_found - - - -',
  ];
  const numbers = () => texts.flatMap((each) => [numberOf(table, each, true), numberOf(table, each, false)]);
  const first = numbers();
  expect(new Set(first).size).toBe(texts.length * 2);
  expect(numbers()).toEqual(first);
  expect(first.map((number) => table.endings[number]?.whole)).toEqual(texts.flatMap(() => [true, false]));
  expect(first.map((number) => table.endings[number]?.status)).toEqual(
    texts.flatMap((each) => [Number.parseInt(each, 10), Number.parseInt(each, 10)]),
  );
});

test('what Envoy does not write is no ending', () => {
  const table = new EndingTable(clusterNames);
  for (const wrong of [
    text('five'),
    text(1_000),
    text(200).replace(' 1 ', ' one '),
    text(200).replace(' - 1 ', ' OK 1 '),
    text(200).replace(' - ', '  '),
  ]) {
    expect(numberOf(table, wrong)).toBe(NO_ENDING);
  }
  expect(table.read(new DataView(new Uint8Array(Buffer.from('200 - ')).buffer), 0, 6, true)).toBe(NO_ENDING);
  expect(table.endings).toEqual([]);
});

test('callers cannot make it grow without end, and a status stays what it is', () => {
  const table = new EndingTable(clusterNames);
  for (let host = 0; host < 20_000; host += 1) numberOf(table, text(200, `host-${host}`));
  expect(table.endings.length).toBeLessThanOrEqual(8_193);
  expect(table.endings[numberOf(table, text(418, 'one-more'))]).toMatchObject({ status: 418, host: '-' });
  expect(table.endings[numberOf(table, text(418, 'another'), false)]).toMatchObject({ whole: false });
  expect(table.endings[numberOf(table, text(200, 'host-17'))]).toMatchObject({ host: 'host-17' });
});

test('a call of gRPC ended as its own status says, unless there was no answer', () => {
  const table = new EndingTable(clusterNames);
  const grpc = (status: number, code: number) => {
    const said = text(status).replace(' - 1 ', ` ${code} 1 `);
    return table.endings[numberOf(table, said)];
  };
  expect(grpc(200, 0)).toMatchObject({ status: 200, raw: { flag: '-' } });
  expect(grpc(200, 14)).toMatchObject({ status: 503, fromHost: true, raw: { flag: 'UNAVAILABLE' } });
  expect(grpc(200, 99)).toMatchObject({ status: 500, raw: { flag: '-' } });
  expect(grpc(0, 2)).toMatchObject({ status: 0, raw: { flag: 'UNKNOWN' } });
});
