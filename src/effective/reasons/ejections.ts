import { formatMs, plural } from '../../kit/format.ts';
import type { Cluster, LocalityMode, OutlierDetection, Told } from '../../model/effective.ts';
import type { Detections } from '../../model/evidence.ts';
import { clusterText, durationText, localityWords, shareText, timeText } from '../words.ts';
import { type CheckScene, common, ejectable, insteadOf, known, mostOut, named, unknown } from './parts.ts';
import type { Misbehaviour, NamedSetting, Reason } from './question.ts';
import { routesTaken } from './taken.ts';

/** Why bad hosts were not ejected, or too late; with `avoidance` why they got traffic. */
export function noEjection(scene: CheckScene): Reason {
  const { question } = scene;
  return (
    withoutDetection(scene) ??
    uncounted(scene) ??
    outOfReach(scene) ??
    notInTime(scene, question.hosts ?? 1) ??
    unknown(
      `outlier detection is in effect for ${question.service} and would have ejected a host that misbehaves for long enough`,
    )
  );
}

/** Why traffic did not go over to other hosts, or too late. */
export function noFailover(scene: CheckScene): Reason {
  const { question, client, cluster } = scene;
  const { service, misbehaviour } = question;
  const { locality, zones } = cluster;
  const instead = insteadOf(client, service, 'locality', 'outlier-detection');
  const taken = zones.filter(({ hosts }) => hosts.length === 0);
  if (locality.value === 'distribute') {
    const cause =
      taken.length > 0
        ? `distribute takes the hosts in ${taken.map((zone) => zone.locality).join(', ')} out of the sidecar of ${client.instance}, so that there is nothing to fail over to.`
        : `distribute sends fixed shares to the zones of ${service} and takes the place of failover.`;
    return known(cause, [named('distribute', locality, () => 'set')], instead);
  }
  const without = withoutDetection(scene);
  if (without?.known) return { ...without, cause: `${without.cause} Failover needs it.` };
  if (locality.value === 'none') return nowhereElse(scene) ?? allAlike(scene);
  const near = zones
    .filter(({ priority }) => priority === 0)
    .reduce((sum, { hosts }) => sum + hosts.length, 0);
  return (
    uncounted(scene) ??
    outOfReach(scene) ??
    notInTime(scene, needed(misbehaviour, near)) ??
    unknown(`failover is in effect for ${service}: the nearest first, ${plural(near, 'host')}, then others`)
  );
}

/** Bad hosts are all that a sidecar has of a service; undefined where it has others. */
export function nowhereElse({ question, client, cluster }: CheckScene): Reason | undefined {
  const { service, misbehaviour } = question;
  const hosts = hostsOf(cluster);
  const bad = new Set(misbehaviour?.addresses);
  if (hosts.length === 0 || !hosts.every((host) => bad.has(host))) return undefined;
  return known(
    `The sidecar of ${client.instance} has ${plural(hosts.length, 'host')} of ${clusterText(cluster)}, all of them among those that misbehave, and none elsewhere to turn to.`,
    [named('localityLbSetting', cluster.locality, failoverText)],
    insteadOf(client, service, 'locality'),
  );
}

/** Hosts elsewhere are no others than those nearby; not known where there are none, or none of those misbehaves. */
function allAlike({ question, client, cluster }: CheckScene): Reason {
  const { service, misbehaviour } = question;
  const { locality, zones } = cluster;
  const bad = new Set(misbehaviour?.addresses);
  const isSome = hostsOf(cluster).some((host) => bad.has(host));
  if (new Set(zones.map((zone) => zone.locality)).size < 2 && !isSome)
    return unknown(`all hosts of ${service} are in one place`);
  return known(
    `The sidecar of ${client.instance} uses the hosts of ${service} in all zones alike, so that nothing fails over.`,
    [named('localityLbSetting', locality, (mode) => localityWords[mode])],
    insteadOf(client, service, 'locality', 'outlier-detection'),
  );
}

