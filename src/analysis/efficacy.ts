import type { FaultRecord } from '../checks/facts.ts';
import type { Ending } from '../evidence/endings.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { formatCount, formatMs, formatPercent, plural } from '../kit/format.ts';
import type { Proof } from '../model/fault.ts';
import type { Report } from '../report/model.ts';
import type { RecordedFault } from './fault-records.ts';
import { percentileOf } from './percentile.ts';
import type { Traffic } from './traffic.ts';
import { wilson } from './wilson.ts';

export type Efficacy = Report['faults'][number]['efficacy'];

/** The share may stay this far below what was asked for: requests at the edges of the fault. */
const TOLERANCE = 0.02;
/** What arrives this soon after an injection may still have found the old state on its way. */
const SETTLE_MS = 20;
/** A killed or stopped instance may finish what it had; its process may be seen once more. */
const SILENT_AFTER_MS = 200;
const GONE_AFTER_MS = 1_000;

/** Whether a fault really did to its targets what it was to do, from their own side. */
export function proveFault(
  fault: RecordedFault,
  evidence: Evidence,
  traffic: Traffic,
  steady: Span,
  endMs: number,
): Efficacy {
  const {
    injectedAtMs,
    planned: { proof },
  } = fault;
  if (injectedAtMs === undefined) {
    return { status: 'not-injected', observed: 'never injected', expected: expectation(proof), samples: 0 };
  }
  const span = { fromMs: injectedAtMs, toMs: Math.min(fault.revertingAtMs ?? endMs, endMs) };
  switch (proof.kind) {
    case 'silent':
      return proveSilence(fault, span, evidence, traffic);
    case 'disconnected':
      return proveDisconnection(fault, span, evidence);
    default:
      return proveSymptom(fault, proof, steady, span, evidence, traffic);
  }
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

type Symptom = Exclude<Proof, { kind: 'silent' | 'disconnected' }>;

function expectation(proof: Proof): string {
  switch (proof.kind) {
    case 'status':
      return `${asShare(proof.share)} of what reaches the targets answered with ${proof.statuses.join(' or ')}`;
    case 'slower':
      return `${asShare(proof.share)} of what reaches the targets ${formatMs(proof.ms)} slower`;
    case 'unanswered':
      return `${asShare(proof.share)} of what is sent to the targets without an answer`;
    case 'silent':
      return 'the targets answer nothing';
    case 'disconnected':
      return "the clients' sidecars lose the control plane";
  }
}

const asShare = (share: number) => (share === 0 ? 'some' : formatPercent(share));

/**
 * Counts the symptom in the logs of the targets' own sidecars. It is proven when the share asked for is not
 * ruled out by the 99 % interval, and the symptom is clearly more frequent than before the fault.
 */
function proveSymptom(
  fault: FaultRecord,
  proof: Symptom,
  before: Span,
  span: Span,
  evidence: Evidence,
  traffic: Traffic,
): Efficacy {
  const during = { fromMs: span.fromMs + SETTLE_MS, toMs: span.toMs };
  const { requests, arrivals, endings } = evidence;
  const targets = targetIndexes(fault, evidence);

  const durations: number[] = [];
  eachArrival(evidence, targets, before, (row) => durations.push(arrivals.durationMs[row] as number));
  durations.sort((a, b) => a - b);
  // A request that took 50 ms without the fault is not 20 ms slower at 50 ms: the fast ones set the threshold.
  const usualMs = proof.kind === 'slower' ? (percentileOf(durations, 1) ?? 0) : 0;
  const shows = (ending: Ending, startMs: number, durationMs: number, until: number): boolean => {
    switch (proof.kind) {
      case 'status':
        return proof.statuses.includes(ending.status);
      case 'slower':
        // Who gave up waiting would have waited longer.
        return durationMs >= usualMs + proof.ms || (proof.share === 0 && isUnanswered(ending));
      case 'unanswered':
        return isUnanswered(ending) || startMs + durationMs > until;
    }
  };
  const count = (within: Span, until: number) => {
    let samples = 0;
    let hits = 0;
    eachArrival(evidence, targets, within, (row) => {
      const ending = endings[arrivals.ending[row] as number];
      if (ending === undefined) return;
      samples += 1;
      if (shows(ending, arrivals.startMs[row] as number, arrivals.durationMs[row] as number, until))
        hits += 1;
    });
    if (proof.kind === 'unanswered') {
      // What never got as far as the target's sidecar is known to the client only.
      for (let row = 0; row < traffic.length; row += 1) {
        const startMs = requests.startMs[row] as number;
        if (startMs < within.fromMs || startMs >= within.toMs || requests.arrivals[row] !== 0) continue;
        const ending = traffic.endings[traffic.endingOf[row] as number];
        if (ending === undefined || !targets.has(ending.instance) || ending.answered) continue;
        samples += 1;
        hits += 1;
      }
    }
    return { samples, hits };
  };

  const steady = count(before, Number.POSITIVE_INFINITY);
  const { samples, hits } = count(during, span.toMs);
  const expected = expectation(proof);
  if (samples === 0) {
    const observed = `nothing reached ${fault.targets.join(', ')} while the fault was on`;
    return { status: 'no-traffic', observed, expected, samples };
  }
  const interval = wilson(hits, samples);
  const usual = steady.hits === 0 ? 0 : wilson(steady.hits, steady.samples).high;
  const proven =
    proof.share === 0
      ? hits > 0
      : hits > 0 && interval.high >= proof.share - TOLERANCE && interval.low > usual;
  return {
    status: proven ? 'proven' : 'unproven',
    observed: `${formatPercent(hits / samples)} of ${plural(samples, 'request')} (${rounded(interval.low)} to ${rounded(interval.high)})`,
    expected,
    samples,
  };
}

const rounded = (share: number) => `${Number((share * 100).toFixed(1))} %`;

/** No answer of the app got through: connection refused, reset, timed out, given up or cut off. */
function isUnanswered(ending: Ending): boolean {
  return ending.status === 0 || !ending.whole || /\b(UF|UC|UT|UR|LR|DC|UPE)\b/.test(ending.flag);
}

/**
 * The dead write no logs, and what they had not written is lost: that they had traffic before is known from
 * the clients, and that they are gone must not rest on missing lines alone when their processes are watched.
 */
function proveSilence(fault: FaultRecord, span: Span, evidence: Evidence, traffic: Traffic): Efficacy {
  const expected = expectation({ kind: 'silent' });
  const targets = targetIndexes(fault, evidence);
  const quiet = { fromMs: span.fromMs + SILENT_AFTER_MS, toMs: span.toMs };
  const { requests } = evidence;
  let samples = 0;
  let answeredAnyway = 0;
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (ending === undefined || !targets.has(ending.answeredBy)) continue;
    const startMs = requests.startMs[row] as number;
    if (startMs < (fault.injectingAtMs ?? span.fromMs)) samples += 1;
    // An answer that came while the fault was on; one that waited for the end of it proves nothing.
    const overMs = startMs + (requests.durationMs[row] as number);
    if (startMs >= quiet.fromMs && overMs < quiet.toMs) answeredAnyway += 1;
  }
  let arrived = 0;
  eachArrival(evidence, targets, quiet, () => {
    arrived += 1;
  });
  const alive = fault.targets.filter((name) => ranOn(name, span, evidence));
  if (samples === 0 && arrived === 0 && answeredAnyway === 0) {
    const observed = `${fault.targets.join(', ')} answered nothing before the fault either`;
    return { status: 'no-traffic', observed, expected, samples };
  }
  const before = `${formatCount(samples)} answers before`;
  if (arrived > 0 || answeredAnyway > 0) {
    const observed = `${before}, ${formatCount(Math.max(arrived, answeredAnyway))} while it should be silent`;
    return { status: 'unproven', observed, expected, samples };
  }
  if (alive.length > 0) {
    const observed = `${before}, none while the fault was on, but ${alive.join(', ')} went on running`;
    return { status: 'unproven', observed, expected, samples };
  }
  return { status: 'proven', observed: `${before}, none while the fault was on`, expected, samples };
}

