import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Disturbance } from '../../model/fault.ts';
import { linkPorts, Relay } from './relay.ts';

const servers = [
  { name: 'shop-1', address: '127.0.0.11', port: 80, extraPorts: [9090] },
  { name: 'shop-2', address: '127.0.0.12', port: 80 },
];
const links = [
  { from: 'region1/east', to: 'shop-1' },
  { from: 'region1/west', to: 'shop-1' },
];

/** What a relay asks of Toxiproxy, which has one toxic and answers that it is there. */
async function asked(disturbances: readonly Disturbance[]) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${body}`.trim());
      response.statusCode = request.method === 'DELETE' ? 404 : 200;
      response.end('{}');
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  const relay = new Relay(links, servers, '127.0.0.1', (usual) => (usual === 8_474 ? port : usual));
  const target = { kind: 'link', from: 'region1/west', to: 'shop-1' } as const;
  for (const disturbance of disturbances) {
    await relay.perform({ do: 'disturb-link', target, id: 'slow', disturbance });
  }
  await relay.perform({
    do: 'clear-link',
    target,
    id: 'slow',
    disturbance: { kind: 'loss', of: 'requests' },
  });
  server.close();
  return requests;
}

test('each port of each link has a port of its own, and callers of a locality are told theirs', () => {
  expect(linkPorts(links, servers)).toEqual([20_000, 20_001, 20_002, 20_003]);
  const relay = new Relay(links, servers, '127.0.0.2', (usual) => usual);
  expect(relay.of('shop-1')).toEqual([
    {
      from: 'region1/east',
      address: '127.0.0.2',
      ports: new Map([
        [80, 20_000],
        [9090, 20_001],
      ]),
    },
    {
      from: 'region1/west',
      address: '127.0.0.2',
      ports: new Map([
        [80, 20_002],
        [9090, 20_003],
      ]),
    },
  ]);
  expect(relay.of('shop-2')).toEqual([]);
});

test('a disturbance is made on every port of its link alone, and one that was never made is taken back', async () => {
  expect(
    await asked([
      { kind: 'latency', delayMs: 200, jitterMs: 50 },
      { kind: 'loss', of: 'answers' },
    ]),
  ).toEqual([
    'POST /proxies/link-3/toxics {"name":"slow-upstream","type":"latency","stream":"upstream","attributes":{"latency":225,"jitter":25},"toxicity":1}',
    'POST /proxies/link-4/toxics {"name":"slow-upstream","type":"latency","stream":"upstream","attributes":{"latency":225,"jitter":25},"toxicity":1}',
    'POST /proxies/link-3/toxics {"name":"slow-downstream","type":"timeout","stream":"downstream","attributes":{"timeout":0},"toxicity":1}',
    'POST /proxies/link-4/toxics {"name":"slow-downstream","type":"timeout","stream":"downstream","attributes":{"timeout":0},"toxicity":1}',
    'DELETE /proxies/link-3/toxics/slow-upstream',
    'DELETE /proxies/link-4/toxics/slow-upstream',
  ]);
});

test('bandwidth and resets are of both directions', async () => {
  const requests = await asked([{ kind: 'bandwidth', bytesPerSecond: 200_000 }]);
  expect(requests.filter((each) => each.includes('"rate":200'))).toHaveLength(4);
  const resets = await asked([{ kind: 'reset' }]);
  expect(resets.filter((each) => each.includes('reset_peer'))).toHaveLength(4);
});
