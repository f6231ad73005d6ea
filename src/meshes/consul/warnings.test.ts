import { expect, test } from 'vitest';
import { readEntries } from './entries/read.ts';
import { warningsAbout } from './warnings.ts';

function warnings(destination: string) {
  const content = `Kind = "service-router"\nName = "web"\nRoutes = [\n  { Destination {\n    ${destination}\n  } }\n]`;
  const { sound } = readEntries([{ file: 'a.hcl', path: '/a.hcl', content }]);
  return warningsAbout(sound).map(({ line, path, message }) => `${line}: ${path}: ${message}`);
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
