import type { RunFacts } from '../checks/facts.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { ProcessSeries } from '../evidence/samples.ts';
import { formatCount, formatMs, formatPercent, plural } from '../kit/format.ts';
import { isGenerator, type LoadTotals } from '../model/evidence.ts';
import { isServer } from '../model/topology.ts';
import type { TrialPlan } from '../plan/contract.ts';
import type { Finding, Report } from '../report/model.ts';
import { faultTroubles } from './fault-records.ts';
import type { JudgedCheck } from './judge.ts';
import { percentileOf } from './percentile.ts';
import { cores } from './series.ts';
import { type Traffic, UNKNOWN_HOST } from './traffic.ts';

/** What the rules look at. */
export interface Grounds {
  readonly trial: TrialPlan;
  readonly evidence: Evidence;
  readonly traffic: Traffic;
  readonly facts: RunFacts;
  readonly faults: Report['faults'];
  readonly checks: readonly JudgedCheck[];
}

/** Every number that makes a run invalid, and why it is that number. */
const limits = {
  /** One request more or less is 1 % of it. */
  requests: 100,
  /** Below this a window says nothing at all; each check has a limit of its own above it. */
  requestsInWindow: 10,
  /**
   * Share of failures before the first fault. A mesh that is partly wrong before the fault is a finding, for
   * checks to judge; only when most requests fail is there no state that a fault could disturb.
   */
  steadyFailures: 0.5,
  /** Share of planned requests that were never sent: an open loop that skips the slow moments hides them. */
  dropped: 0.001,
  /** Share of its CPUs that the generator may use; above it, what it measures is itself. */
  generatorCpu: 0.8,
  /** Over how long: a garbage collection is no saturation. */
  generatorCpuSpanMs: 5_000,
  /** p99 of starting late, beyond the timer noise of the machine. */
  lagMs: 1,
  /** Or this share of the finest limit on a time, and never more than the steps that times are told in. */
  lagShare: 0.1,
  lagMostMs: 100,
  /** A request passes two sleeping threads before it is stamped: k6's timer and the sidecar's worker. */
  wakeups: 2,
  /** Counts of one thing from two sides may differ by this, or by the requests in flight at the end. */
  disagreement: 0.001,
  inFlight: 2,
  /** Percentiles that one side's may lie off the other's, and what else two clocks in one path may differ by. */
  percentiles: 1,
  clocksMs: 50,
  clocksShare: 0.25,
  /** Mean distance of statistics samples, and the longest one: ejections are timed by them. */
  statisticsEveryMs: 250,
  statisticsHoleMs: 1_000,
  /** A load that ended this much before its plan did not do what was asked. */
  loadCutShort: 0.02,
  /** A dying sidecar takes up to this much of its log with it: both environments have it written every 0.25 s. */
  unflushedMs: 1_000,
} as const;

/** What a violated rule takes away: everything, or only what is said about some faults (and the run as a whole). */
type Reach = 'everything' | readonly string[];

type Judgement = Omit<Finding, 'rule' | 'title'> & { readonly reach?: Reach };

export interface RuleResult {
  readonly finding: Finding;
  readonly reach: Reach;
}

interface Rule {
  readonly title: string;
  judge(grounds: Grounds): Judgement;
}

/** Every rule a run must keep to prove anything, in the order reports show them: what explains others comes before them. */
const rules = {
  'load-finished': { title: 'The load ran to its end', judge: loadFinished },
  traffic: { title: 'There was enough traffic', judge: enoughTraffic },
  'steady-state': { title: 'The mesh worked before the first fault', judge: steadyState },
  'fault-effect': { title: 'Every fault had its effect', judge: faultEffect },
  'faults-reverted': { title: 'Every fault was taken back', judge: faultsReverted },
  'dropped-iterations': { title: 'The generator sent what was due', judge: droppedIterations },
  'generator-cpu': { title: 'The generator had CPU to spare', judge: generatorCpu },
  'generator-lag': { title: 'Requests started when they were due', judge: generatorLag },
  gaps: { title: 'No evidence is missing in a window that counts', judge: gaps },
  'configuration-accepted': { title: 'Every sidecar took its configuration', judge: configurationAccepted },
  'requests-agree': { title: "k6 and the clients' sidecars count the same requests", judge: requestsAgree },
  'answers-agree': { title: "k6 and the clients' sidecars count the same answers", judge: answersAgree },
  'latencies-agree': { title: "k6 and the clients' sidecars see the same latencies", judge: latenciesAgree },
  'servers-agree': { title: 'Answered requests are in the log of a server', judge: serversAgree },
  'logs-intact': { title: 'The logs are whole', judge: logsIntact },
  'known-hosts': { title: 'Every host is known', judge: knownHosts },
  statistics: { title: 'Statistics were read often enough', judge: statistics },
} as const satisfies Record<string, Rule>;

