import { expect, test } from 'vitest';
import { recorded } from '../../meshes/istio/effective/testing/recordings.ts';
import { reasonOfCheck, reasonOfRequests, textOfReason } from '../index.ts';

/** A recorded lab whose callers have no routes: they pass on bytes. */
const ofBytes = (name: string) => ({
  sidecars: recorded(name).sidecars.map((sidecar) => ({ ...sidecar, hosts: [] })),
});

const about = { client: 'frontend-1', service: 'edge-app' } as const;

test('a connection that was one too many is put down to the limit of connections, and to no queue', () => {
  const cluster = 'outbound|8080||edge-app.default.svc.cluster.local';
  const asked = { ...about, cluster, ended: 'overflow', side: 'client', ofBytes: true } as const;
  expect(textOfReason(reasonOfRequests(ofBytes('pool-of-the-host-holds'), asked))).toMatchObject({
    cause: expect.stringContaining('of bytes none waits'),
    setting: expect.stringMatching(/connectionPool\.tcp\.maxConnections: 100$/),
  });
  const failed = { ...asked, ended: 'connect' } as const;
  expect(textOfReason(reasonOfRequests(ofBytes('pool-of-the-host-holds'), failed))).toMatchObject({
    cause: expect.stringContaining('Of bytes nothing is tried again elsewhere.'),
    setting: expect.stringContaining('outlierDetection: not set'),
  });
});

test('where nothing limits connections, no limit of requests is taken for one', () => {
  const question = { ...about, expected: 'overflow' } as const;
  expect(textOfReason(reasonOfCheck(ofBytes('requests-limit-on-http1'), question))).toMatchObject({
    cause: 'Nothing in the sidecar of frontend-1 refuses connections to edge-app: they have no limit.',
    setting: 'maxConnections: no limit (default of Istio)',
  });
  const limited = reasonOfCheck(ofBytes('pool-of-the-host-holds'), question);
  expect(limited.known).toBe(false);
});