/** Each sidecar must lose its stream, and hear nothing until the control plane is given back. */
function proveDisconnection(fault: FaultRecord, span: Span, { statistics }: Evidence): Efficacy {
  const expected = expectation({ kind: 'disconnected' });
  const from = fault.injectingAtMs ?? span.fromMs;
  let samples = 0;
  const stayed: string[] = [];
  const heard: string[] = [];
  // Every series of a sidecar has the same of this, one for each service that it calls.
  for (const [instance, series] of new Map(statistics.map((each) => [each.instance, each]))) {
    const at = (ms: number) => series.controlPlane[series.t.findLastIndex((t) => t <= ms)];
    const [before, gone, end] = [at(from), at(span.fromMs + GONE_AFTER_MS), at(span.toMs)];
    if (!before || !gone || !end) continue;
    samples += 1;
    if (end.streams === before.streams) stayed.push(instance);
    if (end.updates > gone.updates) heard.push(instance);
  }
  const troubles = [
    ...(samples === 0 ? ['no statistics of any client'] : []),
    ...(stayed.length > 0 ? [`${stayed.join(', ')} kept the stream`] : []),
    ...(heard.length > 0 ? [`${heard.join(', ')} had an update in the meantime`] : []),
  ];
  const observed =
    troubles.length > 0
      ? troubles.join('; ')
      : `${plural(samples, 'sidecar')} lost the stream, and had no update`;
  return { status: troubles.length > 0 ? 'unproven' : 'proven', observed, expected, samples };
}

/** Whether a process of the instance used CPU well into the fault. */
function ranOn(instance: string, span: Span, evidence: Evidence): boolean {
  for (const { name, t, pid, cpuMs } of evidence.processes.values()) {
    if (!name.startsWith(`${instance}/`)) continue;
    let first = -1;
    for (const [index, at] of t.entries()) {
      if (at <= span.fromMs + GONE_AFTER_MS || at >= span.toMs) continue;
      if (first < 0) first = index;
      else if (pid[first] === pid[index] && (cpuMs[index] ?? 0) > (cpuMs[first] ?? 0)) return true;
    }
  }
  return false;
}

function targetIndexes(fault: FaultRecord, evidence: Evidence): Set<number> {
  return new Set(
    fault.targets.map((name) => evidence.context.instances.findIndex((instance) => instance.name === name)),
  );
}

function eachArrival(
  { arrivals }: Evidence,
  instances: ReadonlySet<number>,
  { fromMs, toMs }: Span,
  each: (row: number) => void,
): void {
  for (let row = 0; row < arrivals.length; row += 1) {
    const startMs = arrivals.startMs[row] as number;
    if (startMs >= fromMs && startMs < toMs && instances.has(arrivals.instance[row] as number)) each(row);
  }
}
