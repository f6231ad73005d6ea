import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Workspace } from '../support/breakwater.ts';
import { rejectedByEnvoy } from '../support/defects.ts';

/** A DestinationRule as it is often copied around: circuitBreaker is no field of Istio's. */
const copied = `apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: edge-app-dr
spec:
  host: edge-app
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 100
      http:
        http1MaxPendingRequests: 50
        maxRequestsPerConnection: 10
    circuitBreaker:
      consecutiveErrors: 5
      interval: 30s
      baseEjectionTime: 30s
`;

test('circuitBreaker in a DestinationRule: exit 2 with file, line and the right name', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'rule.yaml');
  writeFileSync(file, copied);
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', '--config', file);
  expect(finished.code).toBe(2);
  expect(finished.stderr).toMatch(/rule\.yaml:14:5/);
  expect(finished.stderr).toContain('circuitBreaker');
  expect(finished.stderr).toContain('outlierDetection');
  expect(finished.stderr).not.toMatch(/^\s+at /m);
  expect(finished.report).toBeUndefined();
});

test('what schemas cannot say, Istio says itself: a percentage of 400', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'rule.yaml');
  writeFileSync(
    file,
    copied.replace(/ {4}circuitBreaker:[\s\S]*/, '    outlierDetection:\n      maxEjectionPercent: 400\n'),
  );
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', '--config', file);
  expect(finished.code).toBe(2);
  expect(finished.stderr).toContain('percentage 400 is not in range 0..100');
  expect(finished.stderr).toMatch(/rule\.yaml:1/);
});

test('a configuration that Envoy rejects: exit 2 with the line of the patch and its own words', async () => {
  using workspace = new Workspace();
  const file = rejectedByEnvoy(workspace);
  const finished = await workspace.run('scenarios/circuit-breaker.yaml', '--config', file);
  expect(finished.code, finished.stderr).toBe(2);
  expect(finished.stderr).toMatch(
    /rejected\.yaml:6: EnvoyFilter\/broken spec\.configPatches\[0\]: .* rejected its/,
  );
  expect(finished.stderr).toContain('MinimumRingSize');
});