const hostsOf = ({ zones }: Pick<Cluster, 'zones'>) => zones.flatMap(({ hosts }) => hosts);

const failoverText = (mode: LocalityMode) => (mode === 'none' ? 'no failover' : localityWords[mode]);

/** How many hosts would have to go: those that misbehave, no more than the nearest. */
const needed = (misbehaviour: Misbehaviour | undefined, near: number) =>
  misbehaviour === undefined || misbehaviour.instances.length === 0
    ? near
    : Math.min(near, misbehaviour.instances.length);

/** Why hosts were ejected that were not to be. */
export function ejected({ question: { service, seen }, client, cluster }: CheckScene): Reason {
  const outlier = cluster.outlierDetection;
  if (outlier === undefined) return unknown(`the sidecar of ${client.instance} ejects no host of ${service}`);
  const { errors = 0, gatewayErrors = 0, localErrors = 0 } = seen?.detections ?? {};
  const settings = [
    ...(errors > 0 ? inARow([outlier.consecutiveErrors]) : []),
    ...(gatewayErrors > 0 ? inARow([outlier.consecutiveGatewayErrors]) : []),
    ...(localErrors > 0 ? inARow([outlier.consecutiveLocalOrigin]) : []),
  ];
  if (settings.length === 0) return unknown(`what made the sidecar of ${client.instance} eject is not known`);
  return known(
    `Outlier detection for ${service} is in effect in the sidecar of ${client.instance}, and ejects a host that fails so often in a row.`,
    settings,
  );
}

/** Why traffic came back late, or not at all, to hosts that are well again. */
export function notReturned({ question: { service, seen }, client, cluster }: CheckScene): Reason {
  const outlier = cluster.outlierDetection;
  if (outlier === undefined || seen?.out === undefined) {
    return unknown(
      `none of the hosts in question was ejected in the sidecar of ${client.instance} after the fault`,
    );
  }
  const { baseEjectionMs, longestEjectionMs, intervalMs } = outlier;
  const { forMs, toTheEnd } = seen.out;
  const until = toTheEnd ? `still had hosts of ${service} ejected` : `had hosts of ${service} ejected until`;
  return known(
    `The sidecar of ${client.instance} ${until} ${formatMs(forMs)} after the fault${toTheEnd ? ', at the end of the run' : ''}. An ejection lasts ${durationText(baseEjectionMs.value)}, each further one in a row of the same host that much longer, and whether it is over is looked at every ${durationText(intervalMs.value)}.`,
    [
      named('baseEjectionTime', baseEjectionMs, durationText),
      named('interval', intervalMs, durationText),
      named('maxEjectionTime', longestEjectionMs, durationText),
    ],
  );
}

function withoutDetection({
  question: { service, expected },
  client,
  cluster,
}: CheckScene): Reason | undefined {
  if (cluster.outlierDetection !== undefined) return undefined;
  return known(
    `No outlier detection for ${service} is in effect in the sidecar of ${client.instance}, so no host is ever ejected.`,
    [
      {
        name: 'outlierDetection',
        value: 'not set',
        from: { by: 'default', of: 'Istio', field: 'outlierDetection' },
      },
    ],
    insteadOf(
      client,
      service,
      'outlier-detection',
      ...(expected === 'ejection' ? [] : (['locality'] as const)),
    ),
  );
}

/** What ends an ejection's count for such misbehaviour: failures in a row of these kinds. */
function counting(
  misbehaviour: Misbehaviour | undefined,
  { consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin, splitLocalOrigin }: OutlierDetection,
): readonly Told<number>[] {
  const status = misbehaviour?.status;
  const isGateway = status === undefined || (status >= 502 && status <= 504);
  const answers = isGateway ? [consecutiveErrors, consecutiveGatewayErrors] : [consecutiveErrors];
  if (misbehaviour === undefined) return [...answers, consecutiveLocalOrigin];
  return status === undefined && splitLocalOrigin.value ? [consecutiveLocalOrigin] : answers;
}