export function applyRules(grounds: Grounds): RuleResult[] {
  return Object.entries(rules as Record<string, Rule>).map(([rule, { title, judge }]) => {
    const { reach = 'everything', ...judgement } = judge(grounds);
    return { finding: { rule, title, ...judgement }, reach };
  });
}

const NOTHING = { status: 'not-applicable', observed: '-' } as const;

/** The detail is for violations only: what is fine needs no advice. */
function verdict(
  violated: boolean,
  observed: string,
  limit: string,
  detail: string,
  reach?: Reach,
): Judgement {
  return {
    status: violated ? 'violated' : 'ok',
    observed,
    limit,
    ...(violated ? { detail } : {}),
    ...(reach === undefined ? {} : { reach }),
  };
}

function loadFinished({ trial, evidence }: Grounds): Judgement {
  const limit = 'to the end of the plan, with exit code 0';
  const { load, loadEndedMs } = evidence;
  if (load === undefined || loadEndedMs === undefined) {
    const detail = 'The load was interrupted or k6 crashed; logs/ holds what it said last.';
    return verdict(true, load === undefined ? 'k6 left no totals' : 'no end in the journal', limit, detail);
  }
  // 99: a threshold in a script of one's own failed; that is k6's opinion, not a crash.
  const crashed = load.exitCode !== 0 && load.exitCode !== 99;
  const cutShort = trial.durationMs > 0 && loadEndedMs < trial.durationMs * (1 - limits.loadCutShort);
  return verdict(
    crashed || cutShort,
    `exit code ${load.exitCode} after ${formatMs(loadEndedMs)}`,
    trial.durationMs > 0 ? `${formatMs(trial.durationMs)}, with exit code 0` : limit,
    'The load was interrupted or k6 failed; logs/ holds what it said last.',
  );
}

function enoughTraffic({ traffic, facts, checks }: Grounds): Judgement {
  const thin = checks
    .filter(({ restsOn }) => restsOn === 'requests')
    .map(({ window, result }) => ({ window, name: result.name, count: facts.count(window) }))
    .find(({ count }) => count < limits.requestsInWindow);
  const limit = `${limits.requests} requests, ${limits.requestsInWindow} in every window that a check looks at`;
  if (traffic.length < limits.requests || thin === undefined) {
    return verdict(
      traffic.length < limits.requests,
      plural(traffic.length, 'request'),
      limit,
      "Make the load longer or its rate higher. If it should have been enough, the load did not reach the client's sidecar: see logs/.",
    );
  }
  return verdict(
    true,
    `${plural(thin.count, 'request')} in the ${thin.window.name} window of "${thin.name}"`,
    limit,
    'Lengthen that window (the fault, the warmup or the load) or raise the rate.',
    thin.window.fault === undefined ? 'everything' : [thin.window.fault],
  );
}

function steadyState({ facts }: Grounds): Judgement {
  const limit = `at most ${formatPercent(limits.steadyFailures)} failing`;
  const steady = facts.windows.find(({ name }) => name === 'steady');
  const count = steady === undefined ? 0 : facts.count(steady);
  if (facts.faults.length === 0) return { ...NOTHING, limit: 'only with faults' };
  if (steady === undefined || count < limits.requestsInWindow) {
    return verdict(
      true,
      `${plural(count, 'request')} between the warmup and the first fault`,
      `at least ${limits.requestsInWindow}`,
      'Start the first fault later or shorten the warmup, so that there is a state to compare with.',
    );
  }
  const failed = facts.count(steady, { outcome: 'error' }) + facts.count(steady, { outcome: 'unanswered' });
  return verdict(
    failed / count > limits.steadyFailures,
    `${formatPercent(failed / count)} of ${plural(count, 'request')} failed before the first fault`,
    limit,
    'Most requests failed before anything was broken: see the errors for the cause, and put that right first.',
  );
}

