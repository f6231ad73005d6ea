/** How long it takes to read what the sidecars hold, with 1,000 routes and 500 services more than the scenario's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environments } from '../src/environments/index.ts';
import { createProgress } from '../src/kit/terminal.ts';
import { meshOf } from '../src/meshes/index.ts';
import { planScenario } from '../src/plan/plan.ts';
import { createRunDirectory } from '../src/runs/run-directory.ts';
import { loadScenario } from '../src/scenario/load.ts';

const routes = Number(process.argv[2] ?? 1_000);
const services = Number(process.argv[3] ?? 500);
/** Whether the routes lead to all of the services, or to one. */
const spread = process.argv[4] === 'spread';
const { signal } = new AbortController();
const mesh = await meshOf('istio');
const { topology } = planScenario(
  await loadScenario('scenarios/circuit-breaker.yaml', { set: [], config: [] }),
);
const content = generated();
const file = { file: 'generated.yaml', path: '/generated.yaml', content };
const resources = mesh.readConfiguration([file], { topology, loads: [], aboutHosts: [] });
const evidence = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
const id = `bench-${Date.now().toString(36)}`;
{
  await using directory = await createRunDirectory(id, 'bench of what sidecars hold');
  await using lab = await environments.local(mesh, createProgress(process.stderr, true), signal).open({
    topology,
    configuration: { files: [file], resources },
    runId: id,
    directory: directory.path,
    logs: join(evidence, 'logs'),
    progress: () => {},
    ongoing: () => {},
    warn: (text) => console.error(text),
    signal,
  });
  const asked = topology.instances.filter(({ replica }) => replica === 1);
  const envoyCpu = async () =>
    (await lab.processes())
      .filter(({ name }) => name.endsWith('/sidecar'))
      .reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  for (const instances of [asked, topology.instances]) {
    for (let round = 0; round < 4; round += 1) {
      const cpu = process.cpuUsage();
      const before = await envoyCpu();
      const started = performance.now();
      let bytes = 0;
      const answers = await Promise.all(
        instances.map(async (instance) => {
          const paths = mesh.effective.paths(instance, topology, resources);
          const texts = await Promise.all(paths.map((path) => lab.admin(instance.name, path, 10_000)));
          bytes += texts.reduce((sum, text) => sum + text.length, 0);
          return [instance.name, texts] as const;
        }),
      );
      const read = performance.now();
      const { sidecars } = mesh.effective.read(new Map(answers), topology, resources);
      const done = performance.now();
      const own = process.cpuUsage(cpu);
      const client = sidecars.find(({ role }) => role === 'client');
      const held = client?.hosts.reduce((sum, host) => sum + host.routes.length, 0);
      console.log(
        `${instances.length} sidecars, ${held} routes, ${client?.clusters.length} clusters, ${(bytes / 1e6).toFixed(2)} MB: asked ${(read - started).toFixed(0)} ms, understood ${(done - read).toFixed(0)} ms; processor: ${((own.user + own.system) / 1e3).toFixed(0)} ms here, ${((await envoyCpu()) - before).toFixed(0)} ms in sidecars`,
      );
    }
  }
}
await rm(evidence, { recursive: true, force: true });

/** A VirtualService with many routes, and services beside those of the topology, each with a rule. */
function generated(): string {
  const http = Array.from({ length: routes }, (_, index) => ({
    match: [{ uri: { prefix: `/team-${index}` }, headers: { 'x-version': { exact: `v${index}` } } }],
    timeout: `${index + 1}s`,
    retries: { attempts: 1 + (index % 3), perTryTimeout: '250ms', retryOn: '5xx' },
    route: [
      {
        destination: {
          host: spread && services > 0 ? `service-${index % services}.example.com` : 'edge-app',
        },
      },
    ],
  }));
  const metadata = (name: string) => ({ name });
  const resources: object[] = [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: metadata('edge-app'),
      spec: { hosts: ['edge-app'], http: [...http, { route: [{ destination: { host: 'edge-app' } }] }] },
    },
  ];
  for (let index = 0; index < services; index += 1) {
    const host = `service-${index}.example.com`;
    resources.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: metadata(`service-${index}`),
      spec: {
        hosts: [host],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 8080, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.9' }],
      },
    });
    resources.push({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: metadata(`service-${index}`),
      spec: { host, trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: index + 1 } } } },
    });
  }
  return resources.map((resource) => JSON.stringify(resource)).join('\n---\n');
}