const inARow = (counts: readonly Told<number>[]) =>
  counts
    .filter(({ value }) => value > 0)
    .map((count) => named('consecutive errors', count, (many) => `${many} in a row`));

/** Errors of a kind that outlier detection does not count. */
function uncounted({ question, cluster }: CheckScene): Reason | undefined {
  const { misbehaviour, service } = question;
  const outlier = cluster.outlierDetection;
  if (misbehaviour === undefined || outlier === undefined) return undefined;
  const { status } = misbehaviour;
  const { consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin, splitLocalOrigin } = outlier;
  const errors = named('consecutive5xxErrors', consecutiveErrors, countText);
  const gateway = named('consecutiveGatewayErrors', consecutiveGatewayErrors, countText);
  if (status !== undefined && status < 500) {
    return known(`Answers with ${status} never count towards an ejection, only those of 500 and above do.`, [
      errors,
    ]);
  }
  if (inARow(counting(misbehaviour, outlier)).length > 0) return undefined;
  if (status === undefined) {
    return known(
      `Hosts of ${service} that do not answer do not count towards an ejection.`,
      splitLocalOrigin.value
        ? [named('consecutiveLocalOriginFailures', consecutiveLocalOrigin, countText)]
        : [errors, gateway],
    );
  }
  return known(
    `Answers with ${status} do not count towards an ejection of a host of ${service}${consecutiveGatewayErrors.value > 0 ? ', only those with 502, 503 and 504 do' : ''}.`,
    [errors, gateway],
  );
}

const countText = (count: number) => (count === 0 ? 'not counted' : `${count} in a row`);

/** Hosts that get no traffic cannot be found out. */
function outOfReach({ question, client, cluster }: CheckScene): Reason | undefined {
  const localities = question.misbehaviour?.localities ?? [];
  if (localities.length === 0) return undefined;
  const priorities = localities.map((locality) => cluster.zones.find((zone) => zone.locality === locality));
  const used = priorities.some(
    (zone) => zone === undefined || (zone.priority === 0 && zone.hosts.length > 0),
  );
  if (used) return undefined;
  const where = [...new Set(localities)].join(', ');
  return known(
    `The sidecar of ${client.instance} sends nothing to the hosts in ${where} as long as nearer ones are healthy, so it does not find out about them.`,
    [named('zones', cluster.locality, (mode) => localityWords[mode])],
  );
}

/** Outlier detection is in effect and counts such errors: what it found and did, and what kept it from more. */
function notInTime(scene: CheckScene, hosts: number): Reason | undefined {
  const seen = scene.question.seen ?? {};
  return (
    capped(scene, hosts, (most) => most === 0) ??
    notFoundOut(scene) ??
    (seen.ejectionsRefused ? refused(scene, seen.ejectionsRefused) : undefined) ??
    (seen.panics && scene.question.expected !== 'ejection' ? panic(scene) : undefined) ??
    capped(scene, hosts, (most) => most < hosts) ??
    (seen.ejections ? slowly(scene) : undefined)
  );
}

/** The cap leaves fewer hosts out than would have to be. */
function capped(
  { question: { service }, client, cluster }: CheckScene,
  hosts: number,
  isReason: (most: number) => boolean,
): Reason | undefined {
  const outlier = cluster.outlierDetection as OutlierDetection;
  const all = ejectable(cluster);
  const most = mostOut(outlier, all);
  if (all === 0 || !isReason(most)) return undefined;
  const cap = shareText(outlier.mostEjected.value);
  const setting = named('maxEjectionPercent', outlier.mostEjected, shareText);
  const instead = insteadOf(client, service, 'outlier-detection');
  return most === 0
    ? known(
        `${cap} of ${plural(all, 'host')} of ${service} are less than one, so none is ever ejected. (Envoy counts the cap strictly since 1.28.)`,
        [setting],
        instead,
      )
    : known(
        `${cap} of ${plural(all, 'host')} of ${service} are ${most}, and ${hosts} would have to be ejected.`,
        [setting],
        instead,
      );
}