function faultEffect({ faults }: Grounds): Judgement {
  if (faults.length === 0) return { ...NOTHING, limit: 'only with faults' };
  const idle = faults.filter(({ efficacy }) => efficacy.status !== 'proven');
  const [first] = idle;
  if (first === undefined) {
    return verdict(false, `${plural(faults.length, 'fault')} proven`, 'every fault proven', '');
  }
  const advice = {
    proven: '',
    'not-injected': 'It could not be injected: the journal and logs/ say why.',
    'no-traffic':
      'Nothing reached its targets, so it disturbed nobody: aim it at instances that get traffic in the steady state.',
    unproven:
      'Its targets do not show it: the fault did not take, or something else answered in their place. Traffic that left them at once also leaves little to see: raise the rate.',
  }[first.efficacy.status];
  return verdict(
    true,
    idle.map(({ name, efficacy }) => `${name}: ${efficacy.observed}`).join('; '),
    first.efficacy.expected,
    advice,
  );
}

function faultsReverted({ trial, evidence }: Grounds): Judgement {
  if (trial.faults.length === 0) return { ...NOTHING, limit: 'only with faults' };
  const troubles = trial.faults.flatMap((fault) => faultTroubles(fault, evidence.journal));
  return verdict(
    troubles.length > 0,
    troubles.length === 0 ? 'all of them' : troubles.join('; '),
    'all of them',
    'Run `breakwater cleanup`; then see logs/ for why the fault could not be made or taken back.',
  );
}

function droppedIterations({ evidence: { load } }: Grounds): Judgement {
  const limit = `at most ${formatPercent(limits.dropped)}`;
  if (load === undefined) return { ...NOTHING, limit };
  if (load.loop === 'closed') return { ...NOTHING, limit: 'only in an open loop' };
  const planned = load.iterations + load.droppedIterations;
  const share = planned === 0 ? 0 : load.droppedIterations / planned;
  return verdict(
    share > limits.dropped,
    `${formatPercent(share)} (${formatCount(load.droppedIterations)} of ${formatCount(planned)})`,
    limit,
    `All of k6's ${load.maxUsers} users were waiting for answers: raise load.maxLatency or load.users, or lower the rate.`,
  );
}

function generatorCpu({ evidence, facts }: Grounds): Judgement {
  const limit = `at most ${formatPercent(limits.generatorCpu)} of its CPUs over ${formatMs(limits.generatorCpuSpanMs)}`;
  const { load } = evidence;
  if (load === undefined) return { ...NOTHING, limit };
  const generators = [...evidence.processes].filter(([name]) => isGenerator(name));
  if (generators.length === 0) {
    const advice =
      'What it used is unknown: the machine was too busy to look, or it ended at once. Run it again.';
    return verdict(true, 'no samples of k6', limit, advice);
  }
  // Several generators share the machine's CPUs; the busiest moments of all of them count as one.
  const busiest = generators.map(([, series]) => mostCores(series, facts.durationMs));
  const known = busiest.filter((most) => most !== undefined);
  if (known.length < busiest.length) {
    return { ...NOTHING, observed: 'samples too far apart for a load as short', limit };
  }
  const most = known.reduce((sum, each) => sum + each, 0);
  return verdict(
    most / load.cpus > limits.generatorCpu,
    `${formatPercent(Math.round((most / load.cpus) * 1_000) / 1_000)} of ${plural(load.cpus, 'CPU')}`,
    limit,
    'The generator measures itself: lower the rate, or run it where it has more CPUs.',
  );
}

/** Most cores that a process used over the span; undefined when no two samples are as far apart. */
function mostCores(series: ProcessSeries, durationMs: number): number | undefined {
  let most: number | undefined;
  let first = series.t.findIndex((t) => t >= 0);
  for (let last = first; first >= 0 && last < series.t.length; last += 1) {
    if ((series.t[last] ?? 0) > durationMs) break;
    while (
      (series.t[last] ?? 0) - (series.t[first + 1] ?? Number.POSITIVE_INFINITY) >=
      limits.generatorCpuSpanMs
    )
      first += 1;
    // The whole load counts when it is shorter than the span.
    const elapsed = (series.t[last] ?? 0) - (series.t[first] ?? 0);
    if (elapsed < Math.min(limits.generatorCpuSpanMs, durationMs * 0.8)) continue;
    most = Math.max(most ?? 0, cores(series, first, last) ?? 0);
  }
  return most;
}

