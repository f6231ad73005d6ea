import { describe, expect, it } from 'vitest';
import { describeActionTarget } from '../model/fault.ts';
import { describeProbe } from '../probes/planned.ts';
import { loadedScenario } from '../scenario/testing/loaded.ts';
import { planScenario } from './plan.ts';
import { planJson, renderPlan } from './render.ts';

function plan(changes: object = {}, seed?: number) {
  const loaded = loadedScenario({
    name: 'example',
    description: 'One zone dies.',
    topology: {
      services: {
        shop: {
          workloads: [
            { name: 'shop-east', locality: 'region1/east', replicas: 2 },
            { name: 'shop-west', locality: 'region1/west' },
          ],
        },
        client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
      },
    },
    load: { from: 'client', to: 'shop', rate: '100/s', duration: '30s', maxLatency: '3s' },
    faults: [
      { kind: 'zone-outage', on: { zone: 'region1/east' }, at: '5s', for: '5s' },
      { kind: 'error', on: { workload: 'shop-east', replica: 1 }, at: '15s', for: '5s' },
      { kind: 'error', on: { service: 'shop' }, at: '22s', for: '2s' },
    ],
    checks: [
      { kind: 'success-rate', during: 'steady', atLeast: '99.9%' },
      { kind: 'time-to-fail-over', fault: 'zone-outage', atMost: '2s' },
      { name: 'no panic', kind: 'error-count', during: 'fault', fault: 'error-2', atMost: 100 },
    ],
    ...changes,
  });
  return planScenario(loaded, seed);
}

