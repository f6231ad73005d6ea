import type { Lacking, Window } from '../checks/contract.ts';
import { type Misbehaviour, type Reason, reasonOfCheck, textOfReason } from '../effective/index.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { PlannedLoad } from '../load/planned.ts';
import { isClient } from '../model/topology.ts';
import type { ReportCheck } from '../report/model.ts';
import type { Attributed } from './attribution.ts';
import type { RecordedFault } from './fault-records.ts';
import type { JudgedCheck } from './judge.ts';
import type { Picture } from './picture.ts';

type ReportReason = NonNullable<ReportCheck['reason']>;

/** What the reason of a failed check is looked for in. */
interface Scene {
  readonly evidence: Evidence;
  readonly picture: Picture;
  readonly loads: readonly PlannedLoad[];
  readonly records: readonly RecordedFault[];
  readonly errors: readonly Attributed[];
}

/** Gives every check that failed its reason; not known is one too, where something in effect could be it. */
export function withReasons(
  checks: readonly ReportCheck[],
  judged: readonly JudgedCheck[],
  scene: Scene,
): ReportCheck[] {
  return checks.map((check, index) => {
    const { lacking, window } = judged[index] ?? {};
    if (check.status !== 'fail' || lacking === undefined || window === undefined) return check;
    const reason = reasonOf(lacking, window, scene);
    return reason === undefined ? check : { ...check, reason };
  });
}

function reasonOf(lacking: Lacking, window: Window, scene: Scene): ReportReason | undefined {
  switch (lacking.what) {
    case 'no failures':
      return mostErrors(window, scene.errors);
    case 'few errors':
      return mostErrors(
        window,
        scene.errors.filter(({ outcome }) => outcome !== 'shed'),
      );
    case 'no overflow':
      return asked(scene, (about) =>
        scene.picture.reasonOfRequests({ ...about, ended: 'overflow', side: 'client' }),
      );
    default: {
      const { what, hosts } = lacking;
      return asked(scene, (about) =>
        reasonOfCheck(scene.picture.configuration, {
          ...about,
          expected: what,
          ...(hosts === undefined ? {} : { hosts }),
          ...misbehaviourIn(window, scene),
          ...seenIn(window, about, scene.evidence),
        }),
      );
    }
  }
}

/** The reason of most of what failed in a window. */
function mostErrors({ name }: Window, errors: readonly Attributed[]): ReportReason | undefined {
  const counted = errors
    .map(({ group }) => ({ group, count: name === 'run' ? group.count : (group.byWindow[name] ?? 0) }))
    .filter(({ count }) => count > 0);
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

interface About {
  readonly client: string;
  readonly service: string;
  readonly request?: NonNullable<ReturnType<Picture['askedFor']>>;
}

/** The first answer that says something, of all clients of all loads. */
function asked({ evidence, picture, loads }: Scene, ask: (about: About) => Reason): ReportReason | undefined {
  const reasons = loads.flatMap((load) => {
    const request = picture.askedFor(load);
    return evidence.context.instances
      .filter((each) => isClient(each) && each.service === load.from)
      .map(({ name }) =>
        ask({ client: name, service: load.to, ...(request === undefined ? {} : { request }) }),
      );
  });
  const reason = reasons.find(({ known }) => known) ?? reasons[0];
  if (reason === undefined) return undefined;
  if (!reason.known) return { text: `Not known which setting: ${reason.why}.` };
  const told = textOfReason(reason);
  if (told === undefined) return undefined;
  const { cause, others, ...first } = told;
  return { text: cause, ...first, ...(others === undefined ? {} : { others: [...others] }) };
}

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
      ...(status === undefined ? {} : { status }),
    },
  };
}

/** The most that a client's sidecar had open and waiting at once. */
function seenIn(
  { fromMs, toMs }: Window,
  { client, service }: About,
  { statistics }: Evidence,
): { readonly seen?: { readonly connections: number; readonly pending: number }; readonly waited?: boolean } {
  const series = statistics.find((each) => each.instance === client && each.service === service);
  if (series === undefined) return {};
  const during = series.t.flatMap((at, index) => (at >= fromMs && at < toMs ? [index] : []));
  if (during.length === 0) return {};
  const most = (gauge: readonly number[]) => Math.max(...during.map((index) => gauge[index] ?? 0));
  const seen = { connections: most(series.connections), pending: most(series.pending) };
  return { seen, waited: seen.pending > 0 };
}
