import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment, Lab } from '../src/environments/contract.ts';
import { readEffectiveConfiguration } from '../src/experiment/effective.ts';
import { planExperiment } from '../src/experiment/planned.ts';
import { loadJob } from '../src/load/k6.ts';
import type { Mesh } from '../src/meshes/contract.ts';
import { accessLogFields } from '../src/meshes/envoy/access-log-format.ts';
import { istio } from '../src/meshes/istio/index.ts';
import type { HostSample } from '../src/model/evidence.ts';
import type { MeshConfiguration } from '../src/model/mesh-configuration.ts';
import { isClient, isServer } from '../src/model/topology.ts';
import { configurationContext } from '../src/plan/configuration-context.ts';
import type { Plan } from '../src/plan/contract.ts';
import { createRunDirectory, type RunDirectory } from '../src/runs/run-directory.ts';
import { ClientStatistics } from '../src/trial/client-statistics.ts';
import { runTrial } from '../src/trial/run.ts';

const scenario = `name: contract
description: What every environment must do.
topology:
  services:
    edge-app:
      workloads:
        - { name: edge-app-east, locality: region1/zone-east, replicas: 2 }
        - { name: edge-app-west, locality: region1/zone-west }
    frontend:
      workloads:
        - { name: frontend, locality: region1/zone-east }
mesh: { configuration: [mesh.yaml] }
load: { from: frontend, to: edge-app, rate: 75/s, duration: 2s, warmup: 0s, pods: 2 }
checks:
  - { kind: success-rate, during: steady, atLeast: 50% }
`;

const configuration = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ejects }
spec:
  host: edge-app
  trafficPolicy:
    outlierDetection:
      { consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 1s, maxEjectionPercent: 100 }
