import { plural } from '../../kit/format.ts';
import type { Retries } from '../../model/effective.ts';
import { keepaliveText, limitText, timeText } from '../words.ts';
import { causeOfRequests } from './causes.ts';
import {
  type CheckScene,
  common,
  commonRetries,
  insteadOf,
  known,
  named,
  type RequestScene,
  retrySettings,
  unknown,
} from './parts.ts';
import type { NamedSetting, Reason } from './question.ts';

/**
 * A sidecar that closes idle connections hardly sooner than its app may come too late: its time begins when it has read
 * the answer that the app's begins with, and whoever is busy looks at it later.
 */
const hardlyLess = 0.9;

/**
 * Why an app closed a connection on which it had a request: its sidecar does not close idle ones well before it does.
 * Undefined where that cannot be it.
 */
export function closedWhileIdle(scene: RequestScene): Reason | undefined {
  const { question, client, server, inbound } = scene;
  if (inbound?.appKeepsMs === undefined || question.underFault) return undefined;
  const { idleTimeoutMs: idle, appKeepsMs: keeps } = inbound;
  if (idle.value !== null && idle.value < keeps.value * hardlyLess) return undefined;
  const hardly = idle.value !== null && idle.value < keeps.value ? ', hardly less' : '';
  const sidecars = idle.value === null ? 'as long as it can' : `for ${timeText(idle.value)}${hardly}`;
  const retries = commonRetries(scene);
  return known(
    `${causeOfRequests(question)} It closes one on which nothing has come for ${timeText(keeps.value)}, and its sidecar keeps it ${sidecars}: a request that is sent at that very moment is lost.${retries === undefined ? '' : notTriedAgain(retries)}`,
    [
      named('idleTimeout', idle, timeText),
      named('keepAlive', keeps, timeText),
      ...(retries === undefined ? [] : retrySettings(retries)),
    ],
    [
      ...insteadOf(client, question.service, 'limits', 'retries'),
      ...(server?.unused ?? []).filter(({ side, about }) => side === 'server' && about === 'limits'),
    ],
  );
}

/** An idle timeout that is shorter than what it takes to open a connection; undefined where that cannot be it. */
export function closedWhileOpening(scene: RequestScene): Reason | undefined {
  const { question, clusters, inbound } = scene;
  if (question.of !== 'idle') return undefined;
  const times =
    question.side === 'server'
      ? inbound
      : common(clusters, ({ idleTimeoutMs, connectTimeoutMs }) => ({ idleTimeoutMs, connectTimeoutMs }));
  if (times === undefined) return undefined;
  const { idleTimeoutMs: idle, connectTimeoutMs: connect } = times;
  if (idle.value === null || idle.value >= connect.value) return undefined;
  const whose =
    question.side === 'server'
      ? `The sidecar of ${question.service} closed a connection to its app`
      : `The client's sidecar closed a connection to ${question.service}`;
  const retries = commonRetries(scene);
  return known(
    `${whose} that was not up yet: the idle timeout of ${timeText(idle.value)} begins when a connection is opened, and not when it is first used.`,
    [named('idleTimeout', idle, timeText), ...(retries === undefined ? [] : retrySettings(retries))],
  );
}

/**
 * Of requests that ran out of time while the network was cut: what would have told the caller's sidecar sooner that
 * nothing comes through, and takes as long as those had, or is not there at all.
 */
export function noticedLate(
  { question, clusters }: Pick<RequestScene, 'question' | 'clusters'>,
  hadMs: number,
): { readonly text: string; readonly settings: readonly NamedSetting[] } {
  const held = question.cutOff
    ? common(clusters, ({ connectTimeoutMs, keepalive, protocol }) => ({
        connect: connectTimeoutMs,
        keepalive,
        protocol: protocol.value,
      }))
    : undefined;
  if (held === undefined) return { text: '', settings: [] };
  const { connect, keepalive, protocol } = held;
  const isLate = (ms: number) => ms >= hadMs;
  const opening = isLate(connect.value);
  const open =
    protocol === 'http2' &&
    (keepalive.value === null || isLate(keepalive.value.intervalMs + keepalive.value.timeoutMs));
  const parts = [
    ...(opening ? [`a new connection has ${timeText(connect.value)} to come about`] : []),
    ...(open ? ['nobody asks on an open one in time whether the other side is still there'] : []),
  ];
  return {
    text: parts.length === 0 ? '' : ` The network was cut, which nobody is told: ${parts.join(', and ')}.`,
    settings: [
      ...(open ? [named('connection_keepalive', keepalive, keepaliveText)] : []),
      ...(opening ? [named('connectTimeout', connect, timeText)] : []),
    ],
  };
}

/** Conditions under which a 503 is tried again that the server's sidecar answers in place of its app. */
const ofUnavailable: ReadonlySet<string> = new Set(['5xx', 'gateway-error', '503']);

/** Why the caller's sidecar let that be the last word; nothing where it did not. */
function notTriedAgain({ attempts, conditions }: Retries): string {
  if (attempts.value === 0) return ' Retries are off, so it was not tried again.';
  return conditions.value.some((each) => ofUnavailable.has(each))
    ? ''
    : " To the caller's sidecar that is an answer, 503, which retryOn does not count, so it was not tried again.";
}

/** What closes connections in the caller's sidecar, so that others have to be opened. */
export function closedEarly({ question: { service }, client, cluster }: CheckScene): Reason {
  const { limits, idleTimeoutMs: idle } = cluster;
  const most = limits.requestsPerConnection;
  const instead = insteadOf(client, service, 'limits');
  const perConnection = named('maxRequestsPerConnection', most, limitText);
  const whileIdle = named('idleTimeout', idle, timeText);
  const closes = `The sidecar of ${client.instance} closes a connection to ${service}`;
  if (most.value !== null) {
    const afterwards =
      idle.value === null ? '' : `, and one on which nothing comes for ${timeText(idle.value)}`;
    const after = `after ${plural(most.value, 'request')}${afterwards}`;
    return known(`${closes} ${after}.`, [perConnection, whileIdle], instead);
  }
  if (idle.value === null)
    return unknown(`the sidecar of ${client.instance} closes no connection to ${service}`);
  return known(
    `${closes} when nothing comes on it for ${timeText(idle.value)}, and one carries any number of requests.`,
    [whileIdle, perConnection],
    instead,
  );
}

/** What lets connections stay open. */
export function keptOpen({ question: { service }, client, cluster }: CheckScene): Reason {
  const { limits, idleTimeoutMs: idle } = cluster;
  const most = limits.requestsPerConnection;
  const carries = most.value === null ? 'any number of requests' : `up to ${plural(most.value, 'request')}`;
  const until =
    idle.value === null ? '' : `, and stays open until nothing comes on it for ${timeText(idle.value)}`;
  return known(
    `A connection of the sidecar of ${client.instance} to ${service} carries ${carries}${until}.`,
    [named('maxRequestsPerConnection', most, limitText), named('idleTimeout', idle, timeText)],
    insteadOf(client, service, 'limits'),
  );
}
