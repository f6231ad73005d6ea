import { expect, test } from 'vitest';
import { cluesOf, flagOf, reasonOf } from './reasons.ts';

const reset = (what: string) => `upstream_reset_before_response_started{${what}}`;

test.each([
  ['-', 'via_upstream', 'none'],
  ['URX', 'via_upstream', 'none'],
  ['DI', 'via_upstream', 'none'],
  ['UO', reset('overflow'), 'overflow'],
  ['RL', 'local_rate_limited', 'rate-limited'],
  ['OM', 'overload', 'overload'],
  ['-', 'reached_concurrency_limit', 'overload'],
  ['UH', 'no_healthy_upstream', 'no-host'],
  ['NR', 'route_not_found', 'no-route'],
  ['NC', 'cluster_not_found', 'no-cluster'],
  ['-', 'rbac_access_denied_matched_policy[none]', 'denied'],
  ['UAEX', 'ext_authz_denied', 'denied'],
  ['FI', 'fault_filter_abort', 'injected'],
  ['-', 'direct_response', 'injected'],
  ['UF', reset('remote_connection_failure|delayed_connect_error:_111'), 'connect'],
  ['UF,URX', reset('connection_timeout'), 'connect'],
  ['UC', reset('connection_termination'), 'reset'],
  ['UT', 'upstream_per_try_timeout', 'timeout'],
  ['SI', 'stream_idle_timeout', 'timeout'],
  ['DC', 'downstream_remote_disconnect', 'client-gone'],
  ['UPE', reset('protocol_error'), 'protocol'],
  ['RFCF', 'cache.insert_via_upstream', 'none'],
  ['RFCF', 'cache.response_from_cache_filter', 'none'],
  ['-', 'cache.aborted_lookup', 'reset'],
  ['-', 'cache_no_route', 'no-route'],
  ['-', '-', 'other'],
  ['XX', 'a_filter_of_ones_own', 'other'],
])('%s with %s: %s', (flags, details, reason) => {
  expect(reasonOf(flags, details)).toBe(reason);
});

test('a retry that was refused is no overflow of the request', () => {
  expect(reasonOf('UO', 'via_upstream')).toBe('none');
  expect(reasonOf('UF,UO', reset('remote_connection_failure'))).toBe('connect');
  expect(reasonOf('UC,UO', reset('connection_termination'))).toBe('reset');
  expect(reasonOf('UO,DI', reset('overflow'))).toBe('overflow');
});

test('two sides that do not agree on TLS show as a connection that failed or broke off', () => {
  const said = 'TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED';
  expect(reasonOf('UF', reset(`remote_connection_failure|${said}`))).toBe('tls');
  expect(reasonOf('UC', reset(`connection_termination|${said}`))).toBe('tls');
  const gone = 'TLS_error:|33554536:system_library:OPENSSL_internal:Connection_reset_by_peer:TLS_error_end';
  expect(reasonOf('UF', reset(`remote_connection_failure|${gone}`))).toBe('connect');
});

test.each([
  ['UF,URX', reset('connection_timeout'), { retry: 'used-up' }],
  ['UO', 'via_upstream', { retry: 'refused' }],
  ['UF,UO', reset('remote_connection_failure'), { retry: 'refused' }],
  [
    'UF',
    reset('TLS_error:|1:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher'),
    { distrust: { of: 'server', since: 'identity' } },
  ],
  [
    'UF',
    reset('TLS_error:|1:CERTIFICATE_VERIFY_FAILED:self_signed'),
    { distrust: { of: 'server', since: 'authority' } },
  ],
  [
    'UF',
    reset(
      'remote_connection_failure|TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_X509_verify_cert:_certificate_verification_error_at_depth_0:_certificate_has_expired:TLS_error_end',
    ),
    { distrust: { of: 'server', since: 'expired' } },
  ],
  [
    'UF',
    reset(
      'remote_connection_failure|TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_X509_verify_cert:_certificate_verification_error_at_depth_0:_unable_to_get_local_issuer_certificate:TLS_error_end',
    ),
    { distrust: { of: 'server', since: 'authority' } },
  ],
  ['UF', reset('TLSV1_ALERT_PROTOCOL_VERSION:TLS'), { apart: 'version' }],
  ['UF', reset('UNSUPPORTED_PROTOCOL:TLS'), { apart: 'version' }],
  ['UF', reset('CERTIFICATE_VERIFY_FAILED'), { distrust: { of: 'server', since: 'unknown' } }],
  [
    'UC',
    reset(
      'connection_termination|TLS_error:|268436501:SSL_routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_EXPIRED:TLS_error_end',
    ),
    { distrust: { of: 'client', since: 'expired' } },
  ],
  [
    'UC',
    reset('OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA:TLS_error_end'),
    { distrust: { of: 'client', since: 'authority' } },
  ],
  ['UC', reset('SSLV3_ALERT_CERTIFICATE_UNKNOWN:TLS'), { distrust: { of: 'client', since: 'unknown' } }],
  ['UC', reset('SSLV3_ALERT_HANDSHAKE_FAILURE:TLS'), undefined],
  ['UO', reset('overflow'), undefined],
  ['UT', 'upstream_per_try_timeout', { time: 'attempt' }],
  ['UT', 'response_timeout', undefined],
  ['SI', 'stream_idle_timeout', { time: 'idle' }],
  ['UF', reset('local_connection_failure'), { time: 'idle' }],
  ['DT', 'duration_timeout', { time: 'lifetime' }],
  ['UAEX', 'ext_authz_denied', { decidedBy: 'authorizer' }],
  ['-', 'jwt_authn_access_denied{Jwt_is_missing}', { decidedBy: 'token' }],
  ['-', 'rbac_access_denied_matched_policy[none]', { policy: 'none' }],
  [
    '-',
    'rbac_access_denied_matched_policy[ns[default]-policy[no-delete]-rule[0]]',
    { policy: 'ns[default]-policy[no-delete]-rule[0]' },
  ],
])('%s with %s says more: %o', (flags, details, clues) => {
  expect(cluesOf(flags, details)).toEqual(clues);
});

test('what was answered before the caller went is still broken off', () => {
  expect(reasonOf('DC', 'via_upstream')).toBe('client-gone');
  expect(reasonOf('UC', 'via_upstream')).toBe('reset');
});

test('a denial has a word of its own, and everything else its flags', () => {
  expect(flagOf('-', 'rbac_access_denied_matched_policy[none]', '7')).toBe('RBAC');
  expect(flagOf('UF,URX', '-', '14')).toBe('UF,URX');
  expect(flagOf('-', 'via_upstream', '-')).toBe('-');
  expect(flagOf('-', 'via_upstream', '14')).toBe('UNAVAILABLE');
});