`;

/**
 * What every environment must do, told as tests.
 *
 * @param timeoutMs for starting it and for taking it down
 * @param controlPlaneReturns how often to see the control plane come back
 * @param changes whether configuration is changed under load, and takes hosts away
 */
export function environmentContract(
  make: () => Environment,
  {
    timeoutMs,
    controlPlaneReturns,
    changes,
  }: { timeoutMs: number; controlPlaneReturns: number; changes: boolean },
): void {
  /** Tests of configuration that comes under load, or takes hosts away. */
  const whereChanged = (name: string, body: () => Promise<void>) => {
    if (changes) test(name, body);
  };
  describe('the environment contract', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bw-contract-'));
    let plan: Plan;
    let environment: Lab;
    let mesh: Mesh;
    let trials = 0;
    let directory: RunDirectory;
    let lost: string | undefined;

    beforeAll(async () => {
      const file = join(folder, 'scenario.yaml');
      writeFileSync(file, scenario);
      writeFileSync(join(folder, 'mesh.yaml'), configuration);
      const planned = await planExperiment(file, { set: [], config: [] });
      plan = planned.plan;
      directory = await createRunDirectory(`contract-${Date.now().toString(36)}`, 'environment contract');
      mesh = planned.mesh;
      environment = await make().open({
        topology: plan.topology,
        configuration: planned.configuration,
        runId: directory.path.split('/').at(-1) ?? '',
        directory: directory.path,
        logs: join(folder, 'logs'),
        progress: () => {},
        ongoing: () => {},
        warn: () => {},
        signal: new AbortController().signal,
      });
      environment.lost.then((reason: string) => {
        lost = reason;
      });
    }, timeoutMs);

    afterAll(async () => {
      await environment?.[Symbol.asyncDispose]();
      await directory?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }, timeoutMs);

    /**
     * Sends the plan's load in a trial of its own, whose evidence is that load and nothing else; what k6 counted.
     * `down`: instances that a fault keeps down. What they wrote last may be out of reach until it is taken back.
     */
    async function load(
      down: readonly string[] = [],
    ): Promise<{ requests: number; answers: Record<string, number> }> {
      trials += 1;
      const evidence = join(folder, `trial-${trials}`);
      await using trial = await environment.trial({ evidence, logs: join(folder, 'logs') });
      const [planned] = plan.trial.loads;
      if (!planned) throw new Error('the plan has no load');
      const job = loadJob(planned, istio.serviceHost('edge-app', 'default'));
      await using prepared = await trial.prepareLoad(job);
      const startedAt = await prepared.begin();
      expect(Math.abs(Date.now() - startedAt)).toBeLessThan(2_000);
      const { code, summary, lastLines } = await prepared.finished;
      expect(code, lastLines).toBe(0);
      const { gaps, rejections, instances } = await trial.close();
      const unexpected = gaps.filter(({ what }) => !down.some((name) => what.includes(name)));
      expect({ gaps: unexpected, rejections }).toEqual({ gaps: [], rejections: [] });
      const lines = instances.filter(isClient).map(({ name }) =>
        readFileSync(join(evidence, 'access', `${name}.log`), 'utf8')
          .trimEnd()
          .split('\n'),
      );
      const totals = JSON.parse(summary ?? '');
      expect(lines.flat().length).toBe(totals.requests);
      for (const line of lines.flat()) {
        expect(line.startsWith(istio.telemetry.accessLog.mark)).toBe(true);
        expect(line.split(' ').length).toBe(accessLogFields.length);
      }
      for (const half of lines) expect(half.length / totals.requests).toBeGreaterThan(0.4);
      return totals;
    }

    const ask = (path: string, name = 'frontend-1') => environment.admin(name, path, 5_000);
    const client = (name = 'frontend-1') =>
      new ClientStatistics(name, ['edge-app'], istio.telemetry.statistics, (path) => ask(path, name));
    const statistics = async (name?: string) => (await client(name).sample())[0];

    /**
     * Until `over`: how often the hosts changed, and what was remembered of one although the counters, and so what
     * it is remembered by, were the same before and after a look at how it is.
     */
    async function watchHosts(over: AbortSignal) {
      const remembering = client();
      const { countersPath, hostsPath, hostsVersion, hosts } = istio.telemetry.statistics;
      const told = (samples: readonly HostSample[] = []) =>
        new Map(samples.map((host) => [host.address, JSON.stringify(host)]));
      const now = async () => told(hosts(await ask(hostsPath)).get('edge-app'));
      const version = async () => hostsVersion(await ask(countersPath(['edge-app'])));
      const wrong: object[] = [];
      let changes = 0;
      let looks = 0;
      let before = await now();
      while (!over.aborted) {
        const from = await version();
        const remembered = told((await remembering.sample())[0]?.hosts);
        const after = await now();
        const still = from === (await version());
        if (still) looks++;
        for (const address of new Set([...before.keys(), ...remembered.keys(), ...after.keys()])) {
          const [old, said, fresh] = [before, remembered, after].map((of) => of.get(address));
          if (old !== fresh) changes++;
          // A host may come and go again between two looks: then the counters have moved.
          if (still && said !== fresh) wrong.push({ old, said, fresh, counters: from });
        }
        before = after;
        await sleep(100);
      }
      return { changes, looks, wrong };
    }

    const parse = (content: string): MeshConfiguration => {
      const files = [{ file: 'changed.yaml', path: join(folder, 'changed.yaml'), content }];
      return { files, resources: mesh.readConfiguration(files, configurationContext(plan)) };
    };

    /** Waits until the client's sidecar has taken back what it has ejected. */
    async function nothingEjected(): Promise<void> {
      const deadline = Date.now() + 30_000;
      const healthy = async () => (await statistics())?.hosts.every((host) => host.healthy);
      while (!(await healthy()) && Date.now() < deadline) await sleep(100);
      expect(await healthy()).toBe(true);
      // Envoy merges changes of hosts that come within a second before it tells its workers.
      await sleep(1_500);
    }

    test('it declares every action that is done to it here', () => {
      expect(make().performs).toEqual(
        expect.arrayContaining([
          'set-fault',
          'clear-fault',
          'kill',
          'start',
          'stop-control-plane',
          'start-control-plane',
        ]),
      );
    });

    test('instances are those of the plan, each server with an address', () => {
      expect(environment.instances.map(({ name, locality, role }) => ({ name, locality, role }))).toEqual(
        plan.topology.instances.map(({ name, locality, role }) => ({ name, locality, role })),
      );
      for (const { addresses, role } of environment.instances) {
        if (role === 'server') expect(addresses[0]).toMatch(/^[\d.]+:\d+$/);
      }
      expect(environment.firstRequestAt).toBeLessThan(Date.now());
      expect(environment.mesh).toMatch(/^istio \d/);
    });

    test("the client's sidecar sees every address, healthy", async () => {
      const sample = await statistics();
      const addresses = environment.instances.flatMap(({ addresses, role }) =>
        role === 'client' ? [] : addresses,
      );
      expect(sample?.hosts.map(({ address }) => address).sort()).toEqual([...addresses].sort());
      expect(sample?.hosts.every(({ healthy }) => healthy)).toBe(true);
    });

    test('what sidecars hold is read through it, each value with where it comes from', async () => {
      const { resources } = parse(configuration);
      const { sidecars } = await readEffectiveConfiguration(environment, mesh, plan.topology, resources);
      const calling = sidecars.find(({ role }) => role === 'client');
      expect(calling?.clusters).toMatchObject([
        {
          service: 'edge-app',
          port: 8080,
          outlierDetection: { intervalMs: { value: 1_000, from: { by: 'setting', line: 8 } } },
          limits: { pending: { value: null, from: { by: 'default', of: 'Istio' } } },
          tls: { value: 'auto' },
        },
      ]);
      expect(calling?.filters).toEqual([]);
      const taking = sidecars.filter(({ role }) => role === 'server');
      expect(taking.map(({ workload }) => workload)).toEqual(['edge-app-east', 'edge-app-west']);
      for (const { inbound } of taking) {
        expect(inbound).toMatchObject([{ port: 8080, accepts: { value: 'mtls', from: { by: 'scenario' } } }]);
        expect(inbound[0]?.filters).toEqual([]);
      }
    });

    test('an instance that is not there is an error', async () => {
      await expect(environment.admin('nobody-1', '/stats', 1_000)).rejects.toThrow('nobody-1');
    });

    test('a load is shared by its generators, and answered', async () => {
      const { requests, answers } = await load();
      expect(requests).toBeGreaterThan(140);
      expect(requests).toBeLessThan(160);
      expect(answers['2xx']).toBe(requests);
    });

    test('a fault of the app shows in the answers, and goes away', async () => {
      const servers = environment.instances.filter(isServer);
      const behaviour = { kind: 'error', status: 503, rate: 1 } as const;
      for (const { name } of servers) {
        await environment.perform({
          do: 'set-fault',
          target: { kind: 'instance', name },
          id: 'broken',
          behaviour,
        });
      }
      expect((await load()).answers['5xx']).toBeGreaterThan(140);
      for (const { name } of servers) {
        await environment.perform({ do: 'clear-fault', target: { kind: 'instance', name }, id: 'broken' });
      }
      await nothingEjected();
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
    });

    test('a killed instance answers nothing until it is started again, and nobody calls that a loss', async () => {
      const over = new AbortController();
      const watched = watchHosts(over.signal);
      const killed = ['edge-app-east-1', 'edge-app-east-2'].map(
        (name) => ({ kind: 'instance', name }) as const,
      );
      for (const target of killed) {
        await environment.perform({ do: 'kill', target });
      }
      const during = await load(killed.map(({ name }) => name));
      expect(during.answers['2xx']).toBeLessThan(during.requests);
      await Promise.all(killed.map((target) => environment.perform({ do: 'start', target })));
      // The client may take a moment to connect again.
      await load();
      await nothingEjected();
      const after = await load();
      expect(after.answers['2xx']).toBe(after.requests);
      expect(lost).toBeUndefined();
      over.abort();
      const { changes, looks, wrong } = await watched;
      expect(wrong).toEqual([]);
      expect(changes).toBeGreaterThan(0);
      expect(looks).toBeGreaterThan(10);
    });

    test('processes are told by name', async () => {
      const names = (await environment.processes()).map(({ name }) => name);
      expect(names).toContain('istiod');
      expect(names).toContain('frontend-1/sidecar');
      expect(names).toContain('edge-app-west-1/app');
    });

    test('without its control plane the mesh goes on, and its sidecars know', async () => {
      const target = { kind: 'control-plane' } as const;
      const before = (await statistics())?.controlPlane;
      await environment.perform({ do: 'stop-control-plane', target });
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
      const during = (await statistics())?.controlPlane;
      expect(during?.streams).toBeGreaterThan(before?.streams ?? 0);
      await environment.perform({ do: 'start-control-plane', target });
      const deadline = Date.now() + 60_000;
      const updates = async () => (await statistics())?.controlPlane.updates ?? 0;
      while ((await updates()) <= (during?.updates ?? 0) && Date.now() < deadline) await sleep(200);
      expect(await updates()).toBeGreaterThan(during?.updates ?? 0);
      expect(lost).toBeUndefined();
    });

    test('a control plane that comes back takes no host from the sidecars', async () => {
      const target = { kind: 'control-plane' } as const;
      const clients = ['frontend-1', 'frontend-2'];
      const eachClient = <T>(what: (name: string) => Promise<T>) => Promise.all(clients.map(what));
      const known = async (name: string) =>
        istio.telemetry.statistics
          .hosts(await ask(istio.telemetry.statistics.hostsPath, name))
          .get('edge-app')?.length;
      const updates = async (name: string) => (await statistics(name))?.controlPlane.updates ?? 0;
      for (let time = 0; time < controlPlaneReturns; time++) {
        await environment.perform({ do: 'stop-control-plane', target });
        const before = await eachClient(updates);
        const failed = environment
          .perform({ do: 'start-control-plane', target })
          .then(() => undefined)
          .catch((error: Error) => error);
        const deadline = Date.now() + 60_000;
        const heard = async () =>
          (await eachClient(updates)).every((now, index) => now > (before[index] ?? 0));
        // What it would take back it says within a second of the first that they hear.
        for (let looksLeft = 20; looksLeft > 0; await sleep(50)) {
          expect(await eachClient(known)).toEqual([3, 3]);
          if (await heard()) looksLeft--;
          else expect(Date.now(), 'both sidecars hear from it again').toBeLessThan(deadline);
        }
        expect(await failed).toBeUndefined();
      }
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
      expect(lost).toBeUndefined();
    });

    test('other mesh configuration takes the place of the one before, and every sidecar holds it', async () => {
      const clusters = async () => (await ask('/clusters')).split('\n');
      for (const limit of [7, 11]) {
        const arrivals = await environment.configure(
          parse(
            configuration.replace(
              'outlierDetection:',
              `connectionPool: { tcp: { maxConnections: ${limit} } }\n    outlierDetection:`,
            ),
          ),
        );
        expect([...arrivals.keys()].sort()).toEqual(environment.instances.map(({ name }) => name).sort());
        for (const ms of arrivals.values()) expect(ms).toBeGreaterThan(0);
        expect(await clusters()).toContainEqual(
          expect.stringMatching(new RegExp(`edge-app.*default_priority::max_connections::${limit}$`)),
        );
      }
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
    });

    test('what one trial has ejected is forgotten when the next one gets its configuration', async () => {
      const { name } = environment.instances.find(isServer) ?? { name: '' };
      const long = configuration.replace('baseEjectionTime: 1s', 'baseEjectionTime: 300s');
      await environment.configure(parse(long));
      const behaviour = { kind: 'error', status: 503, rate: 1 } as const;
      await environment.perform({
        do: 'set-fault',
        target: { kind: 'instance', name },
        id: 'broken',
        behaviour,
      });
      await load();
      await environment.perform({ do: 'clear-fault', target: { kind: 'instance', name }, id: 'broken' });
      const ejected = async () => (await statistics())?.hosts.filter((host) => host.ejected).length;
      expect(await ejected()).toBe(1);
      await environment.configure(parse(long));
      expect(await ejected()).toBe(0);
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
    });

    whereChanged(
      'a change under load makes nothing anew, and comes to the sidecars that no fault has taken down',
      async () => {
        const long = configuration.replace('baseEjectionTime: 1s', 'baseEjectionTime: 300s');
        await environment.configure(parse(long));
        const [broken, killed] = environment.instances.filter(isServer).map(({ name }) => name);
        const target = { kind: 'instance', name: broken ?? '' } as const;
        const gone = { kind: 'instance', name: killed ?? '' } as const;
        const behaviour = { kind: 'error', status: 503, rate: 1 } as const;
        await environment.perform({ do: 'set-fault', target, id: 'broken', behaviour });
        await load();
        await environment.perform({ do: 'clear-fault', target, id: 'broken' });
        const ejected = async () => (await statistics())?.hosts.filter((host) => host.ejected).length;
        expect(await ejected()).toBe(1);
        await environment.perform({ do: 'kill', target: gone });
        const routed = `${long}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: routed }
