import type { Capacity } from './capacity.ts';

const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the app counts about itself, and its Prometheus text. */
export class Metrics {
  rejected = 0;
  // Indexed by status; 0 is a request that got no answer.
  readonly #requests = new Float64Array(600);
  readonly #buckets = new Float64Array(BUCKETS_S.length + 1);
  #serviceTotalS = 0;
  readonly #onwardCalls = new Map<string, number>();
  readonly #capacity: Capacity;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /** A request is over: answered with `status`, or 0 when it got no answer. */
  countRequest(status: number): void {
    this.#requests[status] = (this.#requests[status] ?? 0) + 1;
  }

  /** How long a request held its slot. */
  observeServiceTime(durationMs: number): void {
    const durationS = durationMs / 1_000;
    let bucket = 0;
    while (bucket < BUCKETS_S.length && durationS > (BUCKETS_S[bucket] as number)) bucket++;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#serviceTotalS += durationS;
  }

  countOnwardCall(host: string, result: string): void {
    const labels = `{host=${label(host)},result=${label(result)}}`;
    this.#onwardCalls.set(labels, (this.#onwardCalls.get(labels) ?? 0) + 1);
  }

  toString(): string {
    const cpu = process.cpuUsage();
    return [
      ...family('edge_app_requests_total', 'counter', 'Requests by status; 0 got no answer.'),
      ...[...this.#requests].flatMap((count, status) =>
        count > 0 ? [`edge_app_requests_total{status="${status}"} ${count}`] : [],
      ),
      ...single('edge_app_in_flight', 'gauge', 'Requests being served.', this.#capacity.inFlight),
      ...single('edge_app_queued', 'gauge', 'Requests waiting for a slot.', this.#capacity.queued),
      ...single('edge_app_rejected_total', 'counter', 'Requests the queue had no room for.', this.rejected),
      ...this.#histogram('edge_app_service_seconds'),
      ...family('edge_app_onward_calls_total', 'counter', 'Onward calls by status, or no_answer.'),
      ...[...this.#onwardCalls].map(([labels, count]) => `edge_app_onward_calls_total${labels} ${count}`),
      ...single(
        'process_cpu_seconds_total',
        'counter',
        'User and system CPU time.',
        (cpu.user + cpu.system) / 1e6,
      ),
      ...single('process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss()),
      '',
    ].join('\n');
  }

  #histogram(name: string): string[] {
    const lines = family(name, 'histogram', 'How long requests held their slot, onward calls included.');
    let total = 0;
    this.#buckets.forEach((count, index) => {
      total += count;
      lines.push(`${name}_bucket{le="${BUCKETS_S[index] ?? '+Inf'}"} ${total}`);
    });
    lines.push(`${name}_sum ${this.#serviceTotalS}`, `${name}_count ${total}`);
    return lines;
  }
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function single(name: string, type: string, help: string, value: number): string[] {
  return [...family(name, type, help), `${name} ${value}`];
}

function label(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
