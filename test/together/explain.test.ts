import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EffectiveConfiguration } from '../../src/model/effective.ts';
import { Workspace } from '../support/breakwater.ts';
import { processesOf } from '../support/processes.ts';

/** Generous limits for the host, tight ones in the subset that all requests go to; a rule that nobody has. */
const mesh = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edge-app-dr}
spec:
  host: edge-app
  trafficPolicy:
    connectionPool: {http: {http1MaxPendingRequests: 1000}}
  subsets:
    - name: v1
      labels: {version: v1}
      trafficPolicy:
        connectionPool: {http: {http1MaxPendingRequests: 50}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge-app}
spec:
  hosts: [edge-app]
  http:
    - match: [{headers: {x-batch: {exact: "true"}}}]
      timeout: 30s
      route: [{destination: {host: edge-app, subset: v1}}]
    - timeout: 300ms
      route: [{destination: {host: edge-app, subset: v1}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: gold}
spec:
  host: edge-app
  workloadSelector: {matchLabels: {tier: gold}}
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 3}
`;

test('explain shows what a real sidecar holds, each with its line, and leaves nothing behind', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'mesh.yaml');
  writeFileSync(file, mesh);
  const scenario = ['scenarios/circuit-breaker.yaml', '--config', file];
  const shown = await workspace.breakwater('explain', ...scenario);
  expect(shown.code, shown.stderr).toBe(0);
  const line = (pattern: RegExp) => shown.stdout.split('\n').find((each) => pattern.test(each));
  expect(line(/x-batch: true/)).toMatch(/→ edge-app:8080 subset v1 .*mesh\.yaml:20$/);
  expect(line(/timeout +300 ms/)).toMatch(/mesh\.yaml:23$/);
  expect(line(/waiting requests +50/)).toMatch(/mesh\.yaml:12$/);
  expect(line(/waiting requests +1,000/)).toMatch(/mesh\.yaml:7$/);
  expect(line(/connect timeout +10 s/)).toMatch(/default of Istio$/);
  expect(line(/idle timeout to the app +1 h/)).toMatch(/default of Envoy$/);
  expect(line(/spec\.trafficPolicy\.outlierDetection/)).toContain('tier=gold, and frontend-1 has not');
  expect(line(/takes +mTLS only/)).toMatch(/the scenario$/);
  expect(processesOf(workspace.runs)).toEqual([]);
});

test('explain prints one client as JSON, and knows who is there', async () => {
  using workspace = new Workspace();
  const scenario = 'scenarios/zone-failover.yaml';
  const [json, nobody] = await Promise.all([
    workspace.breakwater('explain', scenario, '--client', 'frontend', '--json'),
    workspace.breakwater('explain', scenario, '--client', 'backend'),
  ]);
  expect(json.code, json.stderr).toBe(0);
  const { sidecars }: EffectiveConfiguration = JSON.parse(json.stdout);
  expect(sidecars.map(({ instance }) => instance)).toEqual(['frontend-1']);
  const zones = sidecars[0]?.clusters[0]?.zones.map(({ locality, priority }) => [locality, priority]);
  expect(zones).toEqual([
    ['region1/zone-east', 0],
    ['region1/zone-west', 1],
  ]);
  expect(sidecars[0]?.clusters[0]?.outlierDetection?.from).toMatchObject({
    by: 'setting',
    file: expect.any(String),
  });
  expect(nobody.code).toBe(2);
  expect(nobody.stderr).toContain('no service, workload or instance backend');
});