spec: { hosts: [edge-app], http: [{ name: routed, route: [{ destination: { host: edge-app } }] }] }
`;
        const arrivals = await environment.change(parse(routed));
        const others = environment.instances.map(({ name }) => name).filter((name) => name !== killed);
        expect([...arrivals.keys()].sort()).toEqual(others.sort());
        expect(await ask('/config_dump?resource=dynamic_route_configs')).toContain('"name": "routed"');
        expect(await ejected()).toBe(1);
        await environment.perform({ do: 'start', target: gone });
        await environment.change(parse(long));
        expect(await ask('/config_dump?resource=dynamic_route_configs')).not.toContain('"name": "routed"');
        expect(await ejected()).toBe(1);
        await environment.configure(parse(configuration));
        expect(await ejected()).toBe(0);
        expect(lost).toBeUndefined();
      },
    );

    whereChanged(
      'while the control plane is gone a change waits for it, and so does what is started, without anybody waiting for that',
      async () => {
        const controlPlane = { kind: 'control-plane' } as const;
        const target = { kind: 'instance', name: environment.instances.find(isServer)?.name ?? '' } as const;
        const taken = async () =>
          (await environment.admin(target.name, '/listeners', 5_000)).includes('8080');
        await environment.perform({ do: 'stop-control-plane', target: controlPlane });
        await environment.perform({ do: 'kill', target });
        await environment.perform({ do: 'start', target });
        expect(await taken()).toBe(false);
        const named = (name: string) => `${configuration}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: routed }
