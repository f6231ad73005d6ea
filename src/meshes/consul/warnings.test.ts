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
  [`${frontend(`${allow}, ${deny}`)}, ${nobodyElse}`, []],
  [frontend(deny), []],
  [`{ Name = "frontend" Action = "allow" }, ${nobodyElse}`, []],
])('%j is said to let in what it lets in', (text, said) => {
  expect(sources(text)).toEqual(said);
});
