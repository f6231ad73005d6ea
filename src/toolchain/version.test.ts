import { expect, test } from 'vitest';
import { mentionsVersion } from './version.ts';

test.each([
  ['k6 v1.8.1 (go1.26.8, linux/amd64)', '1.8.1', true],
  ['envoy  version: 3909deb1/1.37.0/Clean/RELEASE/BoringSSL', '1.37.0', true],
  ['version.BuildInfo{Version:"1.29.1", GitRevision:"unknown"}', '1.29.1', true],
  ['client version: 1.29.1', '1.29.1', true],
  ['client version: 1.29.10', '1.29.1', false],
  ['client version: 1.29.1.2', '1.29.1', false],
  ['client version: 1.29.1-rc.0', '1.29.1', false],
  ['client version: 11.29.1', '1.29.1', false],
  ['k6 v1.811', '1.8.1', false],
])('%s names %s: %s', (output, version, expected) => {
  expect(mentionsVersion(output, version)).toBe(expected);
});
