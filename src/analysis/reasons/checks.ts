import type { Lacking, Window } from '../../checks/contract.ts';
import type { RunFacts } from '../../checks/facts.ts';
import {
  type Misbehaviour,
  type Reason,
  reasonOfCheck,
  reasonOfRouteSetting,
  reasonOfWaiting,
  type Seen,
} from '../../effective/index.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { StatisticsSeries } from '../../evidence/samples.ts';
import type { PlannedLoad } from '../../load/planned.ts';
import type { Detections } from '../../model/evidence.ts';
import { isClient } from '../../model/topology.ts';
import type { PlannedChange, TrialPlan } from '../../plan/contract.ts';
import type { ReportCheck } from '../../report/model.ts';
import { addressesOf, increase } from '../facts/statistics.ts';
import type { Traces } from '../facts/traces.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { JudgedCheck } from '../verdict/judge.ts';
import { cameIn, type JudgedProbe } from '../verdict/probes.ts';
import type { Attributed } from './attribution.ts';
import type { Picture, Pictures } from './picture.ts';
import { ruleBehind } from './probes.ts';
import { knownReason, type ReportReason } from './report-reason.ts';

/** What the reason of a failed check is looked for in. */
interface Scene {
  readonly evidence: Evidence;
  readonly facts: RunFacts;
  /** Of one load by its name. */
  readonly factsOf: (load: string) => RunFacts;
  readonly pictures: Pictures;
  readonly traces: Traces;
  readonly trial: Pick<TrialPlan, 'unpropagated'>;
  readonly loads: readonly PlannedLoad[];
  readonly changes: readonly PlannedChange[];
  readonly probes: readonly JudgedProbe[];
  readonly records: readonly RecordedFault[];
  readonly errors: readonly Attributed[];
}

/** The same in a window, with what sidecars held at its beginning. */
interface WindowScene extends Scene {
  readonly picture: Picture;
}

/** Gives every check that failed its reason; not known is one too, where something in effect could be it. */
export function withReasons(
  checks: readonly ReportCheck[],
  judged: readonly JudgedCheck[],
  scene: Scene,
): ReportCheck[] {
  return checks.map((check, index) => {
    const { lacking, window, load } = judged[index] ?? {};
    if (check.status !== 'fail' || lacking === undefined || window === undefined) return check;
    const reason = reasonOf(lacking, window, load === undefined ? scene : ofLoad(load, scene));
    return reason === undefined ? check : { ...check, reason };
  });
}

/** What concerns one load. */
const ofLoad = <S extends Scene>(name: string, scene: S): S => ({
  ...scene,
  facts: scene.factsOf(name),
  loads: scene.loads.filter((load) => load.name === name),
  errors: scene.errors.filter(({ load }) => load === name),
});

