import { expect, test } from 'vitest';
import { isConfiguration } from './kind-of-file.ts';

test.each([
  ['apiVersion: networking.istio.io/v1\nkind: DestinationRule', 'a.yaml', true],
  ['Kind = "service-defaults"', 'a.hcl', true],
  ['{\n  "Kind": "service-splitter",\n  "Name": "web"\n}', 'a.json', true],
  ['{"Kind":"service-splitter","Name":"web"}', 'a.json', true],
  ['name: shop\ntopology: {}\nfaults:\n  - kind: latency', 'a.yaml', false],
  ['', 'a.yaml', false],
])('%j is told to be configuration or not', (text, file, is) => {
  expect(isConfiguration(text, file)).toBe(is);
});
