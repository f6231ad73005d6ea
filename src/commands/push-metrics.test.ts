import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { hostileReport, sampleReport } from '../report/fixture.ts';
import { pushAddress, pushMetrics } from './push-metrics.ts';

/** A server that answers everything so, and what it was asked. */
async function gateway(status: number, said = '') {
  const asked: {
    method: string | undefined;
    url: string | undefined;
    authorization: string | undefined;
    body: string;
  }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    asked.push({ method, url, authorization: headers.authorization, body });
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(said);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { asked, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`) };
}

/** Pushes, and answers what was warned of. */
async function pushed(to: URL, ...reports: Parameters<typeof pushMetrics>[1]): Promise<string[]> {
  const warnings: string[] = [];
  const progress = { step() {}, ongoing() {}, status() {}, note() {}, done() {} };
  await pushMetrics(to, reports, { ...progress, warn: (text) => warnings.push(text) });
  return warnings;
}

test('each run takes the place of the one before, in a group of its own', async () => {
  const { asked, url } = await gateway(202);
  process.env['BREAKWATER_METRICS_AUTHORIZATION'] = 'Bearer abc';
  onTestFinished(() => {
    delete process.env['BREAKWATER_METRICS_AUTHORIZATION'];
  });
  expect(await pushed(url, sampleReport(), hostileReport())).toEqual([]);
  expect(asked[0]).toMatchObject({
    method: 'PUT',
    url: '/base/metrics/job/breakwater/scenario/zone-failover/environment/local',
    authorization: 'Bearer abc',
    body: expect.stringMatching(/breakwater_run_verdict\{.*"pass"\} 1\n[\s\S]*# EOF\n$/),
  });
  expect(asked[1]?.url?.split('/')).toHaveLength(9);
});

test('a gateway that refuses, redirects or is not there is a warning with what it said', async () => {
  const refusing = await gateway(400, 'pushed metrics are invalid\nand more');
  expect(await pushed(refusing.url, sampleReport())).toEqual([
    expect.stringMatching(
      /zone-failover could not be put into http:\/\/127.*: it answered 400 \(pushed metrics are invalid\)$/,
    ),
  ]);
  const leading = await gateway(302);
  expect(await pushed(leading.url, sampleReport())).toEqual([expect.stringContaining('it answered 302')]);
  expect(leading.asked).toHaveLength(1);
  expect(await pushed(new URL('http://127.0.0.1:1'), sampleReport())).toEqual([
    expect.stringMatching(/ECONNREFUSED|bad port/),
  ]);
});

test('an address is http, and without a secret', () => {
  expect(pushAddress('https://push.example/base').href).toBe('https://push.example/base');
  for (const wrong of ['pushgateway:9091', '', 'ftp://push.example', 'http://']) {
    expect(() => pushAddress(wrong), wrong).toThrow(/such as http:/);
  }
  expect(() => pushAddress('http://user:secret@push.example')).toThrow(/BREAKWATER_METRICS_AUTHORIZATION/);
});