/**
 * Lateness is part of every latency, which counts from the due time: it can make a check fail and never
 * pass. So it may be what this machine does to anyone, or too little for the finest limit to show.
 */
function generatorLag({ trial, evidence, traffic }: Grounds): Judgement {
  const noiseMs = evidence.timer?.p99Ms ?? 0;
  const machineMs = limits.lagMs + limits.wakeups * noiseMs;
  const immaterialMs = Math.min(limits.lagShare * finestTimeMs(trial), limits.lagMostMs);
  const limitMs = Math.max(machineMs, immaterialMs);
  const why =
    machineMs >= immaterialMs
      ? `${formatMs(limits.lagMs)} and ${limits.wakeups} wakeups at the machine's own ${formatMs(noiseMs)}`
      : `${formatPercent(limits.lagShare)} of the finest time a check looks at, or ${formatMs(limits.lagMostMs)}`;
  const limit = `p99 at most ${formatMs(limitMs)} (${why})`;
  const { load } = evidence;
  if (load === undefined || !load.carriesDue)
    return { ...NOTHING, observed: 'requests do not say when they were due', limit };
  if (load.loop === 'closed') return { ...NOTHING, limit: 'only in an open loop' };
  const { lagP99Ms, lagMaxMs, samples } = traffic.clock;
  if (lagP99Ms === undefined || evidence.quality.withoutDue > tolerance(traffic.length)) {
    const observed = `${plural(evidence.quality.withoutDue, 'request')} without a due time, ${formatCount(samples)} with one`;
    return verdict(
      true,
      observed,
      limit,
      'The load should stamp every request; something took the header away.',
    );
  }
  return verdict(
    lagP99Ms > limitMs,
    `p99 ${formatMs(lagP99Ms)}, at most ${formatMs(lagMaxMs ?? 0)}`,
    limit,
    'The generator or its sidecar could not keep up: lower the rate, or run on a machine with more or quieter CPUs.',
  );
}

/** The smallest time that a check of the plan limits. */
function finestTimeMs(trial: TrialPlan): number {
  return Math.min(
    ...trial.checks.map(({ check }) =>
      check.kind === 'latency' || check.kind.startsWith('time-to-')
        ? ((check as { atMost?: number }).atMost ?? Number.POSITIVE_INFINITY)
        : Number.POSITIVE_INFINITY,
    ),
  );
}

function configurationAccepted({ evidence }: Grounds): Judgement {
  const { rejections } = evidence.context;
  return verdict(
    rejections.length > 0,
    rejections.length === 0
      ? 'none rejected'
      : rejections.map(({ instance, reason }) => `${instance}: ${reason}`).join('; '),
    'none rejected',
    'A sidecar ran without the configuration under test: put right what it names.',
  );
}

const tolerance = (count: number) => Math.max(limits.inFlight, Math.ceil(count * limits.disagreement));
const TOLERANCE_TEXT = `within ${formatPercent(limits.disagreement)} or ${limits.inFlight} requests`;

function requestsAgree({ evidence: { load, quality }, traffic }: Grounds): Judgement {
  const limit = TOLERANCE_TEXT;
  if (load === undefined) return { ...NOTHING, limit };
  const missing = quality.missingFiles.length === 0 ? '' : ` No log of ${quality.missingFiles.join(', ')}.`;
  return verdict(
    Math.abs(load.requests - traffic.length) > tolerance(load.requests),
    `${formatCount(load.requests)} sent, ${formatCount(traffic.length)} in the logs`,
    limit,
    `Requests went past the sidecar, or a log is not whole.${missing}`,
  );
}

function answersAgree({ evidence: { load }, traffic }: Grounds): Judgement {
  const limit = TOLERANCE_TEXT;
  if (load === undefined) return { ...NOTHING, limit };
  if (Object.keys(load.answers).length === 0) {
    return { ...NOTHING, observed: 'a script of your own does not count its answers by class', limit };
  }
  const seen: Record<string, number> = {};
  let cut = 0;
  const counts = countEndings(traffic);
  for (const [index, ending] of traffic.endings.entries()) {
    const count = counts[index] ?? 0;
    // Of an answer that was cut off, k6 may have had the status or nothing.
    if (ending.status !== 0 && ending.outcome === 'unanswered') cut += count;
    const name = ending.status === 0 ? 'none' : `${Math.floor(ending.status / 100)}xx`;
    seen[name] = (seen[name] ?? 0) + count;
  }
  const differences = answerClasses(load, seen)
    .map((name) => ({ name, sent: load.answers[name] ?? 0, logged: seen[name] ?? 0 }))
    .filter(({ sent, logged }) => Math.abs(sent - logged) > tolerance(load.requests) + cut);
  return verdict(
    differences.length > 0,
    differences.length === 0
      ? 'they agree'
      : differences
          .map(({ name, sent, logged }) => `${name}: k6 ${formatCount(sent)}, sidecar ${formatCount(logged)}`)
          .join('; '),
    limit,
    'What k6 got is not what its sidecar sent: answers were lost or changed between the two.',
  );
}