function reasonOf(lacking: Lacking, window: Window, whole: Scene): ReportReason | undefined {
  const { pictures } = whole;
  const scene = { ...whole, picture: pictures.get(pictures.numberAt(window.fromMs))[0] };
  switch (lacking.what) {
    case 'no failures':
      return withNeglect(window, scene, mostErrors(window, scene.errors));
    case 'few errors':
      return withNeglect(
        window,
        scene,
        mostErrors(
          window,
          scene.errors.filter(({ outcome }) => outcome !== 'shed'),
        ),
      );
    case 'no overflow':
      return asked(scene, (about) =>
        scene.picture.reasonOfRequests({ ...about, ended: 'overflow', side: 'client' }),
      );
    case 'route':
      return asked(scene, (about) =>
        reasonOfRouteSetting(scene.picture.configuration, { ...about, setting: lacking.setting }),
      );
    case 'spare sidecars':
      return (
        limitedSidecars(window, scene, lacking.of) ??
        asked(scene, (about) =>
          reasonOfCheck(scene.picture.configuration, { ...about, expected: 'cheapness' }),
        )
      );
    case 'whole traces': {
      const flaw = scene.traces.mostIn(window);
      return flaw?.what === 'parted' ? unpropagated(flaw.service, scene) : untraced(scene);
    }
    case 'expectations': {
      const unmet = scene.probes
        .filter(({ probe }) => lacking.probe === undefined || probe.name === lacking.probe)
        .map((judged) => cameIn(window, judged))
        .find(({ came }) => came.some(({ met }) => met === false));
      return unmet && ruleBehind(unmet, scene.evidence, scene.pictures, scene.records);
    }
    default: {
      const { what, hosts, of, withinMs } = lacking;
      const misbehaving = misbehaviourIn(window, scene);
      /** How many instances of a service it is about. */
      const countOf = (service: string) =>
        scene.evidence.context.instances.filter(
          (each) => each.service === service && (of?.includes(each.name) ?? true),
        ).length;
      const ask = (about: About) =>
        reasonOfCheck(scene.picture.configuration, {
          ...about,
          expected: what,
          ...(hosts === undefined ? {} : { hosts: Math.min(hosts, countOf(about.service) || hosts) }),
          ...(withinMs === undefined ? {} : { withinMs }),
          ...misbehaving,
          seen: seenIn(fromItsBeginning(window, scene.facts), about, scene),
        });
      const beyond = settles.has(what) ? errorsBeyond(window, scene) : undefined;
      if (beyond !== undefined) return beyond;
      return asked(
        scene,
        ask,
        settles.has(what) ? () => errorsThatMatter(window, scene) : undefined,
        ({ service }) => countOf(service) > 0,
      );
    }
  }
}

/** The limits of sidecars that were on meanwhile; of what they cost without any no setting is known. */
function limitedSidecars(window: Window, { records }: Scene, of: 'time' | 'use'): ReportReason | undefined {
  // A limit makes requests wait, and nothing dearer.
  if (of === 'use') return undefined;
  const settings = records
    .filter(({ planned }) => planned.proof.kind === 'limited')
    .filter((record) => wasOn(record, window))
    .map(({ name, planned }) => ({
      setting: `fault ${name}: ${planned.description}`,
      source: planned.source,
    }));
  const [first, ...others] = settings;
  if (first === undefined) return undefined;
  return {
    text: 'A sidecar gets no more processor time than its limit: what it does not get in a tenth of a second waits for the next one, and so do the requests in it.',
    ...first,
    ...(others.length === 0 ? {} : { others }),
  };
}

/** An app that does not do its share: the scenario's own says so, of another one that is all there is to say. */
function unpropagated(service: string, { trial }: Scene): ReportReason {
  const text = `The app of ${service} calls onward without the headers of the trace that its request came with (b3, x-b3-*, traceparent), so that its sidecar begins another trace there.`;
  const source = trial.unpropagated?.find((each) => each.service === service)?.source;
  return source === undefined
    ? { text, setting: `app of ${service}: passes no headers of a trace on` }
    : { text, setting: `topology.services.${service}.app.propagates: false`, source };
}

const untraced = (scene: WindowScene) =>
  asked(scene, (about) => reasonOfCheck(scene.picture.configuration, { ...about, expected: 'tracing' }));

/** The same with what would have ended the failures earlier, and is not there. */
function withNeglect(
  window: Window,
  scene: WindowScene,
  reason: ReportReason | undefined,
): ReportReason | undefined {
  if (reason === undefined) return undefined;
  const missing = [unguarded(window, scene), unlimited(window, scene)].filter((each) => each !== undefined);
  return missing.length === 0 ? reason : { ...reason, others: [...(reason.others ?? []), ...missing] };
}

type Behind = NonNullable<ReportReason['others']>[number];

/** Nothing takes back a change that has no guard. */
function unguarded(window: Window, { changes }: Scene): Behind | undefined {
  const change = changes.find(({ name }) => name === window.change);
  return change === undefined || change.guard !== undefined
    ? undefined
    : { setting: `changes ${change.name}: no guard, so nothing takes it back`, source: change.source };
}

