import { access } from 'node:fs/promises';
import type { MeshSpans, ReportedSpan, SpanReport } from '../meshes/contract.ts';
import type { Span } from '../model/tracing.ts';
import { isMissing, readJsonLines } from './files.ts';
import type { RequestIndex } from './request-index.ts';

/** What sidecars reported of traces, put to the requests of loads. */
export interface Spans {
  /** Row of a request → its spans, in no order. One that nobody told of has none. */
  readonly ofRequest: ReadonlyMap<number, readonly Span[]>;
  /** Instance → how many spans its sidecar reported, those of other requests among them. */
  readonly received: ReadonlyMap<string, number>;
  /** Lines that were no JSON. */
  readonly damaged: number;
}

/** How many spans are looked up at once. */
const BATCH = 1_024;

/**
 * Reads spans.jsonl; undefined where nobody took spans. A span that names no request, such as one of a single attempt,
 * goes with the others of its trace.
 */
export async function readSpans(
  file: string,
  spans: MeshSpans,
  index: Pick<RequestIndex, 'find'>,
): Promise<Spans | undefined> {
  if (!(await exists(file))) return undefined;
  const ofRequest = new Map<number, Span[]>();
  const received = new Map<string, number>();
  const ofTrace = new Map<string, number>();
  const nameless: ReportedSpan[] = [];
  const put = (row: number, { hash: _, ...span }: ReportedSpan) => {
    const known = ofRequest.get(row);
    if (known === undefined) ofRequest.set(row, [span]);
    else known.push(span);
  };
  const columns = { length: 0, idHigh: new Uint32Array(BATCH), idLow: new Uint32Array(BATCH) };
  const rows = new Int32Array(BATCH);
  const waiting: ReportedSpan[] = [];
  const flush = () => {
    for (const [at, span] of waiting.entries()) [columns.idHigh[at], columns.idLow[at]] = span.hash;
    columns.length = waiting.length;
    index.find(columns, rows);
    for (const [at, span] of waiting.entries()) {
      const row = rows[at] ?? -1;
      if (row < 0) continue;
      ofTrace.set(span.trace, row);
      put(row, span);
    }
    waiting.length = 0;
  };
  const damaged = await readJsonLines<SpanReport>(file, (report) => {
    for (const span of spans.read(report)) {
      received.set(span.instance, (received.get(span.instance) ?? 0) + 1);
      if (span.request === '') nameless.push(span);
      else waiting.push(span);
      if (waiting.length === BATCH) flush();
    }
  });
  flush();
  for (const span of nameless) {
    const row = ofTrace.get(span.trace);
    if (row !== undefined) put(row, span);
  }
  return { ofRequest, received, damaged };
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
