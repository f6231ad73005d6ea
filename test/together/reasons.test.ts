import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';

/** Generous limits for the host, tight ones in the subset that all requests go to. */
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
        connectionPool:
          tcp: {maxConnections: 10}
          http: {http1MaxPendingRequests: 5}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge-app}
spec:
  hosts: [edge-app]
  http:
    - route: [{destination: {host: edge-app, subset: v1}}]
`;

test('what was refused is put down to the limits that the sidecar held, and those are shown', async () => {
  using workspace = new Workspace();
  const file = join(workspace.path, 'mesh.yaml');
  writeFileSync(file, mesh);
  const short = { 'load.rate': '60/s', 'load.duration': '12s', 'faults.0.at': '4s', 'faults.0.for': '3s' };
  const finished = await workspace.runOnce(
    'scenarios/circuit-breaker.yaml',
    '--config',
    file,
    ...Object.entries(short).flatMap(([path, value]) => ['--set', `${path}=${value}`]),
    ...['--set', 'checks.2.atLeast=20', '--set', 'checks.5.atLeast=5/s'],
  );
  const { report } = finished;
  const refused = report?.errors.find(({ cause }) => cause.startsWith('The connection pool to edge-app'));
  expect(refused, outcome(finished)).toMatchObject({
    setting: expect.stringMatching(/^DestinationRule\/edge-app-dr spec\.subsets\[0\].*Requests: 5; /),
    source: `${file}:14`,
  });
  const [calls] = report?.effective ?? [];
  expect(calls).toMatchObject({ about: 'calls of edge-app' });
  const rows = calls?.sections.flatMap((section) => section.rows) ?? [];
  expect(rows).toContainEqual({ what: 'waiting requests', value: '5', source: `${file}:14` });
  expect(rows).toContainEqual({ what: 'connect timeout', value: '10 s', from: 'default of Istio' });
});
