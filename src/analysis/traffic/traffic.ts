import type { FaultRecord } from '../../checks/facts.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { type Outcome, outcomes } from '../../model/evidence.ts';
import { isServer } from '../../model/topology.ts';
import { calibrate, type DueClock } from './due-clock.ts';
import type { RefusedCertificates } from './refused-certificates.ts';

/** No host was chosen; a host that run.json does not know. */
export const NO_HOST = -1;
export const UNKNOWN_HOST = -2;

/** The load's requests, ready to be counted: rows are those of `Evidence.requests`. */
export interface Traffic {
  readonly length: number;
  /** When a row was due, on the sidecar's clock. */
  readonly dueMs: Float64Array;
  /** To which moment a row counts: when it was due, or when a fault was on that found it in flight. */
  readonly whenMs: Float64Array;
  readonly latencyMs: Float32Array;
  /** By number of load. */
  readonly clocks: readonly DueClock[];
  /** By number of ending. */
  readonly endings: readonly SettledEnding[];
  readonly endingOf: Uint16Array;
}

export interface SettledEnding extends Ending {
  readonly outcomeIndex: number;
  /** Index of the instance it went to last, NO_HOST or UNKNOWN_HOST. */
  readonly instance: number;
  /** The same if that instance answered, else NO_HOST. */
  readonly answeredBy: number;
  /** Index of the gateway through which it went there, into another network; absent where it went directly. */
  readonly via?: number;
}

/** Puts every request at its due time and gives it its latency and its host. */
export function settleTraffic(
  evidence: Evidence,
  faults: readonly FaultRecord[],
  warmupMs: number,
  refused?: RefusedCertificates,
): Traffic {
  const { requests } = evidence;
  const clocks = clocksOf(evidence, warmupMs);
  const dueMs = new Float64Array(requests.length);
  const latencyMs = new Float32Array(requests.length);
  for (let row = 0; row < requests.length; row += 1) {
    const startMs = requests.startMs[row] as number;
    const durationMs = requests.durationMs[row] as number;
    const rawLag = requests.rawLagMs[row] as number;
    const { offsetMs } = clocks[requests.load[row] as number] ?? { offsetMs: 0 };
    const lagMs = Number.isNaN(rawLag) ? 0 : Math.max(0, rawLag - offsetMs);
    dueMs[row] = startMs - lagMs;
    latencyMs[row] = lagMs + durationMs;
  }
  const endings = settleEndings(evidence);
  const told = withHosts(
    evidence,
    beyondGateways(
      evidence,
      refused?.any ? withRefusals(evidence, endings, refused) : { endings, endingOf: requests.ending },
    ),
  );
  const whenMs = pastInjections(dueMs, latencyMs, faults);
  return { length: requests.length, dueMs, whenMs, latencyMs, clocks, ...told };
}

/** When requests were due, and of those under way while a fault was being injected when it was on: it is what they met. */
function pastInjections(
  dueMs: Float64Array,
  latencyMs: Float32Array,
  faults: readonly FaultRecord[],
): Float64Array {
  const injections = faults
    .flatMap(({ injectingAtMs, injectedAtMs = injectingAtMs }) =>
      injectingAtMs === undefined || injectedAtMs === undefined
        ? []
        : [{ from: injectingAtMs, to: injectedAtMs }],
    )
    .sort((a, b) => a.from - b.from);
  if (injections.length === 0) return dueMs;
  const whenMs = dueMs.slice();
  for (let row = 0; row < dueMs.length; row += 1) {
    const due = dueMs[row] as number;
    const overMs = due + (latencyMs[row] as number);
    for (const { from, to } of injections) {
      if (due < to && overMs > from) {
        whenMs[row] = to;
        break;
      }
    }
  }
  return whenMs;
}

/** Whether a sidecar passes an answer off as a host's and does not say whose. */
const isUnsaid = ({ fromHost, host }: Ending) => fromHost && host === '-';

/** Whether it is a failure of that kind, which is the sidecar's own where no server's log has it. */
export const isOfNoHost = (ending: Ending) => isUnsaid(ending) && ending.outcome !== 'ok';

/** The same as the sidecar's own. */
export const ofNoHost = <E extends Ending>(ending: E): E => ({
  ...ending,
  fromHost: false,
  reason: 'other',
  clues: { ...ending.clues, beside: true },
});

/** How requests ended: each by its number among the endings. */
type Told = Pick<Traffic, 'endings' | 'endingOf'>;

/**
 * Endings, and those beside them of requests that the client's sidecar passed an answer on for without saying of which
 * host, as it does where a filter asks beside the request's own way: the server's log says whose it was, or that it
 * was nobody's.
 */
function withHosts(evidence: Evidence, told: Told): Told {
  const { arrivals, context, endings: logged } = evidence;
  return retold(evidence, told, isUnsaid, (ending, last) => {
    const isAnswered = last >= 0 && logged[arrivals.ending[last] as number]?.answered === true;
    if (!isAnswered && ending.outcome === 'ok') return undefined;
    if (!isAnswered) return { key: NO_HOST, ending: () => ofNoHost(ending) };
    const instance = arrivals.instance[last] as number;
    const host = context.instances[instance]?.addresses[0] ?? '-';
    return {
      key: instance,
      ending: () => ({ ...ending, host, instance, answered: true, answeredBy: instance }),
    };
  });
}

/**
 * Endings, and those beside them of requests that went through a gateway into another network: to the client's sidecar
 * that is the host, and the log of a server there says whom they reached.
 */