spec: { hosts: [edge-app], http: [{ name: ${name}, route: [{ destination: { host: edge-app } }] }] }
`;
        const begun = Date.now();
        let arrived = false;
        const changing = environment.change(parse(named('later'))).then((arrivals) => {
          arrived = true;
          return arrivals;
        });
        changing.catch(() => {});
        await sleep(2_000);
        expect(arrived).toBe(false);
        expect(await ask('/config_dump?resource=dynamic_route_configs')).not.toContain('"name": "later"');
        const back = Date.now() - begun;
        await environment.perform({ do: 'start-control-plane', target: controlPlane });
        const arrivals = await changing;
        expect([...arrivals.keys()].sort()).toEqual(environment.instances.map(({ name }) => name).sort());
        for (const ms of arrivals.values()) expect(ms).toBeGreaterThan(back);
        expect(await ask('/config_dump?resource=dynamic_route_configs')).toContain('"name": "later"');
        expect(await taken()).toBe(true);
        await environment.configure(parse(configuration));
        const { requests, answers } = await load();
        expect(answers['2xx']).toBe(requests);
        expect(lost).toBeUndefined();
      },
    );

    whereChanged(
      'hosts that configuration takes away are not waited for in vain, and come back with the next one',
      async () => {
        const known = async () =>
          istio.telemetry.statistics.hosts(await ask(istio.telemetry.statistics.hostsPath)).get('edge-app')
            ?.length;
        const all = environment.instances.filter(isServer).length;
        expect(await known()).toBe(all);
        const ownZone = `loadBalancer: { localityLbSetting: { distribute: [{ from: region1/zone-east/*, to: { "region1/zone-east/*": 100 } }] } }`;
        await environment.configure(
          parse(configuration.replace('outlierDetection:', `${ownZone}\n    outlierDetection:`)),
        );
        expect(await known()).toBeLessThan(all);
        const { requests, answers } = await load();
        expect(answers['2xx']).toBe(requests);
        await environment.configure(parse(configuration));
        expect(await known()).toBe(all);
      },
    );

    test('configuration that Envoy rejects is told with its words, and the next one comes all the same', async () => {
      const broken = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: broken }
spec:
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch:
        operation: MERGE
        value: { ring_hash_lb_config: { minimum_ring_size: 9000000 }, lb_policy: RING_HASH }
`;
      await expect(environment.configure(parse(broken))).rejects.toThrow(
        /rejected its configuration.*MinimumRingSize/s,
      );
      await environment.configure(parse(configuration));
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
      expect(lost).toBeUndefined();
    });

    test('a trial that is given up leaves a lab that the next one can use', async () => {
      trials += 1;
      const [planned] = plan.trial.loads;
      if (!planned) throw new Error('the plan has no load');
      {
        const logs = join(folder, 'logs');
        await using trial = await environment.trial({ evidence: join(folder, `trial-${trials}`), logs });
        await using prepared = await trial.prepareLoad(
          loadJob(planned, mesh.serviceHost('edge-app', 'default')),
        );
        await prepared.begin();
        await sleep(300);
      }
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
    });

    test('a trial that is interrupted takes back what its fault has killed, and the next one finds all as before', async () => {
      const file = join(folder, 'interrupted.yaml');
      const outage = `faults: [{ kind: zone-outage, on: { zone: region1/zone-east }, at: 1s, for: 50s }]`;
      writeFileSync(file, `${scenario.replace('duration: 2s', 'duration: 60s')}${outage}\n`);
      const { plan: interrupted } = await planExperiment(file, { set: [], config: [] });
      const interrupt = new AbortController();
      trials += 1;
      const outcome = await runTrial({
        lab: environment,
        mesh,
        trial: interrupted.trial,
        topology: interrupted.topology,
        configuration: { files: [], resources: [] },
        steps: [],
        runId: 'interrupted',
        environment: 'contract',
        folder: { evidence: join(folder, `trial-${trials}`), logs: join(folder, 'logs') },
        signal: interrupt.signal,
        watcher: {
          step: () => {},
          load: () => {},
          fault: () => setTimeout(() => interrupt.abort(), 1_000),
        },
      });
      expect(outcome.interrupted).toBe(true);
      await environment.configure(parse(configuration));
      const { requests, answers } = await load();
      expect(answers['2xx']).toBe(requests);
      expect(lost).toBeUndefined();
    });
  });
}
