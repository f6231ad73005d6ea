import { expect, test } from 'vitest';
import { clusterNames } from '../istio/clusters.ts';
import { envoyMetrics } from './metrics.ts';

const { read } = envoyMetrics(clusterNames);

test("what Envoy's own metrics say of a service", () => {
  const labels = 'cluster_name="outbound|8080||edge-app.default.svc.cluster.local"';
  const text = `# TYPE envoy_cluster_upstream_rq counter
envoy_cluster_upstream_rq{response_code="200",${labels}} 40
envoy_cluster_upstream_rq{response_code="503",${labels}} 2
envoy_cluster_upstream_rq{response_code_class="2xx",${labels}} 40
envoy_cluster_upstream_rq{response_code_class="5xx",${labels}} 2
envoy_cluster_upstream_rq_pending_overflow{${labels}} 1
envoy_cluster_upstream_rq_timeout{${labels}} 0
envoy_cluster_upstream_rq{response_code_class="2xx",cluster_name="inbound|8080||"} 7
# TYPE envoy_cluster_upstream_rq_time histogram
envoy_cluster_upstream_rq_time_bucket{${labels},le="25"} 3
envoy_cluster_upstream_rq_time_bucket{${labels},le="0.5"} 0
envoy_cluster_upstream_rq_time_bucket{${labels},le="+Inf"} 41
envoy_cluster_upstream_rq_time_sum{${labels}} 1250.5
`;
  expect(read('frontend-1', text)).toEqual([
    {
      instance: 'frontend-1',
      service: 'edge-app',
      answers: { '2xx': 40, '5xx': 2 },
      overflow: 1,
      timeouts: 0,
      latency: [
        { atMostMs: 0.5, count: 0 },
        { atMostMs: 25, count: 3 },
        { atMostMs: Number.POSITIVE_INFINITY, count: 41 },
      ],
    },
  ]);
});

test("where sidecars have Istio's standard metrics it is those that count, of callers alone", () => {
  const of = (reporter: string, code: number, flags: string) =>
    `reporter="${reporter}",destination_service="edge-app.default.svc.cluster.local",response_code="${code}",response_flags="${flags}"`;
  const text = `istio_requests_total{${of('source', 200, '-')}} 40
istio_requests_total{${of('source', 503, 'UO')}} 3
istio_requests_total{${of('source', 504, 'UT')}} 2
istio_requests_total{${of('source', 0, 'DC')}} 1
istio_requests_total{${of('destination', 200, '-')}} 99
istio_request_duration_milliseconds_bucket{${of('source', 200, '-')},le="50"} 40
istio_request_duration_milliseconds_bucket{${of('source', 504, 'UT')},le="50"} 1
envoy_cluster_upstream_rq{response_code_class="2xx",cluster_name="outbound|8080||edge-app.default.svc.cluster.local"} 7
`;
  expect(read('frontend-1', text)).toEqual([
    {
      instance: 'frontend-1',
      service: 'edge-app',
      answers: { '2xx': 40, '5xx': 5, none: 1 },
      overflow: 3,
      timeouts: 2,
      latency: [{ atMostMs: 50, count: 41 }],
    },
  ]);
});

test('nothing is nothing', () => {
  expect(read('frontend-1', '')).toEqual([]);
});