/** The sidecar has seen no host fail as often as it takes. */
function notFoundOut(scene: CheckScene): Reason | undefined {
  const { question, client, cluster } = scene;
  const { detections } = question.seen ?? {};
  const outlier = cluster.outlierDetection as OutlierDetection;
  if (detections === undefined || foundOut(detections, outlier)) return undefined;
  const settings = inARow(counting(question.misbehaviour, outlier));
  const silence = timesOf(scene);
  return settings.length === 0
    ? undefined
    : known(
        `The sidecar of ${client.instance} found out no host of ${question.service}: none failed so often in a row. Each client counts for itself, and every success begins the count of a host anew.${silence.text}`,
        [...settings, ...silence.settings],
      );
}

/** Whether a host was found out by something that leads to an ejection: Envoy also counts what it is told to ignore. */
const foundOut = (
  { errors, gatewayErrors, localErrors, comparisons }: Detections,
  { consecutiveErrors, consecutiveGatewayErrors, consecutiveLocalOrigin }: OutlierDetection,
) =>
  comparisons > 0 ||
  (errors > 0 && consecutiveErrors.value > 0) ||
  (gatewayErrors > 0 && consecutiveGatewayErrors.value > 0) ||
  (localErrors > 0 && consecutiveLocalOrigin.value > 0);

function refused({ question: { service }, client, cluster }: CheckScene, times: number): Reason {
  const outlier = cluster.outlierDetection as OutlierDetection;
  const all = ejectable(cluster);
  return known(
    `The sidecar of ${client.instance} found out hosts of ${service} that it did not eject (${plural(times, 'time')}): no more than ${mostOut(outlier, all)} of ${all} may be out at once.`,
    [named('maxEjectionPercent', outlier.mostEjected, shareText)],
  );
}

function panic({ question: { service }, client, cluster }: CheckScene): Reason {
  const { panicThreshold } = cluster;
  return known(
    `Fewer than ${shareText(panicThreshold.value)} of the hosts of ${service} were healthy, so that the sidecar of ${client.instance} sent requests to all of them, ejected ones too.`,
    [named('minHealthPercent', panicThreshold, shareText)],
  );
}

/** A host that answers late, or never, has failed only when a time has run out. */
function timesOf({ question, client }: CheckScene): {
  readonly text: string;
  readonly settings: readonly NamedSetting[];
} {
  const { misbehaviour } = question;
  const action = common(routesTaken(client, question), (route) => route.action);
  if (!misbehaviour?.late || action?.does !== 'forward') {
    return { text: '', settings: [] };
  }
  const { timeoutMs, retries } = action;
  const times = [
    ...(timeoutMs.value === null ? [] : [named('timeout', timeoutMs, timeText)]),
    ...(retries.perTryTimeoutMs.value === null
      ? []
      : [named('perTryTimeout', retries.perTryTimeoutMs, timeText)]),
  ];
  return times.length === 0
    ? {
        text: ' A host that answers late or never fails only once a timeout has run out, and the route has none.',
        settings: [named('timeout', timeoutMs, timeText)],
      }
    : {
        text: ' A host that answers late or never fails only once a timeout has run out.',
        settings: times,
      };
}

/** Hosts were ejected: that it took as long is the count's doing. */
function slowly(scene: CheckScene): Reason | undefined {
  const { question, client, cluster } = scene;
  const silence = timesOf(scene);
  const settings: readonly NamedSetting[] = inARow(
    counting(question.misbehaviour, cluster.outlierDetection as OutlierDetection),
  );
  return settings.length === 0
    ? undefined
    : known(
        `The sidecar of ${client.instance} did eject hosts of ${question.service}, each once it had failed so often in a row; every success begins the count of a host anew.${silence.text}`,
        [...settings, ...silence.settings],
      );
}