/** Who calls a host that hangs waits until the fault is over where no time limit is shorter than that. */
function unlimited(window: Window, scene: WindowScene): Behind | undefined {
  const record = scene.records.find(({ name }) => name === window.fault);
  if (record === undefined || !hangs(record)) return undefined;
  const waiting = asked(scene, (about) =>
    reasonOfWaiting(scene.picture.configuration, { ...about, withinMs: window.toMs - window.fromMs }),
  );
  if (waiting === undefined || waiting.setting === undefined) return undefined;
  const { setting, source } = waiting;
  return { setting, ...(source === undefined ? {} : { source }) };
}

/** Traffic has settled only once requests succeed, so that errors may be what kept it. */
const settles: ReadonlySet<Lacking['what']> = new Set(['takeover', 'return']);

/** The reason of most errors, unless there are hardly any. */
function errorsThatMatter(window: Window, { errors, facts }: Scene): ReportReason | undefined {
  const requests = facts.count(window);
  const failed = requests - facts.count(window, { outcome: 'ok' });
  return failed > requests / 100 ? mostErrors(window, errors) : undefined;
}

/**
 * The reason of what failed at hosts to which traffic has moved, where that is most of what failed: it moved in time, and
 * came to nothing there.
 */
function errorsBeyond(window: Window, { errors, records, evidence }: Scene): ReportReason | undefined {
  const hit = new Set(
    records
      .filter((record) => record.name === window.fault || wasOn(record, window))
      .flatMap(({ targets }) => targets),
  );
  const hosts = new Set(evidence.context.instances.map(({ name }) => name).filter((name) => !hit.has(name)));
  const moved = errors.filter(({ group }) => hosts.has(group.host));
  const count = (some: readonly Attributed[]) => some.reduce((sum, each) => sum + countIn(window, each), 0);
  return count(moved) * 2 > count(errors) ? mostErrors(window, moved) : undefined;
}

/** Whether a fault was on at some time of a window. */
const wasOn = ({ injectedAtMs, revertingAtMs }: RecordedFault, { fromMs, toMs }: Window): boolean =>
  (injectedAtMs ?? toMs) < toMs && (revertingAtMs ?? toMs) > fromMs;