function beyondGateways(evidence: Evidence, told: Told): Told {
  const { arrivals, endings: logged, context } = evidence;
  const leads = ({ instance }: SettledEnding) => context.instances[instance]?.gateway === 'east-west';
  return retold(evidence, told, leads, (ending, last) => {
    if (ending.noRequest === 'bytes') {
      const only = onlyServerBehind(ending, evidence);
      return only === undefined ? undefined : { key: only, ending: () => through(ending, only) };
    }
    if (last < 0) return undefined;
    const server = arrivals.instance[last] as number;
    const reached = { instance: server, ending: logged[arrivals.ending[last] as number] };
    if (!isBeyond(ending, reached, evidence)) return undefined;
    return { key: server, ending: () => through(ending, server) };
  });
}

const through = (ending: SettledEnding, server: number): SettledEnding => ({
  ...ending,
  via: ending.instance,
  instance: server,
  answeredBy: ending.answered ? server : NO_HOST,
});

/** Of bytes no line tells whom they reached beyond a gateway; undefined where there is more than one to reach. */
function onlyServerBehind(
  { instance, service, reason }: SettledEnding,
  { context: { instances } }: Pick<Evidence, 'context'>,
): number | undefined {
  // It came no further than the gateway.
  if (reason === 'connect' || reason === 'tls') return undefined;
  const network = instances[instance]?.network;
  const [only, ...others] = instances.flatMap((each, index) =>
    isServer(each) && each.service === service && each.network === network ? [index] : [],
  );
  return others.length > 0 ? undefined : only;
}

/** Whether a request that a client's sidecar sent to a gateway ended at a server behind that, which has a line of it. */
export function isBeyond(
  { instance, reason }: SettledEnding,
  server: { readonly instance: number; readonly ending: Pick<Ending, 'reason' | 'outcome'> | undefined },
  { context: { instances } }: Pick<Evidence, 'context'>,
): boolean {
  const gateway = instances[instance];
  // An earlier attempt may have reached somebody of the caller's own network.
  if (gateway?.gateway !== 'east-west' || instances[server.instance]?.network !== gateway.network)
    return false;
  if (reason !== 'reset') return true;
  // To the server it was its caller who went away where the connection broke at the gateway, or all was well.
  return server.ending?.reason !== 'client-gone' && server.ending?.outcome !== 'ok';
}

/** Endings, and those beside them of requests whose certificates were refused where no line says so. */
function withRefusals(
  evidence: Evidence,
  endings: readonly SettledEnding[],
  refused: RefusedCertificates,
): Told {
  const { requests } = evidence;
  const told = { endings, endingOf: requests.ending.slice(0, requests.length) };
  const isReset = ({ reason }: SettledEnding) => reason === 'reset';
  return retold(evidence, told, isReset, (ending, _, row) => {
    if (requests.arrivals[row] !== 0) return undefined;
    const { client, startMs } = requests;
    const settled = refused.settle(ending, client[row] as number, ending.instance, startMs[row] as number);
    if (settled === ending) return undefined;
    return { key: settled.clues?.distrust?.since, ending: () => settled };
  });
}

/**
 * Endings, and those beside them that some requests had in truth. Of each request whose ending is concerned, `retell`
 * is asked with the row of its last arrival, below 0 without one, and its own row; what it says of one ending under the
 * same key is the same ending.
 */
function retold(
  { requests }: Evidence,
  told: Told,
  isConcerned: (ending: SettledEnding) => boolean,
  retell: (
    ending: SettledEnding,
    last: number,
    row: number,
  ) => { readonly key: unknown; ending(): SettledEnding } | undefined,
): Told {
  const concerned = told.endings.map(isConcerned);
  if (!concerned.includes(true)) return told;
  const endings = [...told.endings];
  const endingOf = told.endingOf.slice(0, requests.length);
  const numbers = new Map<string, number>();
  for (let row = 0; row < requests.length; row += 1) {
    const number = endingOf[row] as number;
    const ending = told.endings[number];
    if (!concerned[number] || ending === undefined) continue;
    const anew = retell(ending, requests.lastArrival[row] as number, row);
    if (anew === undefined) continue;
    const key = `${number} ${anew.key}`;
    const known = numbers.get(key) ?? endings.push(anew.ending()) - 1;
    numbers.set(key, known);
    endingOf[row] = known;
  }
  return { endings, endingOf };
}

/** Every ending with the instance that it is about. */
export function settleEndings({ context, endings }: Pick<Evidence, 'context' | 'endings'>): SettledEnding[] {
  const byAddress = new Map(
    context.instances.flatMap((instance, index) => instance.addresses.map((address) => [address, index])),
  );
  return endings.map((ending) => {
    const instance = ending.host === '-' ? NO_HOST : (byAddress.get(ending.host) ?? UNKNOWN_HOST);
    return {
      ...ending,
      outcomeIndex: outcomes.indexOf(ending.outcome satisfies Outcome),
      instance,
      answeredBy: ending.answered ? instance : NO_HOST,
    };
  });
}

/** Each load has a clock of its own: k6 and the sidecar that it is held against may be others. */
function clocksOf({ requests, loads }: Evidence, warmupMs: number): DueClock[] {
  const settled = (row: number) => (requests.startMs[row] as number) >= warmupMs;
  if (loads.length <= 1) return [calibrate(requests.rawLagMs, requests.length, settled)];
  return loads.map((_, number) => {
    const own = requests.rawLagMs.slice(0, requests.length);
    for (let row = 0; row < own.length; row += 1) if (requests.load[row] !== number) own[row] = Number.NaN;
    return calibrate(own, own.length, settled);
  });
}

/** Requests by number of ending. */
export function countEndings(traffic: Traffic): Uint32Array {
  const counts = new Uint32Array(traffic.endings.length);
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endingOf[row] as number;
    counts[ending] = (counts[ending] as number) + 1;
  }
  return counts;
}
