import { expect, test } from 'vitest';
import { rejectionsIn } from '../envoy/rejections.ts';
import { parseConfiguration } from './configuration-resources.ts';
import { originsOfRejection } from './rejections.ts';

test('of a rejected cluster the name and the reason are kept, not the resource quoted between them', () => {
  const log = `2026-11-22T20:27:44.105912Z\tinfo\txdsproxy\tconnected
2026-11-22T20:27:44.163455Z\twarning\tenvoy config delta_subscription_state.cc:283\tdelta config for type.googleapis.com/envoy.config.cluster.v3.Cluster rejected: goo.gle/debugstr${'  '}
name: "outbound|8080||edge-app.default.svc.cluster.local"
type: EDS
ring_hash_lb_config {
  minimum_ring_size {
    value: 9000000
  }
}
: Proto constraint validation failed (RingHashLbConfigValidationError.MinimumRingSize: value must be less than or equal to 8388608)\tthread=2115
2026-11-22T20:27:45.163455Z\tinfo\tother
`;
  expect(rejectionsIn(log)).toEqual([
    'cluster outbound|8080||edge-app.default.svc.cluster.local: Proto constraint validation failed (RingHashLbConfigValidationError.MinimumRingSize: value must be less than or equal to 8388608)',
  ]);
});

test('a reason on the line itself is kept whole', () => {
  const log = `2026-11-22T20:27:44.163455Z\twarning\tenvoy config x.cc:1\tgRPC config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: Error adding/updating listener(s) 127.0.0.1_8080: Didn't find a registered implementation for 'envoy.filters.http.none'\tthread=7
`;
  expect(rejectionsIn(log)).toEqual([
    "listener: Error adding/updating listener(s) 127.0.0.1_8080: Didn't find a registered implementation for 'envoy.filters.http.none'",
  ]);
});

const filters = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: headers}
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      patch: {operation: INSERT_BEFORE, value: {name: envoy.lua, config: {inlineCode: ""}}}
    - applyTo: CLUSTER
      patch: {operation: MERGE, value: {lb_policy: RING_HASH}}
    - applyTo: HTTP_FILTER
      patch: {operation: INSERT_BEFORE, value: {name: envoy.filters.http.cors}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edge-app}
spec: {host: edge-app}
`;

/** "EnvoyFilter/headers:6". */
function origins(reason: string, content: string): string[] {
  const { resources } = parseConfiguration([{ file: 'mesh.yaml', path: '/mesh.yaml', content }], 'default');
  return originsOfRejection(reason, resources).map(
    ({ resource, path }) => `${resource.kind}/${resource.name}:${resource.lineOf(path)}`,
  );
}

test('what Envoy rejects comes from the patch that says what the reason quotes', () => {
  const reason = "listener: Didn't find a registered implementation for 'envoy.lua' with type URL: ''";
  expect(origins(reason, filters)).toEqual(['EnvoyFilter/headers:6']);
});

test('where the reason quotes nothing, it may be any patch of that kind of thing', () => {
  const cluster = 'cluster outbound|8080||edge-app.default.svc.cluster.local: validation failed';
  expect(origins(cluster, filters)).toEqual(['EnvoyFilter/headers:8']);
  expect(origins('listener: validation failed', filters)).toEqual([
    'EnvoyFilter/headers:6',
    'EnvoyFilter/headers:10',
  ]);
});

test('without patches it may be whatever is there', () => {
  const [, rule = ''] = filters.split('---\n');
  expect(origins('cluster x: validation failed', rule)).toEqual(['DestinationRule/edge-app:1']);
});
