import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, root, Workspace } from '../support/breakwater.ts';
import { expectFailedAt } from '../support/planted.ts';
import { plantedCertificates } from '../support/planted-certificates.ts';

/** The whole scenario, at rates that several of them can have at once. */
const run = (workspace: Workspace, ...args: readonly string[]) =>
  workspace.run(
    'scenarios/certificate-rotation.yaml',
    ...['--set', 'load.0.rate=30/s', '--set', 'load.1.rate=30/s'],
    ...args,
  );

test.concurrent('what is renewed is noticed by nobody, and a bad certificate is refused', async () => {
  using workspace = new Workspace();
  const finished = await run(workspace);
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  expect(finished.report?.faults.map(({ name, efficacy }) => `${name} ${efficacy.status}`)).toEqual([
    'server-renewed proven',
    'client-renewed proven',
    'authority proven',
    'expired proven',
    'foreign proven',
  ]);
  const causes = finished.report?.errors.map(({ cause }) => cause).join('\n');
  expect(causes).toContain("The sidecar of edge-app refused the caller's certificate, which has expired");
  expect(causes).toContain('which is of an authority that it does not trust');
});

for (const planted of plantedCertificates) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, async () => {
    using workspace = new Workspace();
    const finished = await run(workspace, ...planted.args(workspace.path));
    expectFailedAt(finished, planted);
  });
}

/** Bad certificates of a server, each refused by its callers; and at last one that nobody asks for. */
const servers = `
name: bad-servers
description: Nobody speaks with a server whose certificate is bad.
topology:
  services:
    frontend: { workloads: [{ name: frontend, locality: region1/zone-east }] }
    edge-app: { workloads: [{ name: edge-app, locality: region1/zone-east }] }
mesh: { configuration: [mesh.yaml] }
load: { from: frontend, to: edge-app, rate: 40/s, duration: 16s, maxLatency: 1s }
faults:
  - { name: expired, kind: certificate-expired, on: { service: edge-app }, at: 3s, for: 2s }
  - { name: foreign, kind: certificate-foreign, on: { service: edge-app }, at: 7s, for: 2s }
  - { name: other, kind: certificate-wrong-identity, on: { service: edge-app }, at: 11s, for: 2s }
checks:
  - { kind: success-rate, during: steady, atLeast: 100% }
  - { kind: error-rate, during: fault, fault: expired, after: 200ms, atLeast: 95% }
  - { kind: error-rate, during: fault, fault: foreign, after: 200ms, atLeast: 95% }
  - { kind: error-rate, during: fault, fault: other, after: 200ms, atLeast: 95% }
  - { kind: success-rate, during: recovery, fault: other, atLeast: 100% }
`;

/** Writes it with the mesh configuration of the other scenario, changed; its path. */
function writeServers(workspace: Workspace, change: (mesh: string) => string = (mesh) => mesh): string {
  const file = join(workspace.path, 'servers.yaml');
  writeFileSync(file, servers);
  const mesh = readFileSync(join(root, 'scenarios/mesh/certificate-rotation.yaml'), 'utf8');
  writeFileSync(join(workspace.path, 'mesh.yaml'), change(mesh));
  return file;
}

test.concurrent('a server with a bad certificate is refused, and the report says why', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(writeServers(workspace));
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  const errors = finished.report?.errors ?? [];
  const of = (fault: string) => errors.find(({ setting }) => setting.startsWith(`fault ${fault}:`));
  expect(of('expired')?.cause).toContain('refused the certificate of edge-app, which has expired');
  expect(of('foreign')?.cause).toContain('which is of an authority that it does not trust');
  expect(of('other')?.cause).toContain('none of the identities that it has to have');
  for (const fault of ['expired', 'foreign', 'other']) {
    expect(of(fault)).toMatchObject({
      host: 'edge-app-1',
      source: expect.stringMatching(/servers\.yaml:\d+$/),
    });
  }
});

test.concurrent('over connections that stay open nobody asks for a certificate, and that is said', async () => {
  using workspace = new Workspace();
  const file = writeServers(workspace, (mesh) =>
    // One connection, so that a machine with too much to do opens no more.
    mesh.replace('      http:\n        maxRequestsPerConnection: 1\n', '      tcp: { maxConnections: 1 }\n'),
  );
  const finished = await workspace.runOnce(file);
  expect(finished.report?.verdict, outcome(finished)).toBe('invalid');
  const [expired] = finished.report?.faults ?? [];
  expect(expired?.efficacy).toMatchObject({
    status: 'no-traffic',
    observed: expect.stringContaining('keep the certificate they began with'),
  });
});
