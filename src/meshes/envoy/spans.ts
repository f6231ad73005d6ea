import type { Span } from '../../model/tracing.ts';
import type { MeshSpans, ReportedSpan } from '../contract.ts';
import { hashId } from './access-log-reader.ts';
import { OTLP_CLIENT, OTLP_SERVER, type OtlpSpan, readOtlp } from './otlp.ts';

/** A span in the JSON of Zipkin's second version, as far as it is read here; times are microseconds. */
interface ZipkinSpan {
  readonly traceId?: string;
  readonly id?: string;
  readonly parentId?: string;
  readonly kind?: string;
  readonly timestamp?: number;
  readonly duration?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * What Envoys report of requests, by whichever of their tracers. A sidecar tells of each request that it has passed once,
 * whatever became of it, and which one it was; what it tells of a request's single attempts, if it is asked to, has no
 * such id.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/observability/tracing
 */
export const envoySpans: MeshSpans = {
  read(report) {
    if (report.zipkin !== undefined) {
      return list(report.zipkin).flatMap((span) => fromZipkin((span ?? {}) as ZipkinSpan) ?? []);
    }
    if (report.otlp === undefined) return [];
    return readOtlp(Buffer.from(report.otlp, 'base64')).flatMap((span) => fromOtlp(span) ?? []);
  },
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function fromZipkin({ traceId, id, parentId, kind, timestamp, duration, tags = {} }: ZipkinSpan) {
  if (traceId === undefined || id === undefined || timestamp === undefined) return undefined;
  return reported((name) => tags[name], {
    trace: traceId,
    id,
    parent: parentId,
    direction: directions[kind ?? ''],
    startMs: timestamp / 1_000,
    durationMs: (duration ?? 0) / 1_000,
  });
}

function fromOtlp({ trace, id, parent, kind, startNs, endNs, attributes }: OtlpSpan) {
  return reported((name) => attributes.get(name), {
    trace,
    id,
    parent: parent === '' ? undefined : parent,
    direction: kind === OTLP_SERVER ? 'inbound' : kind === OTLP_CLIENT ? 'outbound' : undefined,
    startMs: startNs / 1e6,
    durationMs: (endNs - startNs) / 1e6,
  });
}

const directions: Readonly<Record<string, Span['direction']>> = { CLIENT: 'outbound', SERVER: 'inbound' };

/** "sidecar~127.1.2.11~edge-app-1.default~default.svc.cluster.local" → "edge-app-1". */
const instanceIn = (node: string | undefined) => node?.split('~')[2]?.replace(/\.[^.]*$/, '');

function reported(
  tag: (name: string) => string | undefined,
  {
    direction,
    ...span
  }: Omit<Span, 'instance' | 'direction' | 'status' | 'request'> & {
    readonly direction: Span['direction'] | undefined;
  },
): ReportedSpan | undefined {
  const instance = instanceIn(tag('node_id'));
  if (instance === undefined || direction === undefined) return undefined;
  const request = tag('guid:x-request-id') ?? '';
  return {
    ...span,
    direction,
    instance,
    request,
    status: Number(tag('http.status_code') ?? 0) || 0,
    hash: hashOf(request),
  };
}

/** The hash that the request's lines in the logs of requests have. */
function hashOf(id: string): ReportedSpan['hash'] {
  if (id === '') return [0, 0];
  const bytes = Buffer.from(id);
  const hash = { idHigh: new Uint32Array(1), idLow: new Uint32Array(1) };
  hashId(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length, hash, 0);
  return [hash.idHigh[0] ?? 0, hash.idLow[0] ?? 0];
}
