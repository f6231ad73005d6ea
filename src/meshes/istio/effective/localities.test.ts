import { expect, test } from 'vitest';
import type { Instance } from '../../../model/topology.ts';
import type { Place } from '../../told.ts';
import { parseConfiguration } from '../configuration-resources.ts';
import {
  distributeEntry,
  idleDistribute,
  idleFailover,
  idlePriorities,
  isWithin,
  type LocatedHosts,
} from './localities.ts';

test.each([
  ['region1/zone-a', 'region1/zone-a/*', true],
  ['region1/zone-a', 'region1/*', true],
  ['region1/zone-a', 'region1', true],
  ['region1/zone-a', '*', true],
  ['region1/zone-a/rack-1', 'region1/zone-a/*', true],
  ['region1/zone-a/rack-1', 'region1/zone-a/rack-2', false],
  ['region1/zone-a', 'region1/zone-b/*', false],
  ['region1/zone-a', 'region1/zone-a/rack-1', false],
  ['region10/zone-a', 'region1/*', false],
])('%s is in %s: %j', (locality, rule, within) => {
  expect(isWithin(locality, rule)).toBe(within);
});

const hosts: LocatedHosts = {
  service: 'edge-app',
  localities: ['region1/zone-a', 'region1/zone-b', 'region2/zone-c'],
  labels: [{ cell: 'blue' }, { cell: 'green' }, { cell: 'green' }],
};
const caller = {
  instance: { name: 'frontend-1', locality: 'region1/zone-a' } as Instance,
  namespace: 'default',
  labels: { cell: 'blue' },
};

/** A field of a localityLbSetting with this in it. */
function written(field: string, value: unknown): Place {
  const setting = JSON.stringify({ [field]: value });
  const content = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: regions }
spec: { host: edge-app, trafficPolicy: { loadBalancer: { localityLbSetting: ${setting} } } }
`;
  const { resources, problems } = parseConfiguration(
    [{ file: 'mesh.yaml', path: 'mesh.yaml', content }],
    'default',
  );
  expect(problems).toEqual([]);
  const [resource] = resources;
  if (!resource) throw new Error('no resource');
  return { resource, path: ['spec', 'trafficPolicy', 'loadBalancer', 'localityLbSetting', field] };
}

const told = (idle: readonly { readonly place: Place; readonly why: string }[]) =>
  idle.map(({ place, why }) => `${place.path.slice(5).join('.')}: ${why}`);

const share = (from: string, ...to: readonly string[]) => ({
  from,
  to: Object.fromEntries(to.map((each) => [each, 100 / to.length])),
});

test.each([
  ['its own', [share('region1/zone-a/*', 'region1/*', 'region2/*')], []],
  [
    'a region of nobody',
    [share('region1/zone-a/*', 'region1/*', 'regoin2/*')],
    ['0.to.regoin2/*: no host of edge-app is in regoin2/*'],
  ],
  // The first entry that takes a caller in holds, whatever comes after it.
  ['one before it', [share('region1/*', 'region1/*'), share('region1/zone-a/*', 'region9/*')], []],
  ['others as well', [share('region2/*', 'region9/*'), share('region1/*', 'region1/*')], []],
  [
    'others only',
    [share('region1/zone-b/*', 'region1/*'), share('region2/*', 'region2/*')],
    [
      '0.from: it is for callers in region1/zone-b/*, and frontend-1 is in region1/zone-a',
      '1.from: it is for callers in region2/*, and frontend-1 is in region1/zone-a',
    ],
  ],
])('distribute with %s', (whom, entries, idle) => {
  expect(told(idleDistribute(written('distribute', entries), hosts, caller))).toEqual(idle);
  expect(distributeEntry(entries, caller.instance.locality)).toBe(
    whom === 'others only' ? -1 : whom === 'others as well' ? 1 : 0,
  );
});

test.each([
  ['where hosts are', [{ from: 'region1', to: 'region2' }], []],
  [
    'where none are',
    [
      { from: 'region2', to: 'region1' },
      { from: 'region1', to: 'regoin2' },
    ],
    ['1.to: no host of edge-app is in regoin2'],
  ],
  [
    'for others',
    [{ from: 'regoin1', to: 'region2' }],
    ['0.from: it is for callers in regoin1, and frontend-1 is in region1/zone-a'],
  ],
])('failover to a region %s', (_, entries, idle) => {
  expect(told(idleFailover(written('failover', entries), hosts, caller))).toEqual(idle);
});

test.each([
  ['that the caller shares with some', ['cell'], []],
  ['of nobody', ['cel'], ['0: no host of edge-app has a label cel']],
  ['that istiod may give', ['topology.istio.io/network'], []],
  ['with a value that hosts have', ['cell=green'], []],
  ['with a value of nobody', ['cell=red'], ['0: no host of edge-app has the label cell=red']],
])('priority by a label %s', (_, labels, idle) => {
  expect(told(idlePriorities(written('failoverPriority', labels), hosts, caller))).toEqual(idle);
});

test('priority by a label that every host has and the caller has not tells none of them apart', () => {
  expect(
    told(idlePriorities(written('failoverPriority', ['cell']), hosts, { ...caller, labels: {} })),
  ).toEqual(['0: frontend-1 has no label cell, as every host of edge-app has']);
});

test('what is not written lies idle nowhere', () => {
  const failover = written('failover', [{ from: 'region1', to: 'region2' }]);
  const absent = { ...failover, path: [...failover.path.slice(0, -1), 'failoverPriority'] };
  expect(idlePriorities(absent, hosts, caller)).toEqual([]);
  expect(idleFailover(absent, hosts, caller)).toEqual([]);
  expect(idleDistribute(absent, hosts, caller)).toEqual([]);
});
