/** What the metrics of one client's sidecar say of its calls of one service, counted since it started. */
export interface ServiceMetrics {
  readonly instance: string;
  readonly service: string;
  /** Answers by class: "2xx", "5xx"; what the sidecar answered in the service's place among them. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests refused since something was full, and ended since their time was over; undefined where it does not tell. */
  readonly overflow: number | undefined;
  readonly timeouts: number | undefined;
  /** How many answers took at most so many milliseconds, the smallest bound first. */
  readonly latency: readonly { readonly atMostMs: number; readonly count: number }[];
}

/** What the metrics of each client's sidecar were before the loads began and after they ended, in the mesh's words. */
export type MetricsAnswers = Readonly<Record<string, { readonly before: string; readonly after: string }>>;
