import type {
  Cluster,
  Inbound,
  Limits,
  OutlierDetection,
  Retries,
  Route,
  Sidecar,
  Subject,
  Told,
  Unused,
} from '../../model/effective.ts';
import { acceptsWords, limitText, tlsWords } from '../words.ts';
import type { CheckQuestion, NamedSetting, Reason, RequestQuestion } from './question.ts';

/** What answers why something did not come: the caller's sidecar, and what its requests went to. */
export interface CheckScene {
  readonly question: CheckQuestion;
  readonly client: Sidecar;
  readonly cluster: Cluster;
  /** What a server's sidecar takes; undefined where none was read. */
  readonly inbound: Inbound | undefined;
  /** Whether it passes on bytes to there, and knows of no requests. */
  readonly ofBytes: boolean;
}

/** What answers why requests ended: the caller's sidecar, and what the one of the server takes on the port. */
export interface RequestScene {
  readonly question: RequestQuestion;
  readonly client: Sidecar;
  readonly server: Sidecar | undefined;
  readonly inbound: Inbound | undefined;
  /** What the requests may have met. */
  readonly routes: readonly Route[];
  readonly clusters: readonly Cluster[];
}

/** A value as the setting behind something; its name is the field's, where there is one. */
export function named<T>(what: string, { value, from }: Told<T>, text: (value: T) => string): NamedSetting {
  const path = from.by === 'setting' ? from.path : from.by === 'default' ? from.field : undefined;
  const written = from.by === 'setting' ? from.written : undefined;
  return { name: path?.split('.').at(-1) ?? what, value: written ?? text(value), from };
}

export const unknown = (why: string): Reason => ({ known: false, why });

export function known(
  cause: string,
  settings: readonly NamedSetting[],
  instead: readonly Unused[] = [],
): Reason {
  return { known: true, cause, settings, instead };
}

/** What was written about some subjects of a service, and is not in effect for its caller. */
export function insteadOf(
  sidecar: Sidecar,
  service: string,
  ...subjects: readonly Subject[]
): readonly Unused[] {
  return sidecar.unused.filter(
    (each) => each.side === 'client' && each.service === service && subjects.includes(each.about),
  );
}

/** What all of them have in common; undefined when they differ. */
export function common<T, U>(all: readonly T[], of: (one: T) => U): U | undefined {
  const [first, ...others] = all.map(of);
  const text = JSON.stringify(first);
  return first !== undefined && others.every((other) => JSON.stringify(other) === text) ? first : undefined;
}

/** The retries of the routes that requests may have met; undefined when those differ in it. */
export const commonRetries = ({ routes }: Pick<RequestScene, 'routes'>) =>
  common(routes, ({ action }) => (action.does === 'forward' ? action.retries : undefined));

/** How often something is tried again, and on what. */
export function retrySettings(retries: Retries): readonly NamedSetting[] {
  const attempts = named('attempts', retries.attempts, String);
  return retries.attempts.value === 0
    ? [attempts]
    : [named('retryOn', retries.conditions, (conditions) => conditions.join(', ')), attempts];
}

/**
 * The limits that a full pool can have hit, the one that refuses first. With HTTP/1.1 a request has a connection of
 * its own, so that fewer connections than requests leave the limit of requests out of reach; with HTTP/2 one
 * connection carries many.
 */
export function refusing(limits: Limits, protocol: Cluster['protocol']['value']): readonly NamedSetting[] {
  const { connections, pending, requests } = limits;
  const ofRequests = named('requests', requests, limitText);
  const ofPending = [
    named('waiting requests', pending, limitText),
    named('connections', connections, limitText),
  ];
  const isLimited = ({ value }: Told<number | null>) => value !== null;
  if (!isLimited(requests)) return isLimited(pending) ? ofPending : [];
  if (!isLimited(pending)) return [ofRequests];
  if (protocol !== 'http1') return [ofRequests, ...ofPending];
  const most = connections.value ?? Number.POSITIVE_INFINITY;
  const limit = requests.value ?? Number.POSITIVE_INFINITY;
  if (limit < most) return [ofRequests];
  return limit > most ? ofPending : [ofRequests, ...ofPending];
}

export const hostCount = ({ zones }: Pick<Cluster, 'zones'>) =>
  zones.reduce((sum, { hosts }) => sum + hosts.length, 0);

/** Of as many hosts a share may be ejected; where they are in parts, of those that are used first. */
export const ejectable = ({ zones, inParts }: Pick<Cluster, 'zones' | 'inParts'>) =>
  hostCount({ zones: inParts ? zones.filter(({ priority }) => priority === 0) : zones });

/** How many of so many hosts may be out at once. https://github.com/envoyproxy/envoy/pull/27909 */
export function mostOut({ mostEjected, alwaysOne }: OutlierDetection, hosts: number): number {
  // A share as floating point may miss a whole number by a hair.
  const most = Math.floor(mostEjected.value * hosts + 1e-9);
  return alwaysOne ? Math.max(1, most) : most;
}

/** Why two sidecars cannot speak with each other, whatever they send; undefined when they can. */
export function tlsMismatch(
  cluster: Cluster,
  inbound: Inbound | undefined,
): { readonly cause: string; readonly settings: readonly NamedSetting[] } | undefined {
  if (inbound === undefined) return undefined;
  const { tls } = cluster;
  const { accepts } = inbound;
  const speaks =
    tls.value === 'off' ? 'plaintext' : tls.value === 'simple' ? 'TLS without a certificate' : 'mTLS';
  const settings = [
    named('TLS', tls, (mode) => tlsWords[mode]),
    named('what the server takes', accepts, (mode) => acceptsWords[mode]),
  ];
  if (accepts.value === 'mtls' && (tls.value === 'off' || tls.value === 'simple')) {
    return {
      cause: `The caller's sidecar speaks ${speaks}, and ${cluster.service} takes mTLS only.`,
      settings,
    };
  }
  if (
    accepts.value === 'plaintext' &&
    (tls.value === 'mesh' || tls.value === 'mutual' || tls.value === 'simple')
  ) {
    return {
      cause: `The caller's sidecar speaks ${speaks}, and ${cluster.service} takes plaintext only.`,
      settings,
    };
  }
  return undefined;
}
