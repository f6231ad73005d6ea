import type { Window } from '../../checks/contract.ts';
import type { TraceFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { Span } from '../../model/tracing.ts';
import type { Traffic } from '../traffic/traffic.ts';

/** Why the trace of a request is not whole. */
export type Flaw =
  /** The app of a service calls onward as if nobody had called it: its sidecar begins another trace. */
  | { readonly what: 'parted'; readonly service: string }
  /** A request has passed the sidecar of an instance, which told nothing of it, or as if nobody had sent it. */
  | { readonly what: 'missing'; readonly instance: string; readonly direction: Span['direction'] };

/** Which requests sidecars told of as traces, and whether those are whole, held against the logs of requests. */
export class Traces {
  readonly #evidence: Evidence;
  readonly #traffic: Traffic;
  readonly #arrivals = new Map<number, number[]>();
  readonly #flaws = new Map<number, Flaw | undefined>();

  constructor(evidence: Evidence, traffic: Traffic) {
    this.#evidence = evidence;
    this.#traffic = traffic;
    const { arrivals } = evidence;
    for (let row = 0; row < arrivals.length; row += 1) {
      const request = arrivals.request[row] as number;
      if (request < 0 || !this.isSampled(request)) continue;
      const known = this.#arrivals.get(request);
      if (known === undefined) this.#arrivals.set(request, [row]);
      else known.push(row);
    }
  }

  isSampled(request: number): boolean {
    return this.#evidence.spans?.ofRequest.has(request) ?? false;
  }

  /** Spans of a request, the earliest first; none where nobody told of it. */
  spansOf(request: number): readonly Span[] {
    return (this.#evidence.spans?.ofRequest.get(request) ?? []).toSorted((a, b) => a.startMs - b.startMs);
  }

  /** Rows of all requests that were told of. */
  sampled(): readonly number[] {
    return [...(this.#evidence.spans?.ofRequest.keys() ?? [])];
  }

  /** What is wrong with the trace of a request that was told of; undefined where it is whole. */
  flawOf(request: number): Flaw | undefined {
    if (!this.#flaws.has(request)) this.#flaws.set(request, this.#findFlaw(request));
    return this.#flaws.get(request);
  }

  #findFlaw(request: number): Flaw | undefined {
    const { context, requests, arrivals, calls } = this.#evidence;
    const spans = this.spansOf(request);
    const ids = new Set(spans.map(({ id }) => id));
    const client = context.instances[requests.client[request] as number]?.name ?? '';
    const isRoot = ({ parent }: Span) => parent === undefined || !ids.has(parent);
    const strayed = spans.filter((span) => isRoot(span) && span.instance !== client);
    const parted = strayed.find(({ direction }) => direction === 'outbound');
    if (parted !== undefined) return { what: 'parted', service: this.#serviceOf(parted.instance) };
    // Each line of a log is one span of the same sidecar.
    const passed = [
      { instance: requests.client[request] as number, direction: 'outbound' as const },
      ...(this.#arrivals.get(request) ?? []).map((row) => ({
        instance: arrivals.instance[row] as number,
        direction: 'inbound' as const,
      })),
      ...[...calls.of(request)].map((row) => ({
        instance: calls.caller[row] as number,
        direction: 'outbound' as const,
      })),
    ];
    const told = Map.groupBy(
      spans.filter((span) => span.request !== ''),
      ({ instance, direction }) => `${instance} ${direction}`,
    );
    for (const [key, lines] of Map.groupBy(passed, ({ instance, direction }) => {
      return `${context.instances[instance]?.name} ${direction}`;
    })) {
      const [first] = lines;
      if (first === undefined || (told.get(key)?.length ?? 0) >= lines.length) continue;
      const instance = context.instances[first.instance]?.name ?? '';
      return { what: 'missing', instance, direction: first.direction };
    }
    const [orphan] = strayed;
    return orphan && { what: 'missing', instance: orphan.instance, direction: orphan.direction };
  }

  #serviceOf(instance: string): string {
    return this.#evidence.context.instances.find(({ name }) => name === instance)?.service ?? instance;
  }

  /** Whether a request, or a call that was made for it, was sent to more than one host. */
  isRetried(request: number): boolean {
    const { calls } = this.#evidence;
    const { endings, endingOf } = this.#traffic;
    const attempts = (ending: number) => endings[ending]?.attempts ?? 1;
    return (
      attempts(endingOf[request] as number) > 1 ||
      [...calls.of(request)].some((row) => attempts(calls.ending[row] as number) > 1)
    );
  }

  /** What came of the requests of a window, of those that count. */
  in(
    { fromMs, toMs }: Pick<Window, 'fromMs' | 'toMs'>,
    counts: (request: number) => boolean,
    of: 'all' | 'retried',
  ): TraceFacts {
    const { whenMs } = this.#traffic;
    const flaws = new Map<string, number>();
    let sampled = 0;
    let whole = 0;
    for (const request of this.sampled()) {
      const when = whenMs[request] as number;
      if (when < fromMs || when >= toMs || !counts(request)) continue;
      if (of === 'retried' && !this.isRetried(request)) continue;
      sampled += 1;
      const flaw = this.flawOf(request);
      if (flaw === undefined) whole += 1;
      else flaws.set(flawText(flaw), (flaws.get(flawText(flaw)) ?? 0) + 1);
    }
    const [most] = [...flaws].toSorted(([, a], [, b]) => b - a);
    return { sampled, whole, ...(most === undefined ? {} : { flaw: { text: most[0], count: most[1] } }) };
  }

  /** The flaw that most traces of a window have. */
  mostIn({ fromMs, toMs }: Pick<Window, 'fromMs' | 'toMs'>): Flaw | undefined {
    const { whenMs } = this.#traffic;
    const found = this.sampled().flatMap((request) => {
      const when = whenMs[request] as number;
      return when >= fromMs && when < toMs ? (this.flawOf(request) ?? []) : [];
    });
    const [most] = [...Map.groupBy(found, flawText).values()].toSorted((a, b) => b.length - a.length);
    return most?.[0];
  }
}

/** "edge-app calls onward outside the trace of its request". */
export function flawText(flaw: Flaw): string {
  if (flaw.what === 'parted') return `${flaw.service} calls onward outside the trace of its request`;
  const what = flaw.direction === 'inbound' ? 'what came to' : 'a call of';
  return `the sidecar of ${flaw.instance} tells nothing of ${what} its app, or not as part of the trace`;
}
