import { expect, test } from 'vitest';
import { parseConfiguration } from '../configuration-resources.ts';
import { refuseBlind } from './mesh.ts';
import { refusePassthrough } from './original-destination.ts';

test('an istiod that may not watch its folder is an error with the setting that allows it', () => {
  const log =
    '2026-01-02T03:04:05Z\tinfo\tkrt\tsynced\n2026-01-02T03:04:05Z\terror\tUnable to setup FileTrigger for /tmp/r/istiod: too many open files\n';
  expect(() => refuseBlind(log)).toThrow(
    'istiod cannot watch the folder of its configuration: too many open files',
  );
  expect(() => refuseBlind('2026-01-02T03:04:05Z\tinfo\tkrt\tsynced\n')).not.toThrow();
});

test('what needs redirected connections is refused with its line', () => {
  const rule = (simple: string) => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edge-app}
spec:
  host: edge-app
  subsets:
    - name: v1
      trafficPolicy:
        loadBalancer: {simple: ${simple}}
`;
  const resourcesOf = (content: string) =>
    parseConfiguration([{ file: 'mesh.yaml', path: '/mesh.yaml', content }], 'default').resources;
  expect(() => refusePassthrough(resourcesOf(rule('PASSTHROUGH')))).toThrow(
    'mesh.yaml:9: spec.subsets.0.trafficPolicy.loadBalancer.simple: PASSTHROUGH needs connections',
  );
  expect(() => refusePassthrough(resourcesOf(rule('RANDOM')))).not.toThrow();
});
