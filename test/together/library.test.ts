import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startLab } from '../../src/library/loopback.ts';
import { Workspace } from '../support/breakwater.ts';
import { runExample } from '../support/library.ts';
import { place } from '../support/places.ts';
import { processesOf } from '../support/processes.ts';

test('the example of the page runs, and leaves nothing', async () => {
  using workspace = new Workspace();
  await using _place = await place();
  await runExample(workspace, 'loopback');
  expect(processesOf(workspace.runs)).toEqual([]);
  expect(existsSync(workspace.runs) ? readdirSync(workspace.runs) : []).toEqual([]);
});

test('configuration comes and goes, sidecars are asked, and what is not there is a mistake with a hint', async () => {
  await using _place = await place();
  await using lab = await startLab({ scenario: 'retries-and-timeouts' });
  expect(lab.mesh).toMatch(/^istio \d/);
  expect(lab.instances.map(({ name }) => name)).toContain('frontend-1');
  const held = () => lab.admin('frontend-1', '/config_dump?resource=dynamic_route_configs');
  expect(await held()).toContain('retry_policy');
  await lab.configure('scenarios/mesh/circuit-breaker.yaml');
  expect(await held()).not.toContain('"timeout": "1s"');
  expect((await lab.fetch('edge-app')).status).toBe(200);
  expect(() => lab.way('edge-ap')).toThrow('retries-and-timeouts has no service edge-ap');
  expect(() => lab.way('edge-app', { from: 'edge-app-1' })).toThrow('has no client edge-app-1');
  await expect(lab.break({ kind: 'error', on: { service: 'edge-ap' } })).rejects.toThrow(/edge-ap/);
});

test('on Consul, where every service has a port of its own at a sidecar, calls leave through it as well', async () => {
  await using _place = await place();
  await using lab = await startLab({
    scenario: 'circuit-breaker',
    config: ['scenarios/mesh/consul/circuit-breaker.hcl'],
    set: ['mesh.kind=consul'],
  });
  expect(lab.mesh).toMatch(/^consul \d/);
  expect((await lab.fetch('edge-app')).status).toBe(200);
});