/** The reason of most of what failed in a window. */
function mostErrors(window: Window, errors: readonly Attributed[]): ReportReason | undefined {
  const counted = errors
    .map((each) => ({ group: each.group, count: countIn(window, each) }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
  const byCause = [...Map.groupBy(counted, ({ group }) => group.cause).values()]
    .map((alike) => ({
      group: alike[0]?.group,
      count: alike.reduce((sum, { count }) => sum + count, 0),
    }))
    .toSorted((a, b) => b.count - a.count);
  const group = byCause[0]?.group;
  if (group === undefined) return undefined;
  const { cause, setting, source, others } = group;
  return {
    text: cause,
    setting,
    ...(source === undefined ? {} : { source }),
    ...(others === undefined ? {} : { others }),
  };
}

const countIn = ({ fromMs, toMs }: Window, { whenMs }: Attributed) =>
  whenMs.reduce((count, at) => count + +(at >= fromMs && at < toMs), 0);

interface About {
  readonly client: string;
  readonly service: string;
  readonly request?: NonNullable<ReturnType<Picture['askedFor']>>;
}

/**
 * The answer that says most, of all clients of all loads and of the apps that call onward for them, as far as their
 * calls are `concerned` (all of them where none is); else what `otherwise` says.
 */
function asked(
  { evidence, picture, loads }: WindowScene,
  ask: (about: About) => Reason,
  otherwise: () => ReportReason | undefined = () => undefined,
  concerned: (calling: Pick<About, 'service'>) => boolean = () => true,
): ReportReason | undefined {
  const callings = loads.flatMap((load) => [
    ...evidence.context.instances
      .filter((each) => isClient(each) && each.service === load.from)
      .map(({ name }) => ({ client: name, service: load.to, request: picture.askedFor(load) })),
    ...picture.onwardOf(load),
  ]);
  const those = callings.filter(concerned);
  const reasons = (those.length > 0 ? those : callings).map(({ client, service, request }) =>
    ask({ client, service, ...(request === undefined ? {} : { request }) }),
  );
  const reason = reasons.find(isWritten) ?? reasons.find(({ known }) => known) ?? reasons[0];
  if (reason === undefined) return undefined;
  if (!reason.known) return otherwise() ?? { text: `Not known which setting: ${reason.why}.` };
  return knownReason(reason);
}

/** Whether a reason is something that the user wrote, be it in effect or not. */
const isWritten = (reason: Reason) =>
  reason.known && (reason.instead.length > 0 || reason.settings.some(({ from }) => from.by === 'setting'));

/** What the fault of a window made of its targets. */
function misbehaviourIn(
  window: Window,
  { records, evidence }: Scene,
): { readonly misbehaviour?: Misbehaviour } {
  const record = records.find(({ name }) => name === window.fault);
  if (record === undefined || record.targets.length === 0) return {};
  const { proof } = record.planned;
  const localities = evidence.context.instances
    .filter(({ name }) => record.targets.includes(name))
    .map(({ locality }) => locality);
  const status = proof.kind === 'status' ? proof.statuses[0] : undefined;
  return {
    misbehaviour: {
      instances: record.targets,
      localities,
      addresses: [...addressesOf(evidence, record.targets)],
      ...(status === undefined ? {} : { status }),
      ...(proof.kind === 'slower' || hangs(record) ? { late: true as const } : {}),
    },
  };
}

const hangs = ({ planned: { actions } }: RecordedFault) =>
  actions.some(({ inject }) => inject.do === 'set-fault' && inject.behaviour.kind === 'hang');

/** A check may leave out the start of a window; hosts are found out and ejected there all the same. */
function fromItsBeginning(window: Window, { windows }: RunFacts): Window {
  const whole = windows.find(
    ({ name, fault, change }) => name === window.name && fault === window.fault && change === window.change,
  );
  return { ...window, fromMs: Math.min(window.fromMs, whole?.fromMs ?? window.fromMs) };
}

/** What a client's sidecar counted in a window. */
function seenIn(window: Window, { client, service }: About, { evidence, records, errors }: Scene): Seen {
  const series = evidence.statistics.find((each) => each.instance === client && each.service === service);
  if (series === undefined) return {};
  const { t, changes } = series;
  const during = t.flatMap((at, index) => (at >= window.fromMs && at < window.toMs ? [index] : []));
  if (during.length === 0) return {};
  const most = (gauge: readonly number[]) => Math.max(...during.map((index) => gauge[index] ?? 0));
  const grown = (counter: readonly number[]) => increase(t, counter, window).value;
  const detected = (of: keyof Detections) => grown(series.detections.map((each) => each[of]));
  const targets = records.find(({ name }) => name === window.fault)?.targets ?? [];
  const out = window.name === 'recovery' ? outFor(series, addressesOf(evidence, targets), window) : undefined;
  return {
    connections: most(series.connections),
    pending: most(series.pending),
    overflow: grown(series.overflow),
    retries: grown(series.retries),
    detections: {
      errors: detected('errors'),
      gatewayErrors: detected('gatewayErrors'),
      localErrors: detected('localErrors'),
      comparisons: detected('comparisons'),
    },
    ejections: changes.filter(({ t: at, ejected }) => ejected && at >= window.fromMs && at < window.toMs)
      .length,
    ejectionsRefused: grown(series.ejectionsRefused),
    panics: grown(series.panics),
    timeouts: errors
      .filter(({ ended }) => ended === 'timeout')
      .reduce((sum, each) => sum + countIn(window, each), 0),
    ...(out === undefined ? {} : { out }),
  };
}

/** For how long from the beginning of a window on one of these hosts was out; undefined where none was. */
function outFor(
  { changes }: StatisticsSeries,
  addresses: ReadonlySet<string>,
  { fromMs, toMs }: Window,
): Seen['out'] {
  const out = new Set<string>();
  let untilMs: number | undefined;
  for (const { t, address, ejected } of changes) {
    if (t >= toMs || !addresses.has(address)) continue;
    if (ejected) out.add(address);
    else if (out.delete(address) && t >= fromMs) untilMs = t;
  }
  if (out.size > 0) return { forMs: toMs - fromMs, toTheEnd: true };
  return untilMs === undefined ? undefined : { forMs: untilMs - fromMs, toTheEnd: false };
}
