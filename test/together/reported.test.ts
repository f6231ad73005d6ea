import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Problem } from '../../src/kit/problems.ts';
import { root, Workspace } from '../support/breakwater.ts';

const resource = (kind: string, spec: string, group = 'networking.istio.io/v1') =>
  `apiVersion: ${group}\nkind: ${kind}\nmetadata:\n  name: shop\nspec:\n${spec}\n`;
const security = 'security.istio.io/v1';
const noRoute = 'VirtualService/shop: HTTP route, redirect or direct_response is required';

/**
 * What was reported to Istio (https://github.com/istio/istio/issues/NUMBER unless another is named) as taken though it
 * is wrong, or as refused in words that did not help. Rebuilt; the mistake is on the line given here.
 */
const reported: readonly [what: string, content: string, line?: number, message?: string, hint?: string][] = [
  [
    '31525, 41980: a match without a route',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - match: [{uri: {prefix: /cart}}]\n    - route: [{destination: {host: shop}}]',
    ),
    8,
    noRoute,
  ],
  [
    '46722: only what may not be asked from elsewhere, in a VirtualService that others delegate to',
    `${resource('VirtualService', '  http:\n    - corsPolicy: {allowMethods: [GET]}')}---\n${resource('VirtualService', '  hosts: [shop]\n  http: [{delegate: {name: shop}}]').replace('name: shop\n', 'name: root\n')}`,
    7,
    noRoute,
  ],
  [
    '47177, 5328: a fault without a route',
    resource('VirtualService', '  hosts: [shop]\n  http:\n    - fault: {abort: {httpStatus: 404}}'),
    8,
    noRoute,
  ],
  [
    '28445: a field that does not exist, beside one that is obsolete',
    resource(
      'DestinationRule',
      '  host: shop\n  trafficPolicy:\n    outlierDetection:\n      eject: always\n      consecutiveErrors: 7',
    ),
    10,
    'this field is obsolete; Istio does nothing with it',
    'use consecutive5xxErrors',
  ],
  [
    '28445: a negative duration',
    resource(
      'DestinationRule',
      '  host: shop\n  trafficPolicy:\n    outlierDetection: {baseEjectionTime: -1s}',
    ),
    8,
    'must be a valid duration greater than 1ms; got "-1s"',
  ],
  [
    '15012: a field in small letters, which Go takes and an API server drops',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - match:\n        - sourcelabels: {app: web}\n      route: [{destination: {host: shop}}]',
    ),
    9,
    'unknown field "sourcelabels"',
    'did you mean "sourceLabels"?',
  ],
  [
    '14533: one address where there are addresses',
    resource('ServiceEntry', '  hosts: [a.example.com]\n  address: 240.0.0.1\n  resolution: DNS'),
    7,
    'unknown field "address"',
    'did you mean "addresses"? allowed: addresses, endpoints, exportTo, hosts, location, ports, resolution, subjectAltNames, workloadSelector',
  ],
  [
    'istio/istio.io 3216: a mode that does not exist',
    resource('DestinationRule', '  host: shop\n  trafficPolicy:\n    tls: {mode: ISTIO_MUTAL}'),
    8,
    'expected one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL; got "ISTIO_MUTAL"',
    'did you mean ISTIO_MUTUAL?',
  ],
  [
    'istio/api 852: a duration in days',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - route: [{destination: {host: shop}}]\n      corsPolicy: {maxAge: 1d}',
    ),
    9,
    'must be a valid duration greater than 1ms; got "1d"',
  ],
  [
    '42798: a dash too many',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - mirror:\n        host: copy\n      - name: rest\n        route: []',
    ),
    10,
    'not valid YAML: A block sequence may not be used as an implicit map key',
    'a line that begins with a dash is no field of what stands before it',
  ],
  [
    '42162: a field that one action does not have',
    resource(
      'AuthorizationPolicy',
      '  action: CUSTOM\n  provider: {name: outside}\n  rules:\n    - from:\n        - source: {notPrincipals: [a/b]}',
      security,
    ),
    10,
    'AuthorizationPolicy/shop: invalid policy shop.default: From.NotPrincipals is currently not supported with CUSTOM action',
  ],
  [
    '43466: a colon too few',
    resource('AuthorizationPolicy', '  selector:\n    matchLabels:\n      auth "true"', security),
    8,
    'expected a map, got the text "auth \\"true\\""',
    'put a colon between a name and its value',
  ],
  [
    '12193: a short name where only full ones count',
    resource('Sidecar', '  egress:\n    - hosts:\n        - shop/*\n        - other/cart'),
    9,
    'Sidecar/shop: short names (non FQDN) are not allowed',
  ],
  [
    'kserve/kserve 2499: fields of a policy beside it',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - allowHeaders: [x]\n      route: [{destination: {host: shop}}]',
    ),
    8,
    'unknown field "allowHeaders"',
    'its place is corsPolicy.allowHeaders',
  ],
  [
    '19016: subsets of a rule in the same file, which are there',
    `${resource('VirtualService', '  hosts: [shop.default.svc.cluster.local]\n  http:\n    - route: [{destination: {host: shop.default.svc.cluster.local, subset: v1}}]')}---\n${resource('DestinationRule', '  host: shop.default.svc.cluster.local\n  subsets: [{name: v1, labels: {version: v1}}]')}`,
  ],
  [
    'argoproj/argo-rollouts 3141: weights that are all zero',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - route:\n        - {destination: {host: shop, subset: a}, weight: 0}\n        - {destination: {host: shop, subset: b}, weight: 0}',
    ),
    8,
    'VirtualService/shop: total destination weight = 0',
  ],
  [
    '35489: an empty text that a header is to begin with',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - match: [{headers: {x-mine: {prefix: ""}}}]\n      route: [{destination: {host: shop}}]',
    ),
    8,
    'VirtualService/shop: "headers": prefix string match should not be empty',
  ],
  [
    '32642: a version that is a number',
    resource(
      'VirtualService',
      '  hosts: [shop]\n  http:\n    - match: [{headers: {x-version: {exact: 2.0}}}]\n      route: [{destination: {host: shop}}]',
    ),
    8,
    'expected text, got the number 2',
    'put it in quotes',
  ],
  [
    '26222: a host of another namespace by its full name',
    resource(
      'VirtualService',
      '  hosts: [cart.other.svc.cluster.local]\n  http:\n    - route: [{destination: {host: cart.other.svc.cluster.local}}]',
    ),
  ],
];

test('what was reported is told at its line, and what is right is taken', () => {
  using workspace = new Workspace();
  const files = reported.map(([, content], index) => {
    const file = join(workspace.path, `${index}.yaml`);
    writeFileSync(file, content);
    return file;
  });
  const args = ['bin/breakwater.js', 'lint', '--json', ...files];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const { problems }: { readonly problems: readonly Problem[] } = JSON.parse(stdout);
  for (const [index, [what, , line, message, hint]] of reported.entries()) {
    const own = problems.filter(({ file }) => file === files[index]);
    if (message === undefined) expect(own, what).toEqual([]);
    else expect(own, what).toContainEqual(expect.objectContaining({ line, message, ...(hint && { hint }) }));
  }
});