function answerClasses(load: LoadTotals, seen: Readonly<Record<string, number>>): string[] {
  return [...new Set([...Object.keys(load.answers), ...Object.keys(seen)])].sort();
}

/**
 * k6's own percentile must lie between the logs' neighbouring ones: in a distribution with a cliff, one more
 * slow request moves a percentile by any amount. k6 counts from sending, so lateness is left out here; and it
 * is the last to get CPU on a busy machine, so what it adds is no fault of the logs until it is much.
 */
function latenciesAgree({ evidence: { load, requests } }: Grounds): Judgement {
  const limit = `within ${limits.percentiles} percentile, ${formatMs(limits.clocksMs)} or ${formatPercent(limits.clocksShare)}`;
  const told = Object.entries(load?.latencyMs ?? {});
  if (load === undefined || told.length === 0 || requests.length === 0) return { ...NOTHING, limit };
  const sorted = requests.durationMs.slice(0, requests.length).sort();
  // What k6 makes of a request without an answer is its own affair.
  const around = limits.percentiles + (100 * (load.answers['none'] ?? 0)) / load.requests;
  const rows = told.map(([name, k6Ms]) => {
    const at = (percentile: number) =>
      percentileOf(sorted, Math.min(100, Math.max(0, percentile))) ?? Number.NaN;
    const percentile = Number(name.slice(1));
    const slackMs = Math.max(limits.clocksMs, limits.clocksShare * k6Ms);
    const agree = k6Ms >= at(percentile - around) - slackMs && k6Ms <= at(percentile + around) + slackMs;
    return { text: `${name} ${formatMs(k6Ms)} and ${formatMs(at(percentile))}`, agree };
  });
  return verdict(
    rows.some(({ agree }) => !agree),
    rows.map(({ text }) => text).join(', '),
    limit,
    'One of the two clocks is wrong, or the generator was far too busy to see its answers: lower the rate, or run on a quieter machine.',
  );
}

function serversAgree({ trial, evidence, traffic, facts }: Grounds): Judgement {
  const limit = TOLERANCE_TEXT;
  const { requests, quality } = evidence;
  if (quality.duplicateIds > tolerance(traffic.length)) {
    const observed = `${formatCount(quality.duplicateIds)} requests share a request id with another`;
    const detail = 'Do not set x-request-id to a constant: requests cannot be followed to their servers.';
    return verdict(true, observed, 'every request has an id of its own', detail);
  }
  // A killed sidecar takes what it had not written yet with it.
  const killed = trial.faults.flatMap((fault) => {
    const record = facts.faults.find(({ name }) => name === fault.name);
    return fault.proof.kind === 'silent' && record?.injectedAtMs !== undefined
      ? [
          {
            instances: new Set(fault.targets),
            fromMs: record.injectedAtMs - limits.unflushedMs,
            toMs: record.revertedAtMs ?? Number.POSITIVE_INFINITY,
          },
        ]
      : [];
  });
  let answered = 0;
  let unseen = 0;
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (ending === undefined || ending.answeredBy < 0) continue;
    answered += 1;
    if (requests.arrivals[row] !== 0) continue;
    const name = evidence.context.instances[ending.answeredBy]?.name ?? '';
    const startMs = requests.startMs[row] as number;
    const lost = killed.some(
      ({ instances, fromMs, toMs }) => instances.has(name) && startMs >= fromMs && startMs < toMs,
    );
    if (!lost) unseen += 1;
  }
  const excess = quality.strangeArrivals;
  return verdict(
    unseen > tolerance(answered) || excess > tolerance(evidence.arrivals.length),
    `${formatCount(unseen)} of ${plural(answered, 'answer')} missing at the servers, ${formatCount(excess)} there that no client sent`,
    limit,
    'A log of a server is not whole, or somebody else called the services during the load.',
  );
}

