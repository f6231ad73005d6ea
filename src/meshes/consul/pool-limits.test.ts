import { expect, test } from 'vitest';
import { readEntries } from './entries/read.ts';
import { poolSettings } from './pool-limits.ts';

const calls = { from: 'frontend', to: 'cart', namespace: 'default' };
const wanted = { 'tcp.maxConnections': 24, 'http.http1MaxPendingRequests': 6 };

function found(content: string, file: string) {
  const { entries, problems } = readEntries([{ file, path: `/${file}`, content }]);
  expect(problems).toEqual([]);
  return poolSettings.ruleFor(entries, calls) ?? expect.fail();
}

test.each([
  [
    'a.hcl',
    `Kind = "service-defaults" # ours
Name = "frontend"
UpstreamConfig {
  Overrides = [
    { Name = "edge-app" Limits { MaxConnections = 3 } },
    {
      Name = "cart"
      Limits {
        max_connections = 100 # measured in spring
      }
    },
  ]
}
`,
    (text: string) =>
      text.replace('= 100 #', '= 24 #').replace('Limits {\n', 'Limits {\n        MaxPendingRequests = 6\n'),
  ],
  [
    'a.yaml',
    `apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceDefaults
metadata:
  name: frontend
spec:
  upstreamConfig:
    overrides:
      - name: cart
        limits:
          maxConnections: 100 # measured in spring
`,
    (text: string) => `${text.replace('100', '24')}          maxPendingRequests: 6\n`,
  ],
  [
    'a.json',
    '{"Kind":"service-defaults","Name":"frontend","UpstreamConfig":{"Overrides":[{"Name":"cart","Limits":{"MaxConnections":100}}]}}',
    (text: string) =>
      `${JSON.stringify(JSON.parse(text.replace('100', '24,"MaxPendingRequests":6')), undefined, 2)}\n`,
  ],
])('limits are read and written where they are: %s', (file, text, changed) => {
  const rule = found(text, file);
  expect(rule.written).toEqual({ 'tcp.maxConnections': 100 });
  expect(poolSettings.withLimits(text, rule, calls, wanted)).toBe(changed(text));
});

test('an override without limits gets a block, and one that is missing is asked for', () => {
  const text =
    'Kind = "service-defaults"\nName = "frontend"\nUpstreamConfig {\n  Overrides = [\n    {\n      Name = "cart"\n    }\n  ]\n}\n';
  const rule = found(text, 'a.hcl');
  expect(poolSettings.withLimits(text, rule, calls, { 'tcp.maxConnections': 5 })).toBe(
    text.replace('    {\n', '    {\n      Limits { MaxConnections = 5 }\n'),
  );
  expect(() => found('Kind = "service-defaults"\nName = "frontend"\n', 'a.hcl')).toThrow(
    'has no override for cart',
  );
});

test('calls without a rule get one, which is what is to be put in as well', () => {
  const { name, file, text } = poolSettings.newRule(calls, wanted);
  expect(name).toEqual({ kind: 'service-defaults', namespace: 'default', name: 'frontend' });
  expect(found(text, file).written).toEqual(wanted);
  expect(text).toBe(`Kind = "service-defaults"
Name = "frontend"
UpstreamConfig {
  Overrides = [
    {
      Name = "cart"
      Limits {
        MaxConnections = 24
        MaxPendingRequests = 6
      }
    }
  ]
}
`);
  expect(poolSettings.patch(calls, wanted)).toBe(text);
});

test.each([
  ['a.json', '{\n  "Kind": "service-defaults"'],
  ['a.yaml', 'apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\n'],
  ['a.hcl', 'Kind = "service-defaults"\n'],
])('a rule that is to be in %s is written as its ending says', (file, beginning) => {
  const { text } = poolSettings.newRule(calls, wanted, file);
  expect(text.startsWith(beginning), text).toBe(true);
  expect(found(text, file).written).toEqual(wanted);
});
