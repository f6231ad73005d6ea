import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { examineScenario } from '../experiment/examine.ts';
import { scenarioFiles, writeProject } from './files.ts';
import { readManifests } from './manifests.ts';
import { type Said, wantedOf } from './wanted.ts';
import { ignoring, workflowText } from './workflow-text.ts';

const said: Said = { services: [], from: 'client', rate: '50/s', latency: '5ms', replicas: 2, zones: [] };
const file = (content: string) => ({ file: 'all.yaml', path: '/all.yaml', content });
const nothing = readManifests([]);

const shop = file(`apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec:
  selector: { app: cart }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp-redis, port: 6379 }, { name: http-admin, port: 81 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart-v1, namespace: shop }
spec:
  replicas: 12
  template:
    metadata: { labels: { app: cart, version: v1, "team": "3" } }
    spec:
      serviceAccountName: carts
      nodeSelector: { topology.kubernetes.io/zone: eu-a, topology.kubernetes.io/region: eu }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: cart-v2, namespace: shop }
spec:
  template: { metadata: { labels: { app: cart, version: v2 } } }
---
apiVersion: v1
kind: Service
metadata: { name: rates, namespace: shop }
spec: { ports: [{ name: grpc, port: 9000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: store, namespace: shop }
spec: { ports: [{ name: tcp, port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: elsewhere, namespace: other }
spec: { ports: [{ port: 80 }] }
`);

