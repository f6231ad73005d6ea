import { expect, test } from 'vitest';
import { statistics } from './statistics.ts';

test('statistics of a service are those of its cluster and its subsets, with every host', () => {
  const stats = `cluster.xds-grpc;.upstream_rq_total: 2
cluster_manager.cds.update_success: 3
listener_manager.lds.update_success: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_rq_pending_overflow: 7
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_rq_pending_overflow: 2
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_active: 100
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_active: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_enforced_total: 3
`;
  const clusters = `outbound|8080||edge-app.default.svc.cluster.local::127.1.2.11:8080::health_flags::/failed_outlier_check
outbound|8080||edge-app.default.svc.cluster.local::127.1.2.12:8080::health_flags::healthy
outbound|8080||edge-app.default.svc.cluster.local::127.1.2.12:8080::weight::1
inbound|8080||::127.1.2.12:18080::health_flags::healthy
`;
  expect(statistics.parse('frontend-1', 5, [stats, clusters])).toEqual([
    {
      t: 5,
      instance: 'frontend-1',
      service: 'edge-app',
      overflow: 9,
      connections: 100,
      pending: 0,
      active: 0,
      retries: 0,
      ejectionsTotal: 3,
      ejectionsActive: 1,
      controlPlane: { streams: 2, updates: 4 },
      hosts: [
        { address: '127.1.2.11:8080', ejected: true, healthy: false },
        { address: '127.1.2.12:8080', ejected: false, healthy: true },
      ],
    },
  ]);
});
