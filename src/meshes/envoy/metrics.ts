import type { ServiceMetrics } from '../../model/metrics.ts';
import type { MeshMetrics } from '../contract.ts';
import type { ClusterNames } from './clusters.ts';

/** One line of Prometheus' text: a name, its labels, a value. */
interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Counters and gauges of one service, as they are added up. */
interface Sum {
  readonly answers: Record<string, number>;
  overflow: number | undefined;
  timeouts: number | undefined;
  readonly latency: Map<number, number>;
}

/**
 * What is scraped of a sidecar. Istio's own build of Envoy has the standard metrics of Istio, which are read where they
 * are; elsewhere it is Envoy's own that tell the same, by cluster.
 * https://istio.io/latest/docs/reference/config/metrics/
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
 */
export function envoyMetrics(clusters: ClusterNames): MeshMetrics {
  return {
    path: `/stats/prometheus?filter=${encodeURIComponent(String.raw`^cluster\.outbound|^cluster\..*upstream_rq|^reporter=|istio_request`)}`,
    read(instance, answer) {
      const services = new Map<string, Sum>();
      const of = (service: string) => {
        const known = services.get(service);
        if (known !== undefined) return known;
        const sum: Sum = { answers: {}, overflow: undefined, timeouts: undefined, latency: new Map() };
        services.set(service, sum);
        return sum;
      };
      const samples = answer.split('\n').flatMap((line) => sampleIn(line) ?? []);
      const standard = samples.filter(({ name, labels }) => name.startsWith('istio_') && isOfCaller(labels));
      for (const sample of standard) {
        const host = sample.labels.get('destination_service') ?? '';
        addStandard(of(clusters.destinationOf(`outbound|0||${host}`).service), sample);
      }
      for (const sample of standard.length > 0 ? [] : samples) {
        const { service, direction } = clusters.destinationOf(sample.labels.get('cluster_name') ?? '');
        if (direction === 'outbound') addOwn(of(service), sample);
      }
      return [...services].map(([service, { answers, overflow, timeouts, latency }]): ServiceMetrics => {
        const bounds = [...latency].toSorted(([a], [b]) => a - b);
        return {
          instance,
          service,
          answers,
          overflow,
          timeouts,
          latency: bounds.map(([atMostMs, count]) => ({ atMostMs, count })),
        };
      });
    },
  };
}

const isOfCaller = (labels: Sample['labels']) => labels.get('reporter') === 'source';

/** `istio_requests_total` and `istio_request_duration_milliseconds`, each of one status and one flag. */
function addStandard(sum: Sum, { name, labels, value }: Sample): void {
  const flags = (labels.get('response_flags') ?? '-').split(',');
  if (name === 'istio_requests_total') {
    count(sum.answers, classOf(labels.get('response_code')), value);
    if (flags.includes('UO')) sum.overflow = (sum.overflow ?? 0) + value;
    if (flags.includes('UT')) sum.timeouts = (sum.timeouts ?? 0) + value;
  } else if (name === 'istio_request_duration_milliseconds_bucket') addBucket(sum, labels, value);
}

function addOwn(sum: Sum, { name, labels, value }: Sample): void {
  switch (name) {
    case 'envoy_cluster_upstream_rq':
    case 'envoy_cluster_upstream_rq_xx': {
      const answers = labels.get('response_code_class');
      // Of each answer both its class and its status are told: one is enough.
      if (answers !== undefined) count(sum.answers, classOf(answers), value);
      break;
    }
    case 'envoy_cluster_upstream_rq_pending_overflow':
      sum.overflow = (sum.overflow ?? 0) + value;
      break;
    case 'envoy_cluster_upstream_rq_timeout':
      sum.timeouts = (sum.timeouts ?? 0) + value;
      break;
    case 'envoy_cluster_upstream_rq_time_bucket':
      addBucket(sum, labels, value);
      break;
  }
}

function addBucket({ latency }: Sum, labels: Sample['labels'], value: number): void {
  const bound = Number((labels.get('le') ?? '').replace('+Inf', 'Infinity'));
  if (!Number.isNaN(bound)) latency.set(bound, (latency.get(bound) ?? 0) + value);
}

function count(answers: Record<string, number>, name: string, value: number): void {
  if (value > 0) answers[name] = (answers[name] ?? 0) + value;
}

/** "503", "5" and "5xx" → "5xx"; 0, which stands for no answer, → "none". */
const classOf = (text = '0') => (text.startsWith('0') ? 'none' : `${text.slice(0, 1)}xx`);

/** "name{label=\"value\",…} 12"; undefined for comments and what is none. */
function sampleIn(line: string): Sample | undefined {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  return {
    name,
    labels: new Map(
      [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
        key,
        text,
      ]),
    ),
    value: Number(value),
  };
}
