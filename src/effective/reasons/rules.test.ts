import { expect, test } from 'vitest';
import { recordedSidecar } from '../../meshes/consul/effective/testing/recordings.ts';
import { reasonOfCheck, reasonOfPassing, reasonOfRequests, reasonOfWaiting, textOfReason } from '../index.ts';

const client = recordedSidecar('one-zone', 'frontend');
const server = recordedSidecar('one-zone', 'edge-app');
const configuration = { sidecars: [client, server] };

const asked = (path: string, method = 'GET', headers = {}) => ({ method, path, headers });

/** Why a request of frontend was refused, with the lines of the rules behind it. */
const refused = (...request: Parameters<typeof asked>) =>
  textOfReason(
    reasonOfRequests(configuration, {
      client: client.instance,
      service: 'edge-app',
      side: 'server',
      ended: 'denied',
      policy: 'consul-intentions-layer7-0',
      request: asked(...request),
    }),
  );

/** The same of one that was let in. */
const letIn = (caller: string, ...request: Parameters<typeof asked>) =>
  textOfReason(
    reasonOfPassing(configuration, {
      service: 'edge-app',
      port: 8080,
      plaintext: false,
      caller: { service: caller },
      request: asked(...request),
    }),
  );

test('the rule that refuses a request is the first that fits it', () => {
  expect(refused('/stock/secret')).toEqual({
    cause:
      'service-intentions/edge-app refuses this request to edge-app: /stock/secret is the first that fits it of what is said of frontend.',
    setting: 'service-intentions/edge-app Sources[1].Permissions[0]: DENY /stock/secret',
    source: 'one-zone.yaml:29',
  });
});

test('beside it stand those before it that fit but for the method or a header', () => {
  expect(refused('/stock/7', 'DELETE')).toMatchObject({
    setting: 'service-intentions/edge-app Sources[1].Permissions[3]: DENY ~/(stock|orders).*',
    source: 'one-zone.yaml:41',
    others: [
      {
        setting: 'service-intentions/edge-app Sources[1].Permissions[1]: ALLOW /stock* with method: ~GET|PUT',
        source: 'one-zone.yaml:32',
      },
      { source: 'one-zone.yaml:36' },
    ],
  });
});

test('what no permission fits is let in, by what is not written there', () => {
  expect(letIn('frontend', '/admin')).toEqual({
    cause:
      'service-intentions/edge-app lets through this request to edge-app: nothing that is said of frontend fits it.',
    setting: 'service-intentions/edge-app Sources[1].Permissions: ALLOW whatever else',
    source: 'one-zone.yaml:29',
  });
  expect(letIn('frontend', '/stock/../admin')?.source).toBe('one-zone.yaml:32');
  expect(letIn('frontend', '/orders', 'GET', { 'x-plan': 'gold' })?.source).toBe('one-zone.yaml:36');
});

test('whoever is not named is refused by what is said of all', () => {
  const intruder = { ...client, service: 'intruder', instance: 'intruder-1' };
  const reason = reasonOfRequests(
    { sidecars: [intruder, server] },
    {
      client: 'intruder-1',
      service: 'edge-app',
      side: 'server',
      ended: 'denied',
      request: asked('/stock/7'),
    },
  );
  expect(textOfReason(reason)).toEqual({
    cause:
      'service-intentions/edge-app refuses this request to edge-app: that is said of all that anybody who is not named asks.',
    setting: 'service-intentions/edge-app Sources[0]: DENY',
    source: 'one-zone.yaml:25',
  });
});

test('a subset that is all bad and has no failover is why nothing takes over', () => {
  const hosts = client.clusters.find(({ subset }) => subset === 'east')?.zones.flatMap((zone) => zone.hosts);
  const question = {
    client: client.instance,
    service: 'edge-app',
    request: asked('/'),
    misbehaviour: {
      instances: ['edge-app-east-1', 'edge-app-east-2'],
      localities: ['region1/zone-east', 'region1/zone-east'],
      addresses: hosts ?? expect.fail(),
    },
  };
  for (const expected of ['failover', 'takeover'] as const) {
    expect(textOfReason(reasonOfCheck(configuration, { ...question, expected }))).toMatchObject({
      cause: expect.stringContaining('none elsewhere to turn to'),
      setting: 'service-resolver/edge-app Subsets.east: no failover',
      source: 'one-zone.yaml:9',
      others: [{ source: 'one-zone.yaml:14' }],
    });
  }
});

test('who waits for a host that hangs does so for as long as Envoy does where nobody says otherwise', () => {
  const about = { client: client.instance, service: 'edge-app', request: asked('/') };
  expect(textOfReason(reasonOfWaiting(configuration, { ...about, withinMs: 4_000 }))).toMatchObject({
    cause: expect.stringContaining('keeps its callers waiting for up to 15 s'),
    setting: 'RequestTimeout: 15 s (default of Envoy)',
  });
  expect(reasonOfWaiting(configuration, { ...about, withinMs: 20_000 }).known).toBe(false);
  const misbehaviour = { instances: ['edge-app-east-1'], localities: [], addresses: [], late: true } as const;
  const late = reasonOfCheck(configuration, {
    ...about,
    expected: 'low-latency',
    withinMs: 1_200,
    misbehaviour,
    // One connection was being opened; the pool has 1,024.
    seen: { connections: 9, pending: 1 },
  });
  expect(textOfReason(late)?.setting).toBe('RequestTimeout: 15 s (default of Envoy)');
});

test('what is not tried again since too many are says that nothing is ejected either', () => {
  const reason = reasonOfRequests(configuration, {
    client: client.instance,
    service: 'edge-app',
    request: asked('/'),
    side: 'client',
    ended: 'overflow',
    of: 'retry',
    status: 503,
  });
  expect(textOfReason(reason)).toMatchObject({
    setting: 'retries: 3 (default of Envoy)',
    others: [{ setting: 'MaxEjectionPercent: 10 % (none of 2 hosts) (default of Envoy)' }],
  });
});

test('a connection that closed and was not tried again names how many retries there may be', () => {
  const reason = reasonOfRequests(configuration, {
    client: client.instance,
    service: 'edge-app',
    request: asked('/'),
    side: 'client',
    ended: 'reset',
    untried: true,
    status: 503,
  });
  expect(textOfReason(reason)?.setting).toBe('retries: 3 (default of Envoy)');
});
