import type { Evidence } from '../../evidence/evidence.ts';
import { DIRECT } from '../../evidence/requests.ts';
import type { Report } from '../../report/model.ts';
import { flawText, type Traces } from '../facts/traces.ts';
import type { Traffic } from '../traffic/traffic.ts';

type Waterfall = NonNullable<Report['waterfalls']>[number];
type Bar = Waterfall['bars'][number];

/** How many of each are shown. */
const SHOWN = { slowest: 3, failed: 3, broken: 1, retried: 1 } as const;

/**
 * Single requests, each with everything that sidecars logged of it: the slowest, some that failed, one whose trace is
 * broken and one that was tried again where there are any; those that are traced first, since more is known of them.
 */
export function waterfallsOf(
  evidence: Evidence,
  traffic: Traffic,
  traces: Traces,
  { warmupMs }: { readonly warmupMs: number },
): Waterfall[] {
  const chosen = new Map<number, string>();
  const choose = (why: string, most: number, rows: Iterable<number>) => {
    let left = most;
    for (const row of rows) {
      if (left === 0) return;
      if (chosen.has(row)) continue;
      chosen.set(row, why);
      left -= 1;
    }
  };
  const { latencyMs, whenMs, endings, endingOf } = traffic;
  const after = (row: number) => (whenMs[row] as number) >= warmupMs;
  const isOk = (row: number) => endings[endingOf[row] as number]?.outcome === 'ok';
  choose('slowest', SHOWN.slowest, slowest(traffic, SHOWN.slowest, after));
  choose('failed', SHOWN.failed, [
    ...rowsWhere(traffic, SHOWN.failed * 2, (row) => after(row) && !isOk(row) && traces.isSampled(row)),
    ...rowsWhere(traffic, SHOWN.failed * 2, (row) => after(row) && !isOk(row)),
  ]);
  const sampled = traces.sampled().filter(after);
  const first = (is: (row: number) => boolean) => {
    const found = sampled.find((row) => !chosen.has(row) && is(row));
    return found === undefined ? [] : [found];
  };
  choose(
    'broken trace',
    SHOWN.broken,
    first((row) => traces.flawOf(row) !== undefined),
  );
  choose(
    'tried again',
    SHOWN.retried,
    first((row) => traces.isRetried(row)),
  );
  const arrivals = arrivalsOf(evidence, new Set(chosen.keys()));
  return [...chosen].map(([row, why]): Waterfall => {
    const [span] = traces.spansOf(row);
    const flaw = traces.isSampled(row) ? traces.flawOf(row) : undefined;
    const total = latencyMs[row] as number;
    const dueMs =
      (evidence.requests.startMs[row] as number) + (evidence.requests.durationMs[row] as number) - total;
    return {
      why,
      atMs: dueMs,
      latencyMs: total,
      status: endings[endingOf[row] as number]?.status ?? 0,
      ...(span === undefined ? {} : { trace: span.trace }),
      ...(flaw === undefined ? {} : { flaw: flawText(flaw) }),
      bars: barsOf(row, arrivals.get(row) ?? [], evidence, traces).map((bar) => ({
        ...bar,
        fromMs: bar.fromMs - dueMs,
      })),
    };
  });
}

/** The slowest rows, the slowest first. */
function slowest({ length, latencyMs }: Traffic, most: number, wanted: (row: number) => boolean): number[] {
  const found: number[] = [];
  for (let row = 0; row < length; row += 1) {
    if (!wanted(row)) continue;
    const last = found.at(-1);
    if (
      found.length === most &&
      last !== undefined &&
      (latencyMs[row] as number) <= (latencyMs[last] as number)
    )
      continue;
    found.push(row);
    found.sort((a, b) => (latencyMs[b] as number) - (latencyMs[a] as number));
    found.length = Math.min(found.length, most);
  }
  return found;
}

function rowsWhere({ length }: Traffic, most: number, wanted: (row: number) => boolean): number[] {
  const found: number[] = [];
  for (let row = 0; row < length && found.length < most; row += 1) if (wanted(row)) found.push(row);
  return found;
}

/** Rows of what reached servers, by the request that it was for. */
function arrivalsOf({ arrivals }: Evidence, wanted: ReadonlySet<number>): ReadonlyMap<number, number[]> {
  const found = new Map<number, number[]>();
  for (let row = 0; row < arrivals.length; row += 1) {
    const request = arrivals.request[row] as number;
    if (wanted.has(request)) found.set(request, [...(found.get(request) ?? []), row]);
  }
  return found;
}

/** What was under way for a request, each under what it was for; times count from the load's start. */
function barsOf(
  request: number,
  reached: readonly number[],
  { context, requests, arrivals, calls, endings }: Evidence,
  traces: Traces,
): Bar[] {
  const told = Map.groupBy(
    traces.spansOf(request).filter((span) => span.request !== ''),
    ({ instance, direction }) => `${instance} ${direction}`,
  );
  const bar = (
    instance: number,
    direction: 'outbound' | 'inbound',
    depth: number,
    ending: number,
    [fromMs, ms]: readonly [number, number],
  ): Bar => {
    const who = context.instances[instance]?.name ?? '-';
    const { status = 0, service = '-', raw } = endings[ending] ?? {};
    // Each span is of one line; which of several alike does not matter.
    const isTraced = told.get(`${who} ${direction}`)?.pop() !== undefined;
    return {
      who,
      what: direction === 'inbound' ? 'takes it' : `calls ${service === '-' ? 'nobody' : service}`,
      depth,
      fromMs,
      ms,
      status,
      ...(raw === undefined || raw.flag === '-' ? {} : { flag: raw.flag }),
      traced: isTraced,
    };
  };
  const made = [...calls.of(request)].toSorted(
    (a, b) => (calls.startMs[a] as number) - (calls.startMs[b] as number),
  );
  const overMs = (row: number) => (arrivals.startMs[row] as number) + (arrivals.durationMs[row] as number);
  /** The arrival in whose time an app called. */
  const within = (call: number) => {
    const at = calls.startMs[call] as number;
    return reached.findLast(
      (row) =>
        arrivals.instance[row] === calls.caller[call] &&
        (arrivals.startMs[row] as number) <= at + CLOCKS_MS &&
        overMs(row) >= at - CLOCKS_MS,
    );
  };
  const under = (call: number, depth: number): Bar[] =>
    reached
      .filter((row) => arrivals.call[row] === call)
      .flatMap((row) => [
        bar(arrivals.instance[row] as number, 'inbound', depth, arrivals.ending[row] as number, [
          arrivals.startMs[row] as number,
          arrivals.durationMs[row] as number,
        ]),
        ...made
          .filter((each) => within(each) === row)
          .flatMap((each) => [
            bar(calls.caller[each] as number, 'outbound', depth + 1, calls.ending[each] as number, [
              calls.startMs[each] as number,
              calls.durationMs[each] as number,
            ]),
            ...under(each, depth + 2),
          ]),
      ]);
  return [
    bar(requests.client[request] as number, 'outbound', 0, requests.ending[request] as number, [
      requests.startMs[request] as number,
      requests.durationMs[request] as number,
    ]),
    ...under(DIRECT, 1),
  ];
}

/** Two sidecars may look at clocks that differ by this much. */
const CLOCKS_MS = 2;
