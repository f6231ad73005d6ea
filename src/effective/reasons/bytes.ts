import { limitText, timeText } from '../words.ts';
import { callersSidecar, causeOfRequests } from './causes.ts';
import { common, known, named, type RequestScene, unknown } from './parts.ts';
import type { NamedSetting, Reason } from './question.ts';
import { rulesAbout, settingOfRule } from './rules.ts';

/** Sidecars log whole milliseconds, and their timers keep to whole ones. */
const roundedMs = 1;

/** The setting behind connections on which a sidecar passes on bytes, and that ended without success: no route has a part in it. */
export function reasonOfBytes(scene: RequestScene, ejection: readonly NamedSetting[]): Reason {
  const { question, clusters } = scene;
  const { service, ended, side } = question;
  const limits = common(clusters, (cluster) => cluster.limits);
  if (ended === 'overflow' && side === 'client') {
    return limits === undefined
      ? unknown(`which limits connections to ${service} met is not known`)
      : known(
          `As many connections to ${service} as may be were open, so ${callersSidecar(question)} closed a further one at once: of bytes none waits. The limit holds for each sidecar that calls.`,
          [named('connections', limits.connections, limitText)],
        );
  }
  if (ended === 'reset') return nothingBack(scene);
  if (ended !== 'connect') return unknown('of bytes no setting of the mesh decides this');
  const untried = 'Of bytes nothing is tried again elsewhere.';
  const late = tooLate(scene);
  if (late !== undefined) {
    return known(
      `No connection to a host of ${service} came about within ${late.text}, and ${callersSidecar(question)} gave up. ${untried}`,
      [late.setting, ...ejection],
    );
  }
  const closed = turnedAway(scene);
  if (closed?.known) return { ...closed, cause: `${closed.cause} ${untried}` };
  return known(`${causeOfRequests(question)} ${untried}`, ejection);
}

/** The time that a connection had to come about, where it took as long. */
function tooLate({
  question: { afterMs },
  clusters,
}: RequestScene): { readonly text: string; readonly setting: NamedSetting } | undefined {
  const limit = common(clusters, (cluster) => cluster.connectTimeoutMs);
  return limit === undefined || afterMs === undefined || afterMs < limit.value - roundedMs
    ? undefined
    : { text: timeText(limit.value), setting: named('connect timeout', limit, timeText) };
}

/** Why a server that is well closes connections before anything is said on them; undefined where it takes all. */
export function turnedAway({
  question,
  inbound,
}: Pick<RequestScene, 'question' | 'inbound'>): Reason | undefined {
  const most = inbound?.mostConnections;
  if (most === undefined || question.underFault === true || question.ended !== 'connect') return undefined;
  return known(
    `The sidecar of ${question.service} takes ${limitText(most.value)} connections of all callers together, and closes further ones at once.`,
    [named('connections', most, limitText)],
  );
}

/** A connection came about, and the other side closed it before it had sent anything. */
function nothingBack({ question, client, inbound }: RequestScene): Reason {
  const { service } = question;
  const rule = rulesAbout(client, inbound?.filters ?? []).find(({ match }) => match === undefined);
  if (rule?.does === 'deny') {
    const where = rule.network === undefined ? '' : ` in ${rule.network}`;
    return known(
      `Connections of ${client.service}${where} to ${service} are refused: its sidecar closes them as soon as something comes on them.`,
      [settingOfRule(rule)],
    );
  }
  const policies = (inbound?.filters ?? []).flatMap((filter) =>
    filter.kind === 'authorization' && !filter.dryRun && filter.rules === undefined ? filter.policies : [],
  );
  if (policies.length > 0) {
    return known(
      `The sidecar of ${service} closed the connection before anything had come back, as it does with those that a policy refuses.`,
      policies.map(({ id, resource, from }) => ({
        name: resource?.name ?? id,
        value: 'in effect',
        from,
      })),
    );
  }
  return unknown(
    `nothing had come back when the connection to ${service} ended, and of bytes no setting of the mesh decides this`,
  );
}
