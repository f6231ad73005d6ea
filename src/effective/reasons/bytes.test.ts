import { expect, test } from 'vitest';
import { recordedSidecar } from '../../meshes/consul/effective/testing/recordings.ts';
import { recorded } from '../../meshes/istio/effective/testing/recordings.ts';
import type { Inbound, Rule } from '../../model/effective.ts';
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

const [client, server] = ['frontend', 'edge-app'].map((service) => recordedSidecar('limits', service));

/** The same on Consul, with something that the server's sidecar holds. */
const onConsul = (held: Partial<Inbound>) => ({
  sidecars: [
    { ...(client ?? expect.fail()), hosts: [] },
    { ...(server ?? expect.fail()), inbound: server?.inbound.map((each) => ({ ...each, ...held })) ?? [] },
  ],
});
const asked = { client: 'frontend-1', service: 'edge-app', side: 'client', ofBytes: true } as const;
const setting = (path: string, line: number) => ({
  by: 'setting' as const,
  resource: { kind: 'service-defaults', namespace: 'default', name: 'edge-app' },
  path,
  file: 'a.hcl',
  line,
});

test('who waited for a connection in vain is told for how long, and who was refused one is not', () => {
  const failed = { ...asked, ended: 'connect' } as const;
  expect(textOfReason(reasonOfRequests(onConsul({}), { ...failed, afterMs: 2_000 }))).toMatchObject({
    cause: expect.stringContaining('No connection to a host of edge-app came about within 2 s'),
    setting: expect.stringMatching(/ConnectTimeoutMs: 2000$/),
    source: 'limits.hcl:6',
  });
  expect(textOfReason(reasonOfRequests(onConsul({}), { ...failed, afterMs: 3 }))).toMatchObject({
    cause: expect.stringContaining('it is down, refuses or does not answer'),
    setting: expect.stringContaining('PassiveHealthCheck.MaxFailures'),
  });
});

test('a server that takes no more connections is named where nothing had befallen its sidecar', () => {
  const held = onConsul({ mostConnections: { value: 2, from: setting('MaxInboundConnections', 4) } });
  const failed = { ...asked, ended: 'connect', afterMs: 1 } as const;
  const told = { setting: expect.stringContaining('MaxInboundConnections'), source: 'a.hcl:4' };
  expect(textOfReason(reasonOfRequests(held, failed))).toMatchObject(told);
  expect(textOfReason(reasonOfRequests(held, { ...failed, underFault: 'app' }))).toMatchObject(told);
  expect(textOfReason(reasonOfRequests(held, { ...failed, underFault: true }))?.setting).toContain(
    'MaxFailures',
  );
  // Of requests it is the same.
  const ofRequests = { sidecars: [client ?? expect.fail(), ...held.sidecars.slice(1)] };
  const { ofBytes: _, ...request } = failed;
  expect(textOfReason(reasonOfRequests(ofRequests, request))).toMatchObject(told);
});

test('callers do not reach a limit where servers close connections before', () => {
  const question = { client: 'frontend-1', service: 'edge-app', expected: 'overflow' } as const;
  const told = (value: number) =>
    textOfReason(
      reasonOfCheck(
        onConsul({ mostConnections: { value, from: setting('MaxInboundConnections', 4) } }),
        question,
      ),
    );
  expect(told(2)).toMatchObject({
    cause: expect.stringMatching(/take 2 connections each .* has 8 of them at most, and may have 100\.$/),
    source: 'a.hcl:4',
  });
  expect(told(25)?.cause ?? '').not.toContain('each');
});

test('a connection on which nothing came back is put down to who may not call', () => {
  const ended = { ...asked, ended: 'reset' } as const;
  const deny = (rule: Partial<Rule>) =>
    onConsul({
      filters: [
        {
          kind: 'authorization',
          action: 'deny',
          dryRun: false,
          policies: [],
          rules: [
            { caller: 'frontend', does: 'deny', match: undefined, from: setting('Sources[0]', 7), ...rule },
          ],
        },
      ],
    });
  expect(textOfReason(reasonOfRequests(deny({}), ended))).toMatchObject({
    cause: expect.stringContaining('Connections of frontend to edge-app are refused'),
    source: 'a.hcl:7',
  });
  for (const other of [{ caller: 'shop' }, { network: 'east' }, { does: 'allow' }] as const) {
    expect(reasonOfRequests(deny(other), ended).known).toBe(false);
  }
});

test('a limit of requests is said to hold for no bytes', () => {
  const { limits } = client?.clusters[0] ?? expect.fail();
  const sidecars = onConsul({}).sidecars.map((sidecar) => ({
    ...sidecar,
    clusters: sidecar.clusters.map((cluster) => ({
      ...cluster,
      limits: { ...limits, pending: { value: 20, from: setting('MaxPendingRequests', 9) } },
    })),
  }));
  const seen = { connections: 5, pending: 1 };
  const { client: caller, service } = asked;
  const reason = reasonOfCheck({ sidecars }, { client: caller, service, expected: 'overflow', seen });
  expect(textOfReason(reason)).toMatchObject({
    cause: expect.stringMatching(/at most 5 connections .*Limits of requests hold for none of them\.$/),
  });
});
