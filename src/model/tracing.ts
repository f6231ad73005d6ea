/** How sidecars report spans. */
export const tracingProtocols = ['zipkin', 'otlp-http', 'otlp-grpc'] as const;
export type TracingProtocol = (typeof tracingProtocols)[number];

/** Where the sidecars of a mesh report spans. */
export interface TracingPlan {
  /** Name of the provider, by which the mesh configuration chooses it. */
  readonly provider: string;
  readonly protocol: TracingProtocol;
  /** Address of somebody else who gets every report too. */
  readonly exportTo?: string | undefined;
}

/** What one sidecar tells of one request that passed it: of a call that left there, or of what came in for its app. */
export interface Span {
  readonly trace: string;
  readonly id: string;
  /** Of the span that it belongs under; none where the sidecar has begun the trace. */
  readonly parent: string | undefined;
  readonly instance: string;
  readonly direction: 'outbound' | 'inbound';
  /** Epoch milliseconds with microseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** Id of the request. */
  readonly request: string;
}

/** What sidecars say of the spans that they have reported since they started. */
export interface SpanCounts {
  readonly sent: number;
  /** Of those, what did not arrive as they know, and what they had nobody to send to. */
  readonly lost: number;
  /** It might still have had some to report when a trial ended: it was too slow to be waited for. */
  readonly unfinished?: true;
}
