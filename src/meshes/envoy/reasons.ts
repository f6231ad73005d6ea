import { grpcName } from '../../../apps/edge-app/src/grpc-status.ts';
import type { Clues, Distrust, NoRequest, Reason } from '../../model/ending.ts';

/** Of an answer that came from the host, whatever it says. */
const VIA_UPSTREAM = 'via_upstream';
/** The same of one that a cache keeps from then on, and of one that it has kept. */
const INTO_CACHE = 'cache.insert_via_upstream';
export const FROM_CACHE = 'cache.response_from_cache_filter';

/** Whether it is the host that answered, now. */
export const isOfHost = (details: string) => details === VIA_UPSTREAM || details === INTO_CACHE;

/**
 * What Envoy's response flags stand for, in the order in which it writes them. URX (retries used up) and DI (delayed)
 * are no reason: they stand beside one.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags
 */
const byFlag: Readonly<Record<string, Reason>> = {
  LH: 'no-host',
  UH: 'no-host',
  UT: 'timeout',
  LR: 'reset',
  UR: 'reset',
  UF: 'connect',
  UC: 'reset',
  UO: 'overflow',
  NR: 'no-route',
  FI: 'injected',
  RL: 'rate-limited',
  UAEX: 'denied',
  DC: 'client-gone',
  SI: 'timeout',
  UMSDR: 'timeout',
  DT: 'timeout',
  UPE: 'protocol',
  NC: 'no-cluster',
  OM: 'overload',
  DF: 'no-host',
  DO: 'overload',
  DR: 'client-gone',
  UDO: 'overload',
};

/** What response code details say by how they begin: the sidecar's own answer, for which there may be no flag. */
const byDetails: readonly (readonly [string, Reason])[] = [
  ['rbac_access_denied', 'denied'],
  ['jwt_authn_access_denied', 'denied'],
  ['ext_authz_denied', 'denied'],
  ['reached_concurrency_limit', 'overload'],
  ['denied_by_admission_control', 'overload'],
  ['direct_response', 'injected'],
  ['fault_filter_abort', 'injected'],
  ['cache_no_route', 'no-route'],
  ['cache_no_cluster', 'no-cluster'],
  ['cache.aborted_', 'reset'],
  [FROM_CACHE, 'none'],
];

/** What a sidecar does before it asks a host: an answer that came from one is not the work of any of them. */
const beforeHost: ReadonlySet<Reason> = new Set([
  'overflow',
  'rate-limited',
  'overload',
  'no-host',
  'no-route',
  'no-cluster',
  'denied',
  'injected',
]);

/** What a retry may follow. */
const retried: ReadonlySet<Reason> = new Set(['connect', 'reset', 'timeout', 'protocol']);

/**
 * Why a request ended, from its response flags ("UF,URX", "-") and response code details.
 *
 * A flag alone can mislead. UO also says that a retry was refused: beside an answer from the host, and beside the
 * failure that was to be retried, that is no overflow of the request itself (RetryStatus::NoOverflow in
 * https://github.com/envoyproxy/envoy/blob/main/source/common/router/router.cc). UF and UC may both be two sides that
 * do not agree on TLS, of which only the details tell; a host that goes away in the middle of the handshake shows
 * there too, as an error of the system.
 */
export function reasonOf(flags: string, details: string): Reason {
  const told = byDetails.find(([begin]) => details.startsWith(begin))?.[1];
  if (told !== undefined) return told;
  const fromHost = isOfHost(details);
  const reasons = flags
    .split(',')
    .map((flag) => byFlag[flag])
    .filter((reason) => reason !== undefined)
    .filter((reason) => !(fromHost && beforeHost.has(reason)));
  const reason = reasons.find((each) => retried.has(each)) ?? reasons[0];
  if ((reason === 'connect' || reason === 'reset') && /TLS|CERTIFICATE/i.test(details)) {
    return details.includes('system_library') ? reason : 'tls';
  }
  return reason ?? (fromHost ? 'none' : 'other');
}

/** What more they say; undefined when that is nothing. */
export function cluesOf(flags: string, details: string): Clues | undefined {
  const flag = new Set(flags.split(','));
  const time =
    flag.has('UT') && details.includes('per_try')
      ? 'attempt'
      : // A connection that is not up yet is closed from this side when its idle time, which begins with it, runs out.
        flag.has('SI') || details.includes('{local_connection_failure')
        ? 'idle'
        : flag.has('DT') || flag.has('UMSDR')
          ? 'lifetime'
          : undefined;
  const isRetry = isOfHost(details) || [...flag].some((each) => retried.has(byFlag[each] ?? 'none'));
  const retry = flag.has('URX') ? 'used-up' : flag.has('UO') && isRetry ? 'refused' : undefined;
  const policy = /^rbac_access_denied_matched_policy\[(.+)\]$/.exec(details)?.[1];
  const decidedBy =
    flag.has('UAEX') || details.startsWith('ext_authz')
      ? 'authorizer'
      : details.startsWith('jwt_authn')
        ? 'token'
        : undefined;
  const distrust = distrustOf(details);
  // One side hears as an alert what the other has found.
  const isApart = /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(details);
  const clues: Clues = {
    ...(time === undefined ? {} : { time }),
    ...(retry === undefined ? {} : { retry }),
    ...(policy === undefined ? {} : { policy }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...(distrust === undefined ? {} : { distrust }),
    ...(isApart ? { apart: 'version' as const } : {}),
  };
  return Object.keys(clues).length === 0 ? undefined : clues;
}

/**
 * Whose certificate was not accepted, and why: the caller's sidecar says what it has found of the host's, and hears as
 * an alert what the host's has found of its own.
 */
function distrustOf(details: string): Distrust | undefined {
  const [, alert = ''] = /ALERT_(\w+)/.exec(details) ?? [];
  if (alert === 'UNKNOWN_CA') return { of: 'client', since: 'authority' };
  if (alert.includes('CERTIFICATE'))
    return { of: 'client', since: alert === 'CERTIFICATE_EXPIRED' ? 'expired' : 'unknown' };
  if (!details.includes('CERTIFICATE_VERIFY_FAILED')) return undefined;
  const [, since = 'unknown'] = verification.find(([words]) => words.test(details)) ?? [];
  return { of: 'server', since };
}

/** What is wrong with a certificate, in the words of X509_verify_cert_error_string and Envoy. */
const verification: readonly (readonly [RegExp, Distrust['since']])[] = [
  [/SAN_matcher|verify_SAN/, 'identity'],
  [/has_expired/, 'expired'],
  [/issuer|self.signed/, 'authority'],
];

/** Whether a line is about a connection that no request came of, which Envoy logs beside requests; undefined of those. */
export function noRequestOf(details: string): NoRequest | undefined {
  if (details === 'filter_chain_not_found') return 'not-taken';
  return /^(http[123]\.)?codec_error$/.test(details) ? 'not-understood' : undefined;
}

/** What to call it in short: its flags, a word for what Envoy has no flag for, or what gRPC calls its status ("-" where none was spoken). */
export function flagOf(flags: string, details: string, grpc: string): string {
  if (flags !== '-') return flags;
  if (details.startsWith('rbac_access_denied')) return 'RBAC';
  return grpc === '-' || grpc === '0' ? flags : (grpcName(Number(grpc)) ?? flags);
}