describe('what manifests tell', () => {
  test('is services with their ports, replicas, labels, zones and accounts', () => {
    const { namespace, services } = readManifests([shop]);
    expect(namespace).toBe('shop');
    expect(services).toEqual([
      {
        name: 'cart',
        port: 80,
        extraPorts: [81],
        protocol: 'http1',
        serviceAccount: 'carts',
        workloads: [
          { name: 'cart-v1', replicas: 3, labels: { version: 'v1', team: '3' }, locality: 'eu/eu-a' },
          { name: 'cart-v2', replicas: 1, labels: { version: 'v2' } },
        ],
      },
      { name: 'rates', port: 9000, extraPorts: [], protocol: 'http2', workloads: [] },
    ]);
  });

  test('names what was left out or assumed', () => {
    expect(readManifests([shop]).notes).toEqual([
      'a scenario has one namespace: shop; what is in other is left out',
      'cart-v1: 3 of its 12 replicas, to suit one machine',
      'no workload behind rates is in these files: two replicas are assumed',
      'store is left out: none of its ports speaks HTTP',
    ]);
  });

  test('of mesh configuration is its hosts, a workload for each subset, and the zones that it names', () => {
    const rules = file(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: shop }
spec:
  host: cart.shop.svc.cluster.local
  subsets: [{ name: stable, labels: { version: v1 } }, { name: canary, labels: { version: v2 } }]
  trafficPolicy:
    loadBalancer:
      localityLbSetting:
        distribute: [{ from: eu/a/*, to: { "eu/a/*": 80, "eu/b/*": 20 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: b, namespace: shop }
spec:
  hosts: [shop.example.com]
  http: [{ route: [{ destination: { host: pay.shop, port: { number: 9090 } } }, { destination: { host: api.example.com } }] }]
`);
    const found = readManifests([rules]);
    expect(found.localities).toEqual(['eu/a', 'eu/b']);
    expect(found.services.map(({ name, port }) => `${name}:${port}`)).toEqual(['cart:8080', 'pay:9090']);
    const { wanted } = wantedOf(said, found);
    expect(wanted.services[0]?.workloads).toEqual([
      { name: 'cart-stable', replicas: 1, labels: { version: 'v1' }, locality: 'eu/a' },
      { name: 'cart-canary', replicas: 1, labels: { version: 'v2' }, locality: 'eu/b' },
    ]);
  });

  test('that cannot be read is a problem with its line', () => {
    expect(() => readManifests([file('a: [\n')])).toThrow(/all\.yaml:\d/);
  });
});

describe('what is wanted', () => {
  test.each([
    [{ services: ['Cart'] }, 'Cart is no name'],
    [{ services: ['cart:0'] }, '--service cart:0'],
    [{ services: ['cart:x'] }, '--service cart:x'],
    [{ services: [] }, 'no service is known'],
    [{ services: ['cart'], rate: '5' }, '--rate 5'],
    [{ services: ['cart'], latency: 'fast' }, '--latency fast'],
    [{ services: ['cart'], zones: ['a b'] }, '--zones'],
    [{ services: ['cart'], name: '../x' }, '../x is no name'],
    [{ services: ['cart'], from: 'a: b' }, 'a: b is no name'],
  ])('%j is refused', (more, why) => {
    expect(() => wantedOf({ ...said, ...more }, nothing)).toThrow(why);
  });

  test('a service that manifests do not have is told with the nearest', () => {
    expect(() => wantedOf({ ...said, services: ['carts'] }, readManifests([shop]))).toThrow(
      /--service carts/,
    );
  });
});

/** A folder for a test, and what a scenario of these services says there. */
async function project(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bw-init-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const options = { force: false, workflow: true, action: 'owner/name@v1' };

describe('what is written', () => {
  test.each([
    ['a service alone', { ...said, services: ['cart:9090', 'pay'] }, nothing],
    ['one replica', { ...said, services: ['cart'], replicas: 1, zones: ['a'] }, nothing],
    ['several regions', { ...said, services: ['cart'], replicas: 3, zones: ['eu/a', 'us/a'] }, nothing],
    ['a caller of the same name', { ...said, services: ['cart'], from: 'cart' }, nothing],
    ['manifests', said, readManifests([shop])],
  ])('of %s has no mistakes', { timeout: 120_000 }, async (_, given, found) => {
    await project(async (folder) => {
      const { wanted } = wantedOf(given, found);
      await writeProject(folder, scenarioFiles(wanted, folder, []), options);
      const { problems } = await examineScenario(join(folder, `breakwater/${wanted.name}.yaml`));
      expect(problems).toEqual([]);
    });
  });

  test('overwrites nothing, unless it is asked to', async () => {
    await project(async (folder) => {
      const files = (rate: string) =>
        scenarioFiles(wantedOf({ ...said, services: ['cart'], rate }, nothing).wanted, folder, []);
      const first = await writeProject(folder, files('50/s'), options);
      expect(first.written).toEqual([
        'breakwater/cart.yaml',
        'breakwater/mesh/cart.yaml',
        '.github/workflows/breakwater.yml',
        '.gitignore',
      ]);
      await expect(writeProject(folder, files('60/s'), options)).rejects.toThrow('are there already');
      const text = () => readFileSync(join(folder, 'breakwater/cart.yaml'), 'utf8');
      expect(text()).toContain('rate: 50/s');
      const forced = await writeProject(folder, files('60/s'), { ...options, force: true });
      expect(text()).toContain('rate: 60/s');
      expect(forced.written).toEqual(['breakwater/cart.yaml']);
    });
  });

  test('names configuration of its own as the scenario sees it', async () => {
    await project(async (folder) => {
      const { wanted } = wantedOf({ ...said, services: ['cart'] }, nothing);
      const [scenario] = scenarioFiles(wanted, folder, [resolve(folder, 'mesh/my rules.yaml')]);
      expect(parse(scenario?.text ?? '').mesh.configuration).toEqual(['../mesh/my rules.yaml']);
    });
  });

  test('the workflow is what the published schema takes', () => {
    const schema = readFileSync(
      resolve(import.meta.dirname, '../../test/schemas/github-workflow.schema.json'),
      'utf8',
    );
    const valid = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(schema));
    const workflow = parse(workflowText('breakwater/', 'owner/name@v1'));
    expect(valid(workflow), JSON.stringify(valid.errors)).toBe(true);
    expect(valid({ ...workflow, jobs: { mesh: { steps: [] } } })).toBe(false);
  });

  test.each([
    ['', 'reports/\n'],
    ['node_modules', 'node_modules\nreports/\n'],
    ['a\r\n/reports\r\n', undefined],
    ['reports/*\n', undefined],
    ['myreports/\n', 'myreports/\nreports/\n'],
    ['# reports/\n', '# reports/\nreports/\n'],
  ])('a .gitignore %j becomes %j', (before, after) => {
    expect(ignoring(before)).toBe(after);
  });
});
