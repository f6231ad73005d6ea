import { expect, test } from 'vitest';
import { rejectionsIn } from './rejections.ts';

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
