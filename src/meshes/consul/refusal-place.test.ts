import { expect, test } from 'vitest';
import { placeOfRefusal } from './refusal-place.ts';

test.each([
  ["Route[2] PathPrefix doesn't start with '/': \"a\"", 'Routes.2.Match.HTTP.PathPrefix'],
  ['Route[0] Header[1] should only contain one of Present, Exact, Prefix', 'Routes.0.Match.HTTP.Header.1'],
  [
    'Route[0] cannot make use of PrefixRewrite without configuring either PathExact',
    'Routes.0.Destination.PrefixRewrite',
  ],
  ["Sources[0].Permissions[3].HTTP.PathExact doesn't start with", 'Sources.0.Permissions.3.HTTP.PathExact'],
  ['Sources[1] defines "frontend" more than once', 'Sources.1'],
  ['DefaultSubset "v9" is not a valid subset', 'DefaultSubset'],
  ['Bad Failover["v2"]: not a valid subset subset', 'Failover.v2'],
  [
    'Bad LoadBalancer configuration. RingHashConfig specified for incompatible',
    'LoadBalancer.RingHashConfig',
  ],
  ['Filter for subset "v1" is not a valid expression: 1:22', 'Subsets.v1.Filter'],
  ['invalid EnvoyExtensions[0][builtin/lua2]: name', 'EnvoyExtensions.0'],
  ['error in incoming TLS configuration: configuring max version', 'TLS.Incoming'],
  ['At least one source is required', ''],
])('%s', (said, place) => {
  expect(placeOfRefusal(said).join('.')).toBe(place);
});
