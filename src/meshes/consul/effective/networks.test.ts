import { expect, test } from 'vitest';
import { reasonOfCheck, textOfReason } from '../../../effective/index.ts';
import type { Told } from '../../../model/effective.ts';
import { recordedSidecar } from './testing/recordings.ts';

/** "failover peered.yaml:24", "none Consul". */
const text = ({ value, from }: Told<unknown>) => {
  const where =
    from.by === 'setting' ? `${from.file}:${from.line}` : from.by === 'default' ? from.of : from.by;
  return `${value} ${where}`;
};

const calledBy = (name: string) => {
  const { clusters, ...sidecar } = recordedSidecar(name, 'frontend');
  const [cluster = expect.fail(), ...others] = clusters;
  expect(others).toEqual([]);
  return { ...sidecar, cluster };
};

test('calls go over to the gateways of a peer, with the line that says so, and who may be there', () => {
  const { cluster, network, unused } = calledBy('peered');
  expect(network).toBe('east');
  expect(text(cluster.locality)).toBe('failover peered.yaml:24');
  expect(text(cluster.connectTimeoutMs)).toBe('3000 peered.yaml:21');
  // Of no host Consul says where it is.
  expect(cluster.zones).toMatchObject([
    { locality: 'region1/zone-east', priority: 0, hosts: ['127.1.1.10:8080', '127.1.1.11:8080'] },
    { locality: 'region2/zone-west', priority: 1, hosts: ['127.1.1.14:15443', '127.1.1.15:15443'] },
  ]);
  // Each datacenter has a trust domain of its own.
  expect(cluster.identities.value).toEqual([
    'spiffe://0b5ea17e-7000-4000-8000-6d6573686573.consul/ns/default/dc/east/svc/edge-app',
    'spiffe://0b5ea17e-7000-4000-8000-6d6573686574.consul/ns/default/dc/west/svc/edge-app',
    'spiffe://0b5ea17e-7000-4000-8000-6d6573686574.consul/gateway/mesh/dc/west',
  ]);
  // What is for the other network is none of its.
  expect(cluster.outlierDetection?.consecutiveErrors.from).toMatchObject({ by: 'default' });
  expect(unused.map(({ about, setting, why }) => [about, setting.path, why])).toEqual(
    ['limits', 'outlier-detection'].map((about) => [
      about,
      'Meta.network',
      'it is for the network west, and frontend calls from east',
    ]),
  );
});

test('a gateway takes what its network exports, and says whose line that is', () => {
  const { gateway, network, unused } = recordedSidecar('peered', 'eastwest');
  expect(network).toBe('west');
  expect(gateway).toMatchObject({
    kind: 'east-west',
    port: 15_443,
    listens: true,
    passes: [{ service: 'edge-app', port: 8080, anew: true, from: { file: 'peered.yaml', line: 10 } }],
  });
  expect(unused).toEqual([]);
  const { gateway: forAll } = recordedSidecar('peered-by-an-own-gateway', 'eastwest');
  expect(forAll?.passes).toMatchObject([{ service: 'edge-app', from: { line: 10 } }]);
});

test('what another network exports is of no effect in a gateway, and a peer without an export is not reached', () => {
  const { gateway, unused } = recordedSidecar('peered-elsewhere', 'eastwest');
  expect(gateway?.passes).toEqual([]);
  expect(unused).toMatchObject([
    {
      about: 'gateway',
      setting: { path: 'Services[0]', line: 10 },
      why: 'it is what east exports, and not west',
    },
  ]);
  const caller = calledBy('peered-elsewhere');
  expect(text(caller.cluster.locality)).toBe('none Consul');
  expect(caller.unused).toMatchObject([
    {
      about: 'locality',
      service: 'edge-app',
      setting: { path: 'Failover.*.Targets[0].Peer', written: 'west' },
      why: 'west exports no edge-app to east',
    },
  ]);
});

test('the way through a gateway of the own network leads nowhere where that has none', () => {
  const { cluster, unused } = calledBy('peered-by-an-own-gateway');
  expect(text(cluster.locality)).toBe('none peered-by-an-own-gateway.yaml:32');
  expect(cluster.zones.flatMap(({ hosts }) => hosts)).toHaveLength(2);
  const why = 'the way to peers is through a gateway of the network east, which has none';
  expect(unused).toMatchObject([
    { setting: { path: 'Failover.*.Targets[0].Peer' }, why },
    { setting: { path: 'MeshGateway.Mode', written: 'local' }, why },
  ]);
});

test('a cap is one of the hosts of the near side, which eject for themselves', () => {
  const { cluster, ...client } = calledBy('peered');
  const reason = (mostEjected: number, hosts: number) => {
    const outlier = cluster.outlierDetection ?? expect.fail();
    const changed = { ...outlier, mostEjected: { ...outlier.mostEjected, value: mostEjected } };
    const sidecar = { ...client, clusters: [{ ...cluster, outlierDetection: changed }] };
    return textOfReason(
      reasonOfCheck(
        { sidecars: [sidecar] },
        { client: client.instance, service: 'edge-app', expected: 'failover', hosts, seen: { ejections: 1 } },
      ),
    )?.cause;
  };
  expect(reason(0.3, 1)).toContain('30 % of 2 hosts of edge-app are less than one');
  expect(reason(0.5, 2)).toContain('50 % of 2 hosts of edge-app are 1, and 2 would have to be ejected');
});

test('calls that a redirect sends elsewhere as a whole are put down to it', () => {
  const { cluster, ...client } = calledBy('peered');
  const from = {
    by: 'setting' as const,
    resource: { kind: 'service-resolver', namespace: 'default', name: 'edge-app' },
    path: 'Redirect',
    file: 'a.hcl',
    line: 4,
  };
  const far = cluster.zones.filter(({ priority }) => priority > 0);
  const redirected = { ...cluster, zones: far, locality: { value: 'none' as const, from } };
  const reason = reasonOfCheck(
    { sidecars: [{ ...client, clusters: [redirected] }] },
    { client: client.instance, service: 'edge-app', expected: 'spread' },
  );
  expect(textOfReason(reason)).toMatchObject({
    cause: expect.stringContaining('Calls of edge-app go to region2/zone-west alone'),
    source: 'a.hcl:4',
  });
});
