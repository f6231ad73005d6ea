import { expect, test } from 'vitest';
import { readEntries } from './entries/read.ts';
import { warningsAbout } from './warnings.ts';

const told = (content: string) =>
  warningsAbout(readEntries([{ file: 'a.hcl', path: '/a.hcl', content }]).sound).map(
    ({ line, path, message }) => `${line}: ${path}: ${message}`,
  );

function warnings(destination: string) {
  return told(
    `Kind = "service-router"\nName = "web"\nRoutes = [\n  { Destination {\n    ${destination}\n  } }\n]`,
  );
}

/** https://github.com/hashicorp/consul/issues/8516, https://github.com/hashicorp/consul/issues/11408 */
test.each([
  ['NumRetries = 0\n    RetryOnStatusCodes = [500]', [expect.stringContaining('tries once again')]],
  [
    'NumRetries = 3',
    [expect.stringMatching(/^5: Routes\.0\.Destination\.NumRetries: nothing is tried again/)],
  ],
  ['RequestTimeout = "0s"', [expect.stringContaining('waits for 15 s')]],
  ['NumRetries = 0', []],
  ['NumRetries = 3\n    RetryOnConnectFailure = true', []],
  ['RequestTimeout = "2s"', []],
])('%j is said to do what it does', (destination, said) => {
  expect(warnings(destination)).toEqual(said);
});

/** https://github.com/hashicorp/consul/issues/11000 */
test.each([
  ['/shop', '/', [expect.stringMatching(/^6: .*PrefixRewrite: \/shop\/x becomes \/\/x: /)]],
  ['/', '/shop', [expect.stringContaining('/x becomes /shopx')]],
  ['/shop', '', [expect.stringContaining('nothing is rewritten')]],
  ['/shop/', '/', []],
  ['/shop', '/cart', []],
])('the prefix %j in whose place there is %j is said to become what it becomes', (prefix, rewrite, said) => {
  const match = `Match { HTTP { PathPrefix = "${prefix}" } }`;
  const route = `{\n    ${match}\n    Destination { PrefixRewrite = "${rewrite}" }\n  }`;
  expect(told(`Kind = "service-router"\nName = "web"\nRoutes = [\n  ${route}\n]`)).toEqual(said);
});

/** https://github.com/hashicorp/consul-k8s/issues/3207 */
test('retries of a custom resource are said to come to nothing where consul-k8s is older', () => {
  const content = `apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceRouter
metadata: { name: web }
spec:
  routes:
    - destination: { numRetries: 3, retryOn: [reset] }
`;
  const { sound } = readEntries([{ file: 'a.yaml', path: '/a.yaml', content }]);
  expect(warningsAbout(sound)).toEqual([
    expect.objectContaining({
      line: 6,
      message: 'consul-k8s before 1.2.4 leaves it away without a word',
    }),
  ]);
  expect(warnings('NumRetries = 3 RetryOn = ["reset"]')).toEqual([]);
});

const sources = (text: string) =>
  told(`Kind = "service-intentions"\nName = "web"\nSources = [\n  ${text}\n]`);
const frontend = (permissions: string) => `{ Name = "frontend" Permissions = [${permissions}] }`;
const allow = '{ Action = "allow" HTTP { PathPrefix = "/items" } }';
const deny = '{ Action = "deny" HTTP { PathPrefix = "/" } }';
const nobodyElse = '{ Name = "*" Action = "deny" }';

/** https://github.com/hashicorp/consul/issues/10753, https://github.com/hashicorp/consul/issues/10699 */
test.each([
  ['{ Name = "frontend" Action = "allow" }', [expect.stringMatching(/^3: Sources: nothing here is denied/)]],
  [frontend(allow), [expect.stringContaining('nothing here is denied')]],
  [
    `${frontend(allow)}, ${nobodyElse}`,
    [
      expect.stringMatching(
        /^4: Sources\.0\.Permissions: what none of these fits is let in, unless the ACLs/,
      ),
    ],
  ],
  [
    `{ Name = "frontend" Action = "allow"\n    Precedence = 1 }, ${nobodyElse}`,
    [expect.stringMatching(/^5: Sources\.0\.Precedence: Consul works it out by the names/)],
  ],
  [`${frontend(`${allow}, ${deny}`)}, ${nobodyElse}`, []],
  [frontend(deny), []],
  [`{ Name = "frontend" Action = "allow" }, ${nobodyElse}`, []],
])('%j is said to let in what it lets in', (text, said) => {
  expect(sources(text)).toEqual(said);
});

test.each([
  [
    'Incoming { TLSMinVersion = "TLSv1_3" }',
    [expect.stringMatching(/^3: TLS\.Incoming\.TLSMinVersion: .*speak TLSv1_2/)],
  ],
  ['Incoming { TLSMinVersion = "TLSv1_3" }\n  Outgoing { TLSMaxVersion = "TLSv1_3" }', []],
  ['Incoming { TLSMinVersion = "TLSv1_2" }', []],
  ['Incoming { TLSMinVersion = "TLS_AUTO" }', []],
  ['Outgoing { TLSMaxVersion = "TLSv1_1" }', [expect.stringMatching(/^3: TLS\.Outgoing\.TLSMaxVersion: /)]],
])('versions of TLS of which callers and called have none in common are told: %j', (versions, said) => {
  expect(told(`Kind = "mesh"\nTLS {\n  ${versions}\n}`)).toEqual(said);
});
