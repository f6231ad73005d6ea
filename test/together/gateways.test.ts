import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { commandsOn } from '../support/pages.ts';
import { expectFailedAt, plantedFile } from '../support/planted.ts';
import { plantedGateways } from '../support/planted-gateways.ts';

/** Several run at once. */
const light = ['--set', 'load.rate=40/s'];
const argsOf = (scenario: string) => [`scenarios/${scenario}.yaml`, '--profile', 'short', ...light];

/** The run on the page of a scenario. */
function runOn(page: string): readonly string[] {
  const [args = []] = commandsOn(page).filter(([command]) => command === 'run');
  return [...args.slice(1), ...light];
}

test.concurrent('two networks are joined by gateways, and each fault of them is proven', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(...runOn('multi-cluster.md'));
  const { report } = finished;
  expect(report?.verdict, outcome(finished)).toBe('pass');
  expect(report?.faults.map(({ name, efficacy }) => `${name} ${efficacy.status}`)).toEqual([
    'remote-lost proven',
    'gateways-lost proven',
    'local-lost proven',
    'gateway-lost proven',
  ]);
  const edges = report?.topology.edges.map(({ from, to }) => `${from} ${to}`);
  expect(edges).toEqual(
    expect.arrayContaining(['frontend-1 gateway-west-1', 'gateway-west-2 edge-app-west-1']),
  );
});

test.concurrent('clients outside the mesh are served through the edge, and hardly notice that a replica is lost', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run(...runOn('ingress.md'));
  const { report } = finished;
  expect(report?.verdict, outcome(finished)).toBe('pass');
  const edges = report?.topology.edges.map(({ from, to }) => `${from} ${to}`);
  expect(edges).toEqual(expect.arrayContaining(['shoppers-1 edge-1', 'edge-2 shop-1']));
});

for (const page of ['multi-cluster.md', 'ingress.md']) {
  for (const command of commandsOn(page).filter(([name]) => name !== 'run')) {
    test.concurrent(`${page}: ${command.join(' ')}`, async () => {
      using workspace = new Workspace();
      const { code, stdout, stderr } = await workspace.breakwater(...command);
      expect(code, stderr).toBe(0);
      if (command[0] === 'explain') expect(stdout).toMatch(/scenarios\/mesh\/[\w/-]+\.(?:yaml|hcl):\d+/);
    });
  }
}

/** The others are alike, and the bench of planted defects has them all; why each fails, unit tests tell. */
const told = /^(TLS ends at the gateway|the certificate of another host)/;
for (const planted of plantedGateways.filter(({ name }) => told.test(name))) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, async () => {
    using workspace = new Workspace();
    const finished = await workspace.run(...argsOf(planted.scenario), ...planted.args(workspace.path));
    expectFailedAt(finished, planted);
  });
}

test.concurrent('a certificate that no gateway has is refused before anything runs, at the line', async () => {
  using workspace = new Workspace();
  const file = plantedFile(workspace.path, 'ingress.yaml', (text) =>
    text.replace('credentialName: shop-cert', 'credentialName: shop-certs'),
  );
  const { code, stderr } = await workspace.breakwater('run', ...argsOf('ingress'), '--config', file);
  expect(code).toBe(2);
  expect(stderr).toMatch(/planted\.yaml:16:\d+.*no gateway of the topology has a certificate "shop-certs"/);
  expect(stderr).toContain('did you mean "shop-cert"?');
});