describe('a plan', () => {
  it('spares the client and names every fault', () => {
    expect(plan().trial.faults.map(({ name, targets }) => [name, targets])).toEqual([
      ['zone-outage', ['shop-east-1', 'shop-east-2']],
      ['error', ['shop-east-1']],
      ['error-2', ['shop-east-1', 'shop-east-2', 'shop-west-1']],
    ]);
    expect(plan().trial.faults[0]?.actions[0]).toEqual({
      inject: { do: 'kill', target: { kind: 'instance', name: 'shop-east-1' } },
      revert: { do: 'start', target: { kind: 'instance', name: 'shop-east-1' } },
    });
  });

  it('has what apps call onward, and says so', () => {
    const chain = (name: string, ...calls: object[]) => ({
      app: { calls },
      workloads: [{ name, locality: 'region1/east' }],
    });
    const planned = plan({
      topology: {
        services: {
          shop: {
            ...chain('shop', { to: 'stock', port: 8001, path: '/items?all' }, { to: 'ledger' }),
            port: 9000,
          },
          stock: { ...chain('stock', { to: 'ledger' }), port: 8000, extraPorts: [8001] },
          ledger: chain('ledger'),
          client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
        },
      },
      faults: [],
      checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }],
    });
    expect(planned.topology.calls).toEqual([
      { from: 'client', to: 'shop', port: 9000 },
      { from: 'shop', to: 'stock', port: 8001 },
      { from: 'shop', to: 'ledger', port: 8080 },
      { from: 'stock', to: 'ledger', port: 8080 },
    ]);
    expect(planned.topology.instances[0]?.app?.calls).toEqual([
      { to: 'stock', port: 8001, path: '/items?all' },
      { to: 'ledger', port: 8080, path: '/' },
    ]);
    expect(renderPlan(planned, [])).toContain(
      [
        'Calls of apps, for every request',
        '  shop → stock:8001/items?***, then ledger:8080/',
        '  stock → ledger:8080/',
        '',
      ].join('\n'),
    );
  });

  it('sends loads and probes to the port that they name', () => {
    const { trial, topology } = plan({
      topology: {
        services: {
          shop: { extraPorts: [9090], workloads: [{ name: 'shop', locality: 'region1/east' }] },
          client: { workloads: [{ name: 'client', locality: 'region1/east' }] },
        },
      },
      load: { from: 'client', to: 'shop', port: 9090, rate: '100/s', duration: '30s' },
      probes: [
        { name: 'usual', from: 'client', to: 'shop', expect: { status: 200 } },
        { name: 'extra', from: 'client', to: 'shop', port: 9090, expect: { status: 200 } },
      ],
      faults: [],
      checks: [{ kind: 'expectations', during: 'run' }],
    });
    expect(trial.loads[0]?.port).toBe(9090);
    expect(trial.probes.map((probe) => [describeProbe(probe), probe.port])).toEqual([
      ['GET / from client to shop', 8080],
      ['GET / from client to shop:9090', 9090],
    ]);
    expect(topology.calls.map(({ port }) => port)).toEqual([9090, 8080]);
    expect(topology.services[0]).toMatchObject({ port: 8080, extraPorts: [9090] });
  });

  it('hits clients with certificates too, and with another authority everybody', () => {
    const faults = [
      { kind: 'certificate-expired', on: { service: 'client' }, at: '5s', for: '5s' },
      { kind: 'certificate-foreign', on: { zone: 'region1/east' }, at: '12s', for: '5s' },
      { kind: 'authority-rotated', overlap: false, at: '20s', for: '5s' },
    ];
    const planned = plan({ faults, checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }] });
    expect(planned.trial.faults.map(({ description, targets }) => [description, targets])).toEqual([
      ['client shows a certificate that has expired', ['client-1']],
      [
        'region1/east shows a certificate of an authority that nobody trusts',
        ['shop-east-1', 'shop-east-2', 'client-1'],
      ],
      [
        'the certificate authority is replaced, overlap: false',
        ['shop-east-1', 'shop-east-2', 'shop-west-1', 'client-1'],
      ],
    ]);
    expect(planned.trial.faults[0]?.actions).toEqual([
      {
        inject: {
          do: 'issue',
          target: { kind: 'instance', name: 'client-1' },
          certificate: { by: 'authority', expired: true },
        },
        revert: {
          do: 'issue',
          target: { kind: 'instance', name: 'client-1' },
          certificate: { by: 'authority', expired: false },
        },
      },
    ]);
  });

  it('acts on what a fault is about: a node of each instance, a workload, the control plane', () => {
    const faults = [
      { kind: 'node-stopped', on: { zone: 'region1/east' }, at: '5s', for: '5s' },
      { kind: 'scaled-to-zero', on: { workload: 'shop-east' }, at: '12s', for: '5s' },
      { kind: 'control-plane-outage', at: '20s', for: '5s' },
    ];
    const planned = plan({ faults, checks: [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }] });
    expect(
      planned.trial.faults.map(({ description, targets, halts, actions }) => ({
        description,
        targets,
        halts,
        hit: actions.map(({ inject }) => describeActionTarget(inject.target)),
      })),
    ).toEqual([
      {
        description: 'region1/east stops with its node',
        targets: ['shop-east-1', 'shop-east-2'],
        halts: 'ended',
        hit: ['the node of shop-east-1', 'the node of shop-east-2'],
      },
      {
        description: 'shop-east is scaled away',
        targets: ['shop-east-1', 'shop-east-2'],
        halts: 'ended',
        hit: ['the workload shop-east'],
      },
      { description: 'the control plane is gone', targets: [], halts: 'ended', hit: ['control-plane'] },
    ]);
    const hits = renderPlan(planned, []).match(/hits .*/g);
    expect(hits).toEqual([
      'hits shop-east-1, shop-east-2',
      'hits shop-east-1, shop-east-2',
      'hits control-plane',
    ]);
  });

  it('knows the length of the load and the users it takes', () => {
    const load = { from: 'client', to: 'shop' };
    const planned = (changes?: object) => plan(changes).trial.loads[0];
    expect(planned()).toMatchObject({ durationMs: 30_000, peakRate: 100, users: 330 });
    const stages = [
      { rate: '10/s', duration: '10s' },
      { rate: '50/s', duration: '20s' },
    ];
    expect(planned({ load: { ...load, stages } })).toMatchObject({
      durationMs: 30_000,
      peakRate: 50,
      users: 275,
    });
    expect(planned({ load: { ...load, closed: { users: 7 }, duration: '30s' } })).toMatchObject({ users: 7 });
    expect(planned({ load: { ...load, rate: '1/s', duration: '30s', users: 3 } })?.users).toBe(3);
  });

  it('gives every app and load a seed of its own, the same each time', () => {
    const seeds = ({ topology, trial }: ReturnType<typeof plan>) => [
      ...topology.instances.flatMap(({ app }) => app?.seed ?? []),
      ...trial.loads.flatMap(({ seed }) => seed ?? []),
    ];
    expect(seeds(plan())).toEqual([]);
    expect(new Set(seeds(plan({}, 42))).size).toBe(4);
    expect(seeds(plan({}, 42))).toEqual(seeds(plan({}, 42)));
    expect(plan({}, 42).seed).toBe(42);
  });

  it('gives an app what is written of it, and nothing of what is not', () => {
    const apps = (app: object) => {
      const workloads = (name: string) => [{ name, locality: 'region1/east' }];
      const services = {
        shop: { app, workloads: workloads('shop') },
        client: { workloads: workloads('client') },
      };
      const checks = [{ kind: 'success-rate', during: 'steady', atLeast: '99%' }];
      const planned = plan({ topology: { services }, faults: [], checks });
      return planned.topology.instances.flatMap((instance) => instance.app ?? []);
    };
    expect(apps({ keepAlive: '1m30s' })[0]).toMatchObject({ keepAliveMs: 90_000, queue: 10_000 });
    expect(apps({})[0]).not.toHaveProperty('keepAliveMs');
  });

  it('tells several loads apart, and when each of them ends', () => {
    const load = { from: 'client', to: 'shop', rate: '100/s', duration: '30s' };
    const several = plan({
      load: [
        { ...load, name: 'a-load-with-a-long-name' },
        { ...load, name: 'short', duration: '15s' },
      ],
    });
    const text = renderPlan(several, []);
    expect(text).toMatch(
      /\nLoad\n {2}a-load-with-a-long-name\n {4}100\/s .*\n {4}GET .*\n {2}short\n {4}100\/s /,
    );
    const bars = [...text.matchAll(/^ {2}(a-load-with-a-long-name|short) +([·█]+)$/gm)].map(
      ([, , bar]) => bar?.length,
    );
    expect(bars).toEqual([60, 30]);
  });

  it('reads as a timeline', () => {
    expect(renderPlan(plan(), [])).toMatchInlineSnapshot(`
      "example (example.yaml)
        One zone dies.

      Load
        100/s in an open loop from client to shop, 30 s
        GET http://shop:8080/, 330 virtual users

      Timeline
        load         ····████████████████████████████████████████████████████████
        zone-outage  ··········▓▓▓▓▓▓▓▓▓▓········································
        error        ······························▓▓▓▓▓▓▓▓▓▓····················
        error-2      ············································▓▓▓▓············
                     0         5 s       10 s      15 s      20 s    24 s        30 s

      Faults
        zone-outage: at 5 s for 5 s, region1/east goes dark
          hits shop-east-1, shop-east-2
        error: at 15 s for 5 s, shop-east-1 answers 503 to 100 % of requests
          hits shop-east-1
        error-2: at 22 s for 2 s, shop answers 503 to 100 % of requests
          hits shop-east-1, shop-east-2, shop-west-1

      Instances
        region1/east  shop-east-1, shop-east-2, client-1 (client)
        region1/west  shop-west-1

      Checks
         1. success rate at least 99.9 % (steady)
         2. failed over within 2 s (fault of zone-outage)
         3. no panic: at most 100 errors (fault)

      Mesh: istio, mTLS strict, under test
        no configuration: the defaults of the mesh
      "
    `);
  });

  it('is data', () => {
    const data = planJson(plan(), []);
    expect(JSON.parse(JSON.stringify(data))).toMatchObject({
      trial: { loads: [{ users: 330 }] },
      resources: [],
    });
  });
});
