import { expect, test } from 'vitest';
import { askedByPeer, clusterNames, isExported, placeOf } from './clusters.ts';

const suffix = 'default.dc1.internal.0b5ea17e-7000-4000-8000-6d6573686573.consul';

test.each([
  [`edge-app.${suffix}`, 'edge-app', 'edge-app'],
  [`v2.edge-app.${suffix}`, 'edge-app', 'edge-app subset v2'],
  [`failover-target~west.edge-app.${suffix}`, 'edge-app', 'edge-app subset west'],
  [`failover-target~0~edge-app.${suffix}`, 'edge-app', 'edge-app'],
  [`dc5b3e9a~edge-app.${suffix}`, 'edge-app', 'edge-app'],
  [`exported~edge-app.${suffix}`, 'edge-app', 'edge-app'],
  [`edge-app.${suffix.replace('dc1.internal', 'west.external')}`, 'edge-app', 'edge-app'],
])('%s leads to a service', (cluster, service, place) => {
  expect(clusterNames.destinationOf(cluster)).toEqual({ direction: 'outbound', service });
  expect(placeOf(cluster)).toBe(place);
  expect(cluster).toMatch(new RegExp(`^${clusterNames.patternOf(service)}$`));
  expect(cluster).not.toMatch(new RegExp(`^${clusterNames.patternOf('app')}$`));
});

test('the app of a sidecar is inbound, and what Consul did not name leads nowhere', () => {
  expect(clusterNames.destinationOf('local_app')).toEqual({ direction: 'inbound', service: '-' });
  expect(clusterNames.destinationOf('local_agent')).toEqual({ direction: 'none', service: '-' });
  expect(clusterNames.destinationOf('-')).toEqual({ direction: 'none', service: '-' });
});

test('what a peer asks gateways for says whose peer it is', () => {
  const trust = '0b5ea17e-7000-4000-8000-6d6573686574.consul';
  expect(askedByPeer(`edge-app.default.default.east.external.${trust}`)).toEqual({
    service: 'edge-app',
    peer: 'east',
  });
  expect(askedByPeer(`edge-app.${suffix}`)).toBeUndefined();
  expect(isExported(`exported~edge-app.${suffix}`)).toBe(true);
  expect(isExported(`edge-app.${suffix}`)).toBe(false);
});
