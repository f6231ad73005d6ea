import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { accessLine } from '../meshes/envoy/testing/access-line.ts';
import { istio } from '../meshes/istio/index.ts';
import { readAccessLog } from './files.ts';
import { startTime } from './testing/build-evidence.ts';

const { accessLog } = istio.telemetry;

const good = (path = '/a') =>
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
    requestId: '6f1c1d7e-0000-4000-8000-000000000001',
    due: '1750000001230.25',
    path,
  });

test('reads a file the same whatever the size of its chunks', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-log-'));
  try {
    const file = join(directory, 'a.log');
    const overlong = good(`/${'x'.repeat(3_000)}`);
    await writeFile(file, `noise\n${good()}${overlong}${good().repeat(5_000)}${good().slice(0, 40)}`);
    for (const size of [500, 777, 1_024, 1 << 16]) {
      let lines = 0;
      const damage = await readAccessLog(file, accessLog.reader(), (read) => (lines += read.length), size);
      const fits = size > overlong.length;
      expect({ size, lines, ...damage }).toEqual({
        size,
        lines: fits ? 5_002 : 5_001,
        malformed: fits ? 0 : 1,
        torn: 1,
      });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
