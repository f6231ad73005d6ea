import { expect, test } from 'vitest';
import { parseConfiguration } from '../configuration-resources.ts';
import { meshConfigOf } from '../host/control-plane.ts';
import { unusedMetricsAndLogs } from './metrics.ts';
import { ResourcesUnderTest } from './written.ts';

const usual = `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: usual, namespace: istio-system }
spec:
  accessLogging:
    - providers: [{ name: envoy }]
      disabled: true
  metrics:
    - providers: [{ name: prometheus }]
`;

function unused(filters: readonly string[]): readonly string[] {
  const file = { file: 'mesh.yaml', path: '/mesh.yaml', content: usual };
  const under = new ResourcesUnderTest(parseConfiguration([file], 'default').resources);
  return unusedMetricsAndLogs({ service: 'shop', side: 'client' }, under, new Set(filters)).map(
    ({ about, setting }) => `${about} ${setting.line} ${setting.path}`,
  );
}

test("Istio's metrics and what is written of logs are not in effect where sidecars are Envoy's own build", () => {
  expect(unused([])).toEqual(['metrics 8 spec.metrics', 'log 5 spec.accessLogging']);
  expect(unused(['istio.stats'])).toEqual([]);
});

test('a provider that Istio always has makes nothing in a sidecar, and those of a scenario stay', () => {
  const traces = { name: 'zipkin', zipkin: { service: 'spans.internal', port: 9411 } };
  const written = meshConfigOf({ accessLog: '/log', discovery: 'd:1', extensionProviders: [traces] });
  expect(written).toContain('name: prometheus\n    stackdriver: {}');
  expect(written).toContain('name: envoy\n    stackdriver: {}');
  expect(written).toContain('name: zipkin\n    zipkin:');
});