function logsIntact({ evidence: { quality } }: Grounds): Judgement {
  const { malformedLines, tornLines, damagedSamples, strangeFiles, lines } = quality;
  const strange = strangeFiles.length === 0 ? '' : `, logs of strangers: ${strangeFiles.join(', ')}`;
  return verdict(
    malformedLines > tolerance(lines) || strangeFiles.length > 0,
    `${formatCount(malformedLines)} damaged and ${formatCount(tornLines)} cut off of ${plural(lines, 'line')}, ${plural(damagedSamples, 'damaged sample')}${strange}`,
    TOLERANCE_TEXT,
    'Something else wrote into the logs, the disk was full, or callers send headers with blanks in them.',
  );
}

function knownHosts({ evidence, traffic }: Grounds): Judgement {
  const counts = countEndings(traffic);
  const unknown = traffic.endings
    .map((ending, index) => ({ ending, count: counts[index] ?? 0 }))
    .filter(({ ending }) => ending.instance === UNKNOWN_HOST);
  const total = unknown.reduce((sum, { count }) => sum + count, 0);
  const names = [...new Set(unknown.map(({ ending }) => ending.host))].slice(0, 5).join(', ');
  return verdict(
    total > tolerance(traffic.length),
    total === 0
      ? `${plural(evidence.context.instances.filter(isServer).length, 'instance')}, no others`
      : `${plural(total, 'request')} to ${names}`,
    'requests go to instances of this run',
    'Traffic left the topology: a route, a ServiceEntry or an old endpoint leads elsewhere.',
  );
}

function gaps({ evidence, checks }: Grounds): Judgement {
  const hit = evidence.context.gaps.find(({ fromMs, toMs }) =>
    checks.some(
      ({ window }) => fromMs - evidence.originMs < window.toMs && toMs - evidence.originMs > window.fromMs,
    ),
  );
  return verdict(
    hit !== undefined,
    hit === undefined
      ? 'none'
      : `${hit.what}, ${formatMs(Math.max(0, hit.fromMs - evidence.originMs))} to ${formatMs(Math.max(0, hit.toMs - evidence.originMs))} into the load`,
    'none',
    'What happened then is unknown; run it again.',
  );
}

function statistics({ evidence, checks }: Grounds): Judgement {
  const limit = `every ${formatMs(limits.statisticsEveryMs)} on average, no hole above ${formatMs(limits.statisticsHoleMs)}`;
  const resting = checks.filter(
    ({ restsOn, window }) => restsOn === 'statistics' && window.toMs > window.fromMs,
  );
  if (resting.length === 0) return { ...NOTHING, limit: 'only for checks on ejections and overflow' };
  const advice = 'The machine was too busy to read the sidecar: lower the rate, or run it again.';
  if (evidence.statistics.length === 0) return verdict(true, 'none were read', limit, advice);
  const silent = evidence.context.instances.filter(
    ({ name, role }) =>
      role === 'client' && !evidence.statistics.some(({ instance, t }) => instance === name && t.length > 0),
  );
  if (silent.length > 0) {
    return verdict(true, `none were read of ${silent.map(({ name }) => name).join(', ')}`, limit, advice);
  }
  let worstMean = 0;
  let worstHole = 0;
  for (const { window } of resting) {
    for (const { t } of evidence.statistics) {
      const inside = t.filter((at) => at >= window.fromMs && at < window.toMs);
      const edges = [window.fromMs, ...inside, window.toMs];
      const holes = edges.slice(1).map((at, index) => at - (edges[index] ?? at));
      worstHole = Math.max(worstHole, ...holes);
      worstMean = Math.max(worstMean, (window.toMs - window.fromMs) / (inside.length + 1));
    }
  }
  return verdict(
    worstMean > limits.statisticsEveryMs || worstHole > limits.statisticsHoleMs,
    `every ${formatMs(worstMean)} on average, longest hole ${formatMs(worstHole)}`,
    limit,
    advice,
  );
}

/** Requests by number of ending. */
function countEndings(traffic: Traffic): Uint32Array {
  const counts = new Uint32Array(traffic.endings.length);
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endingOf[row] as number;
    counts[ending] = (counts[ending] as number) + 1;
  }
  return counts;
}
