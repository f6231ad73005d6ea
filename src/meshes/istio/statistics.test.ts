import { expect, test } from 'vitest';
import { envoyStatistics } from '../envoy/statistics.ts';
import { clusterNames } from './clusters.ts';

const statistics = envoyStatistics(clusterNames);

test('statistics of a service are those of its cluster and its subsets, with every host', () => {
  const stats = `cluster.xds-grpc;.upstream_rq_total: 2
cluster_manager.cds.update_success: 3
listener_manager.lds.update_success: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_rq_pending_overflow: 7
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_rq_pending_overflow: 2
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_active: 100
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_cx_total: 250
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_cx_total: 50
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_active: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_enforced_total: 3
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_overflow: 4
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.outlier_detection.ejections_overflow: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_detected_consecutive_5xx: 8
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_detected_consecutive_gateway_failure: 2
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_detected_success_rate: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.outlier_detection.ejections_detected_failure_percentage: 1
cluster.outbound|8080||edge-app.default.svc.cluster.local;.lb_healthy_panic: 40
cluster.outbound|8080||edge-app.default.svc.cluster.local;.upstream_rq_completed: 200
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_rq_completed: 100
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_rq_5xx: 30
cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.upstream_rq_4xx: 1
http.outbound_127.1.2.130_8080;.no_cluster: 6
http.outbound_127.1.2.130_8080;.no_route: 1
`;
  const clusters = `outbound|8080||edge-app.default.svc.cluster.local::127.1.2.11:8080::health_flags::/failed_outlier_check
outbound|8080||edge-app.default.svc.cluster.local::127.1.2.12:8080::health_flags::healthy
outbound|8080||edge-app.default.svc.cluster.local::127.1.2.12:8080::weight::1
inbound|8080||::127.1.2.12:18080::health_flags::healthy
`;
  expect(statistics.samples('frontend-1', 5, stats, statistics.hosts(clusters))).toEqual([
    {
      t: 5,
      instance: 'frontend-1',
      service: 'edge-app',
      overflow: 9,
      connections: 100,
      opened: 300,
      pending: 0,
      active: 0,
      retries: 0,
      completed: 300,
      failed: 31,
      strayed: 7,
      ejectionsTotal: 3,
      ejectionsActive: 1,
      ejectionsRefused: 5,
      detections: { errors: 8, gatewayErrors: 2, localErrors: 0, comparisons: 2 },
      panics: 40,
      controlPlane: { streams: 2, updates: 4 },
      hosts: [
        { address: '127.1.2.11:8080', ejected: true, healthy: false },
        { address: '127.1.2.12:8080', ejected: false, healthy: true },
      ],
    },
  ]);
});

test('what counts when a host changes tells versions of the hosts apart, and load does not', () => {
  const counter = (name: string, value: number) =>
    `cluster.outbound|8080||edge-app.default.svc.cluster.local;.${name}: ${value}\n`;
  const counters = (ejections: number, connections: number) =>
    counter('membership_healthy', 3) +
    counter('upstream_cx_active', connections) +
    counter('outlier_detection.ejections_enforced_total', ejections);
  const version = statistics.hostsVersion(counters(1, 10));
  expect(statistics.hostsVersion(counters(1, 20))).toBe(version);
  expect(statistics.hostsVersion(counters(2, 10))).not.toBe(version);
});

test('counters are those of the services asked for', () => {
  const [, filter = ''] = statistics.countersPath(['edge-app', 'api']).split('filter=');
  const asked = (name: string) => new RegExp(decodeURIComponent(filter)).test(name);
  expect(asked('cluster.outbound|8080|v2|edge-app.default.svc.cluster.local;.membership_total')).toBe(true);
  expect(asked('cluster.outbound|8080||api.default.svc.cluster.local;.upstream_rq_active')).toBe(true);
  const outliers = 'cluster.outbound|8080||api.default.svc.cluster.local;.outlier_detection';
  expect(asked(`${outliers}.ejections_overflow`)).toBe(true);
  expect(asked(`${outliers}.ejections_detected_consecutive_gateway_failure`)).toBe(true);
  expect(asked('cluster.outbound|8080||api.default.svc.cluster.local;.lb_healthy_panic')).toBe(true);
  expect(asked('cluster.outbound|8080||my-edge-app.default.svc.cluster.local;.membership_total')).toBe(false);
  expect(asked('cluster.outbound|53||kube-dns.kube-system.svc.cluster.local;.membership_total')).toBe(false);
});
