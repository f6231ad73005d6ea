import { PbfReader } from 'pbf';

/** A span as OpenTelemetry's protocol has it, as far as it is read here; ids are hexadecimal. */
export interface OtlpSpan {
  trace: string;
  id: string;
  parent: string;
  kind: number;
  /** Epoch nanoseconds. */
  startNs: number;
  endNs: number;
  readonly attributes: Map<string, string>;
}

/** Of `kind`. */
export const OTLP_SERVER = 2;
export const OTLP_CLIENT = 3;

/**
 * The spans of one report: an `ExportTraceServiceRequest`, field by field.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export function readOtlp(report: Uint8Array): readonly OtlpSpan[] {
  const spans: OtlpSpan[] = [];
  // resource_spans, scope_spans, spans.
  new PbfReader(report).readFields((tag, _, pbf) => {
    if (tag === 1) pbf.readMessage(readResource, spans);
  }, spans);
  return spans;
}

function readResource(tag: number, spans: OtlpSpan[], pbf: PbfReader): void {
  if (tag === 2) pbf.readMessage(readScope, spans);
}

function readScope(tag: number, spans: OtlpSpan[], pbf: PbfReader): void {
  if (tag !== 2) return;
  const span = { trace: '', id: '', parent: '', kind: 0, startNs: 0, endNs: 0, attributes: new Map() };
  spans.push(pbf.readMessage(readSpan, span));
}

function readSpan(tag: number, span: OtlpSpan, pbf: PbfReader): void {
  if (tag === 1) span.trace = hexadecimal(pbf.readBytes());
  else if (tag === 2) span.id = hexadecimal(pbf.readBytes());
  else if (tag === 4) span.parent = hexadecimal(pbf.readBytes());
  else if (tag === 6) span.kind = pbf.readVarint();
  else if (tag === 7) span.startNs = pbf.readFixed64();
  else if (tag === 8) span.endNs = pbf.readFixed64();
  else if (tag === 9) {
    const { key, value } = pbf.readMessage(readAttribute, { key: '', value: '' });
    span.attributes.set(key, value);
  }
}

function readAttribute(tag: number, attribute: { key: string; value: string }, pbf: PbfReader): void {
  if (tag === 1) attribute.key = pbf.readString();
  else if (tag === 2) pbf.readMessage(readValue, attribute);
}

/** Texts and whole numbers; Envoy writes no others. */
function readValue(tag: number, attribute: { value: string }, pbf: PbfReader): void {
  if (tag === 1) attribute.value = pbf.readString();
  else if (tag === 3) attribute.value = String(pbf.readVarint(true));
}

const hexadecimal = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
