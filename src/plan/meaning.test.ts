import { describe, expect, it } from 'vitest';
import { waysToWrite } from '../load/written.ts';
import { type Scenario, scenarioSchema } from '../scenario/schema.ts';
import { mistakesInMeaning } from './meaning.ts';

const shop = { workloads: [{ name: 'shop', locality: 'region1/east', replicas: 2 }] };
const client = { workloads: [{ name: 'client', locality: 'region1/east' }] };
const load = { from: 'client', to: 'shop' };
const open = { ...load, rate: '100/s', duration: '30s' };
const error = { kind: 'error', on: { service: 'shop' }, at: '5s', for: '5s' };
const steady = { kind: 'success-rate', during: 'steady', atLeast: '99%' };

function scenario(changes: object = {}): Scenario {
  return scenarioSchema.parse({
    name: 'example',
    description: 'An example.',
    topology: { services: { shop, client } },
    load: open,
    faults: [error],
    checks: [steady],
    ...changes,
  });
}

const services = (changes: object) => ({ topology: { services: { shop, client, ...changes } } });
const other = (name: string, ...calls: readonly string[]) => ({
  app: { calls: calls.map((to) => ({ to })) },
  workloads: [{ name, locality: 'region1/east' }],
});
const loaded = (changes: object) => ({ load: { ...open, ...changes } });
const stages = (...all: object[]) => ({ load: { ...load, stages: all } });
const named = (name: string) => ({ ...open, name });
const faulty = (changes: object) => ({ faults: [{ ...error, ...changes }] });
const slow = { faults: [{ kind: 'latency', on: { service: 'shop' }, delay: '1s', at: '5s', for: '5s' }] };
const guard = { kind: 'success-rate', atLeast: '99%', over: '2s', for: '4s' };
const changed = (...all: object[]) => ({
  changes: all.map((each) => ({ name: 'one', at: '5s', apply: ['mesh.yaml'], ...each })),
});
const checked = (...checks: object[]) => ({ checks });
const probed = (probe: object) => ({
  probes: [{ name: 'who', expect: { status: 200 }, ...probe }],
  ...checked(steady, { kind: 'expectations', during: 'run' }),
});

/** What is changed → the one mistake in it: where, what is wrong, and what would be right. */
const table: [string, object, string][] = [
  [
    'whole traces through a sidecar that is ended',
    {
      mesh: { tracing: {}, configuration: [] },
      faults: [{ kind: 'kill', on: { service: 'shop' }, at: '5s', for: '5s' }],
      ...checked(steady, { kind: 'complete-traces', during: 'run' }),
    },
    'checks.1.kind: kill ends sidecars, and what those have not reported yet is in no trace, whatever the mesh does | check it in a scenario without that fault',
  ],
  [
    'an error of a port of bytes',
    { ...services({ shop: { ...shop, portName: 'tcp-shop' } }), ...loaded({ reuse: false }) },
    'faults.0.kind: shop is called as bytes (portName), and of a status in them no sidecar knows | kill, latency or a fault of the network shows there',
  ],
  [
    'a port of HTTP/1.1 before an app that speaks gRPC',
    services({ shop: { ...shop, app: { protocol: 'grpc' }, portName: 'http-shop' } }),
    'topology.services.shop.portName: its sidecar would speak HTTP/1.1 to the app, and the app speaks HTTP/2 alone (app.protocol: grpc) | http2 or grpc; or tcp, which is any bytes',
  ],
  [
    'a port of gRPC before an app that speaks HTTP/1.1',
    services({ shop: { ...shop, portName: 'grpc' } }),
    'topology.services.shop.portName: its sidecar would speak HTTP/2 to the app, and the app speaks HTTP/1.1 alone (app.protocol: http1) | http; or tcp, which is any bytes',
  ],
  [
    'a host of a gateway, called past the mesh',
    {
      topology: {
        services: { shop, client },
        gateways: {
          edge: {
            kind: 'ingress',
            port: 8443,
            hosts: ['shop.example.com'],
            workloads: [{ name: 'edge', locality: 'region1/east' }],
          },
        },
      },
      ...loaded({ to: 'shop.example.com', direct: true }),
    },
    'load.direct: shop.example.com is a host of a gateway: past the mesh nobody knows whom it leads to | leave direct out, or call a service',
  ],
  [
    'metrics of a port of bytes',
    {
      ...services({ shop: { ...shop, portName: 'tcp-shop' } }),
      ...loaded({ reuse: false }),
      ...slow,
      ...checked(steady, { kind: 'metrics-agree', of: 'requests' }),
    },
    'checks.1.kind: shop is called as bytes (portName), of which sidecars count connections and no requests | leave it out, or call a service that speaks HTTP to its callers',
  ],
  [
    'metrics of requests that a probe sends as well',
    {
      ...probed({ from: 'client', to: 'shop' }),
      ...checked({ kind: 'expectations', during: 'run' }, { kind: 'metrics-agree', of: 'requests' }),
    },
    'checks.1.kind: the sidecar of client counts what the probe who sends to shop as well, which is of no load | let the probe come from another service',
  ],
  [
    'traces of a port of bytes',
    {
      ...services({ shop: { ...shop, portName: 'tcp-shop' } }),
      ...loaded({ reuse: false }),
      ...slow,
      mesh: { tracing: {}, configuration: [] },
      ...checked(steady, { kind: 'complete-traces', during: 'run' }),
    },
    'checks.1.kind: shop is called as bytes (portName), of which no sidecar makes a trace | check a load whose service speaks HTTP to its callers',
  ],
  [
    'a port of the sidecar',
    services({ shop: { ...shop, port: 15_006 } }),
    "topology.services.shop.port: port 15006 is taken by the sidecar or the sample app's control interface | not 15000 to 15100, 18080 or 18081",
  ],
  [
    'a port of the app',
    services({ shop: { ...shop, port: 18_081 } }),
    "topology.services.shop.port: port 18081 is taken by the sidecar or the sample app's control interface | not 15000 to 15100, 18080 or 18081",
  ],
  [
    'a call of nobody',
    services({ shop: { ...shop, app: { calls: [{ to: 'stok' }] } }, stock: other('stock') }),
    'topology.services.shop.app.calls.0.to: there is no service "stok" in the topology | did you mean "stock"? allowed: shop, client, stock',
  ],
  [
    'a call of a client',
    services({ shop: { ...shop, app: { calls: [{ to: 'client' }] } } }),
    'topology.services.shop.app.calls.0.to: "client" sends loads or probes and runs no app | a service sends or answers',
  ],
  [
    'a call by a client',
    services({ client: { ...client, app: { calls: [{ to: 'shop' }] } } }),
    'topology.services.client.app.calls.0.to: "client" sends loads or probes and runs no app that could call | a service sends or answers',
  ],
  [
    'a call of itself',
    services({ shop: { ...shop, app: { calls: [{ to: 'shop' }] } } }),
    'topology.services.shop.app.calls.0.to: an app that calls its own service never answers | call another one',
  ],
  [
    'calls in a circle',
    services({
      shop: { ...shop, app: { calls: [{ to: 'stock' }] } },
      stock: other('stock', 'ledger'),
      ledger: other('ledger', 'bank', 'stock'),
      bank: other('bank'),
    }),
    'topology.services.ledger.app.calls.1.to: the calls go round in a circle: stock → ledger → stock | a request would never be answered; leave one of these calls out',
  ],
  [
    'apps that wait for each other at their start',
    services({
      shop: { ...shop, app: { startCalls: [{ to: 'stock' }] } },
      stock: { ...other('stock'), app: { startCalls: [{ to: 'shop' }] } },
    }),
    'topology.services.stock.app.startCalls.0.to: the calls go round in a circle: shop → stock → shop | none of them could start; leave one of these calls out',
  ],
  [
    'a call at the start to a service that is not there',
    services({ shop: { ...shop, app: { startCalls: [{ to: 'stok' }] } } }),
    'topology.services.shop.app.startCalls.0.to: there is no service "stok" in the topology | did you mean "shop"? allowed: shop, client',
  ],
  [
    'a restart that is over before it has begun',
    { faults: [{ ...error, kind: 'restart', for: '5s' }] },
    'faults.0.for: it goes on for 5 s when it is told to stop (sidecar.drain, app.drain): it would hardly be down, or not at all | use 6s or longer',
  ],
  [
    'attempts at a service that is not there',
    checked({ kind: 'attempts', during: 'run', service: 'shpo', atMost: 1 }),
    'checks.0.service: there is no service "shpo" | did you mean "shop"? allowed: shop',
  ],
  [
    'calls that become too many',
    services({
      shop: { ...shop, app: { calls: Array.from({ length: 10 }, () => ({ to: 'stock' })) } },
      stock: other('stock', ...Array.from({ length: 10 }, () => 'ledger')),
      ledger: other('ledger'),
    }),
    'topology.services.shop.app.calls: one request for shop becomes 110 calls, at most 100 are allowed | every call of a call counts; leave some out',
  ],
  [
    'a port twice',
    services({ shop: { ...shop, extraPorts: [9090, 9090] } }),
    'topology.services.shop.extraPorts.1: the service has the port 9090 already | each is written once',
  ],
  [
    'an extra port that is the usual one',
    services({ shop: { ...shop, extraPorts: [8080] } }),
    'topology.services.shop.extraPorts.0: the service has the port 8080 already | each is written once',
  ],
  [
    'an extra port of the app',
    services({ shop: { ...shop, extraPorts: [18_081] } }),
    "topology.services.shop.extraPorts.0: port 18081 is taken by the sidecar or the sample app's control interface | not 15000 to 15100, 18080 or 18081",
  ],
  [
    'a load of a port that is not there',
    { ...services({ shop: { ...shop, extraPorts: [9090] } }), ...loaded({ port: 9091 }) },
    'load.port: shop has no port 9091 | it has 8080, 9090; more of them go into topology.services.shop.extraPorts',
  ],
  [
    'a call of a port that is not there',
    services({
      shop: { ...shop, app: { calls: [{ to: 'stock', port: 9090 }] } },
      stock: other('stock'),
    }),
    'topology.services.shop.app.calls.0.port: stock has no port 9090 | it has 8080; more of them go into topology.services.stock.extraPorts',
  ],
  [
    'a probe of a port that is not there',
    probed({ from: 'client', to: 'shop', port: 1 }),
    'probes.0.port: shop has no port 1 | it has 8080; more of them go into topology.services.shop.extraPorts',
  ],
  [
    'an app that keeps no connection',
    services({ shop: { ...shop, app: { keepAlive: '0s' } } }),
    'topology.services.shop.app.keepAlive: expected a duration above 0 | leave it out for an app that keeps idle connections longer than its sidecar does',
  ],
  [
    'idle connections of HTTP/2',
    services({ shop: { ...shop, app: { keepAlive: '5s', protocol: 'http2' } } }),
    'topology.services.shop.app.keepAlive: an app that speaks HTTP/2 closes no idle connection | leave it out, or the protocol',
  ],
  [
    'a workload twice',
    services({ other: shop }),
    'topology.services.other.workloads.0.name: there is already a workload "shop" in the service shop | names are unique over all services',
  ],
  [
    'no such service',
    loaded({ to: 'shoop' }),
    'load.to: there is no service "shoop" in the topology | did you mean "shop"? allowed: shop, client',
  ],
  [
    'the same service',
    loaded({ to: 'client' }),
    'load.to: from and to are the same service | the client needs a service of its own',
  ],
  [
    'pods of a client of several',
    {
      ...services({ client: { workloads: [...client.workloads, { name: 'b', locality: 'region1/west' }] } }),
      ...loaded({ pods: 3 }),
    },
    'load.pods: client has 2 replicas, and each is a generator; pods would be a second number for that | leave pods out, or give client one workload without replicas',
  ],
  [
    'a load twice',
    { load: [named('first'), named('first')] },
    'load.1.name: there is already a load "first" | names are unique',
  ],
  [
    'a load to a client',
    {
      ...services({ batch: { workloads: [{ name: 'batch', locality: 'region1/east' }] } }),
      load: [named('first'), { ...named('second'), from: 'batch', to: 'client' }],
    },
    'load.1.to: "client" sends loads or probes and runs no app | a service sends or answers',
  ],
  [
    'a probe from what the load calls',
    { ...probed({ from: 'shop', to: 'shop' }) },
    'probes.0.from: "shop" is called and runs an app | a service sends or answers',
  ],
  [
    'a service called as the place that is none',
    {
      ...services({ outside: { workloads: [{ name: 'outside', locality: 'region1/east' }] } }),
      ...probed({ from: 'outside', to: 'shop' }),
    },
    'topology.services.outside: probes are sent from outside, which means no service at all | give the service another name',
  ],
  [
    'pods of one client, told twice',
    { load: [{ ...named('first'), pods: 2 }, named('second')] },
    'load.1.pods: first has 2 pods of client, and they are the same | give both loads the same number',
  ],
  [
    'a mistake in one of several',
    { load: [named('first'), { ...named('second'), rate: '0/s' }] },
    'load.1.rate: expected a rate above 0',
  ],
  [
    'a check on no load',
    { load: [named('first'), named('second')], ...checked({ ...steady, load: 'thrid' }) },
    'checks.0.load: there is no load "thrid" | allowed: first, second',
  ],
  [
    'a check on a load that is over',
    {
      load: [named('first'), { ...named('second'), duration: '4s' }],
      ...checked({ ...steady, load: 'second', during: 'fault' }),
    },
    'checks.0.during: the fault lasts 0 s: there is nothing to look at | let the fault last longer',
  ],
  [
    'neither how much nor how long',
    { load },
    `load: the load says neither how much nor how long | give ${waysToWrite}`,
  ],
  [
    'no duration',
    { load: { ...load, rate: '1/s' } },
    'load.rate: rate needs a duration beside it | such as duration: 30s',
  ],
  [
    'a closed loop without duration',
    { load: { ...load, closed: { users: 3 } } },
    'load.closed: closed needs a duration beside it | such as duration: 30s',
  ],
  [
    'two shapes',
    loaded({ closed: { users: 3 } }),
    `load.closed: closed and rate exclude each other | give ${waysToWrite}`,
  ],
  [
    'stages with a duration',
    { load: { ...load, duration: '9s', stages: [{ rate: '1/s', duration: '9s' }] } },
    'load.duration: stages have durations of their own; leave this one out',
  ],
  [
    'users in a closed loop',
    { load: { ...load, duration: '30s', closed: { users: 3 }, users: 3 } },
    'load.users: users does nothing with closed | give closed.users',
  ],
  [
    'users of a script',
    { load: { ...load, duration: '30s', script: 'own.js', users: 3 } },
    'load.users: users does nothing with script | the script has its own',
  ],
  ['a rate of 0', loaded({ rate: '0/s' }), 'load.rate: expected a rate above 0'],
  [
    'a rate too rare',
    loaded({ rate: '0.001/s' }),
    'load.rate: expected at least one request a minute, got 0.06/m | 1/m is the slowest load',
  ],
  [
    'a stage too rare',
    stages({ rate: '10/s', duration: '9s' }, { rate: '0.5/m', duration: '9s' }),
    'load.stages.1.rate: expected at least one request a minute, got 0.5/m | 1/m is the slowest load',
  ],
  ['only stages of 0', stages({ rate: '0/s', duration: '30s' }), 'load.stages: every stage has a rate of 0'],
  [
    'a stage of no length',
    stages({ rate: '9/s', duration: '30s' }, { rate: '1/s', duration: '0s' }),
    'load.stages.1.duration: expected a duration above 0',
  ],
  ['a timeout of 0', loaded({ timeout: '0s' }), 'load.timeout: expected a duration above 0'],
  ['a load of days', loaded({ duration: '25h' }), 'load.duration: the load lasts longer than 1440 min'],
  [
    'a warmup alone',
    loaded({ warmup: '30s' }),
    'load.duration: the load lasts 30 s, and the warmup alone takes 30 s',
  ],
  [
    'stages shorter than the warmup',
    stages({ rate: '9/s', duration: '1s' }),
    'load.stages: the load lasts 1 s, and the warmup alone takes 2 s',
  ],
  [
    'too many users',
    loaded({ rate: '9000/s' }),
    'load.rate: this takes 49500 virtual users; at most 20000 fit on one machine | lower the rate or maxLatency',
  ],
  [
    'too many users by name',
    loaded({ users: 20_001 }),
    'load.users: this takes 20001 virtual users; at most 20000 fit on one machine | give at most 20000',
  ],
  [
    'a fault twice',
    {
      faults: [
        { ...error, name: 'first' },
        { ...error, name: 'first' },
      ],
    },
    'faults.1.name: there is already a fault "first" | names are unique',
  ],
  [
    'a fault of no length',
    faulty({ for: '0s' }),
    'faults.0.for: expected a duration above 0 | every fault lasts and ends',
  ],
  [
    'an error on nothing',
    faulty({ rate: '0%' }),
    'faults.0.rate: it hits 0 % of the requests: that is no fault',
  ],
  [
    'a delay of nothing',
    { faults: [{ ...error, kind: 'latency', delay: '0ms' }] },
    'faults.0.delay: a delay of 0 ms is no fault',
  ],
  [
    'a fault in the warmup',
    { ...faulty({ at: '2s' }), checks: [{ ...steady, during: 'run' }] },
    'faults.0.at: it starts at 2 s, when the warmup of 2 s is not over | between the two lies the steady state that the fault is compared with',
  ],
  [
    'a fault that outlasts the load',
    faulty({ for: '26s' }),
    'faults.0.for: it ends at 31 s, after the load, which lasts 30 s',
  ],
  [
    'a fault after the load',
    faulty({ at: '30s' }),
    'faults.0.at: it ends at 35 s, after the load, which lasts 30 s',
  ],
  [
    'a change twice',
    changed({ name: 'one', at: '5s' }, { name: 'one', at: '6s' }),
    'changes.1.name: there is already a change "one" | names are unique',
  ],
  [
    'a change of nothing',
    { changes: [{ name: 'one', at: '5s' }] },
    'changes.0: one changes nothing | name files under apply, or resources under delete',
  ],
  [
    'a change in the warmup',
    { ...changed({ at: '2s' }), checks: [{ ...steady, during: 'run' }] },
    'changes.0.at: it comes at 2 s, when the warmup of 2 s is not over | between the two lies the steady state that the change is compared with',
  ],
  [
    'a change after the load',
    changed({ at: '30s' }),
    'changes.0.at: it comes at 30 s, when the load, which lasts 30 s, is over',
  ],
  [
    'changes in another order',
    changed({ name: 'late', at: '9s' }, { name: 'early', at: '8s' }),
    'changes.1.at: it comes at 8 s, and late, which stands before it, at 9 s | write changes in the order of their times',
  ],
  [
    'a change that nobody hears of',
    { ...changed({ at: '6s' }), faults: [{ kind: 'control-plane-outage', at: '5s', for: '25s' }] },
    'changes.0.at: the control plane is gone until 30 s, and with it the load ends: no sidecar would hear of the change | let the load go on for longer, or the outage end sooner',
  ],
  [
    'a change at the moment when the control plane goes',
    { ...changed({ at: '6s' }), faults: [{ kind: 'control-plane-outage', at: '6s', for: '5s' }] },
    'changes.0.at: the control plane goes at 6 s too, and whether sidecars hear of the change before is chance | let it come half a second sooner or later',
  ],
  [
    'a change after one that nobody hears of yet',
    {
      ...changed({ name: 'one', at: '6s' }, { name: 'two', at: '8s' }),
      faults: [{ kind: 'control-plane-outage', at: '5s', for: '5s' }],
    },
    'changes.1.at: it comes at 8 s, and one, which stands before it, reaches no sidecar before the control plane is back at 10 s | make one change of the two, or let this one come later',
  ],
  [
    'a guard that only begins to watch when the control plane is back',
    {
      ...changed({ name: 'one', at: '6s', guard }, { name: 'two', at: '13s' }),
      faults: [{ kind: 'control-plane-outage', at: '5s', for: '5s' }],
    },
    'changes.0.guard.for: it watches until 14 s, and two comes at 13 s',
  ],
  [
    'time that counts from the end of a fault that keeps nothing back',
    {
      ...changed({ at: '6s' }),
      faults: [{ ...error, at: '5s', for: '5s' }],
      checks: [steady, { kind: 'convergence', fault: 'error', atMost: '1s' }],
    },
    'checks.1.fault: error keeps no change from the sidecars, so that no time counts from its end | leave it out, or name a control-plane-outage',
  ],
  [
    'time that counts from the end of an outage that the change does not come in',
    {
      ...changed({ at: '4s' }),
      faults: [{ kind: 'control-plane-outage', at: '5s', for: '5s' }],
      checks: [steady, { kind: 'convergence', fault: 'control-plane-outage', atMost: '1s' }],
    },
    'checks.1.fault: one comes at 4 s, and control-plane-outage lasts from 5 s to 10 s | leave it out: time then counts from when the change is made',
  ],
  [
    'more time for a change than there is when the control plane is back',
    {
      ...changed({ at: '6s' }),
      faults: [{ kind: 'control-plane-outage', at: '5s', for: '5s' }],
      checks: [steady, { kind: 'convergence', fault: 'control-plane-outage', atMost: '21s' }],
    },
    'checks.1.atMost: the change lasts 20 s, so nobody can wait 21 s in it | let the next change come later, or the load go on for longer',
  ],
  [
    'a guard that never sees enough',
    changed({ guard: { ...guard, over: '9s' } }),
    'changes.0.guard.over: it looks at 9 s each time and watches for 4 s, so it would never have seen enough | let it watch longer, or look at less',
  ],
  [
    'a guard that goes on into the next change',
    changed({ name: 'one', at: '5s', guard }, { name: 'two', at: '8s' }),
    'changes.0.guard.for: it watches until 9 s, and two comes at 8 s',
  ],
  [
    'a guard that outlasts the load',
    changed({ at: '28s', guard }),
    'changes.0.guard.for: it watches until 32 s, and the load ends at 30 s',
  ],
  [
    'a guard that outlasts its load, if not all of them',
    {
      ...services({ other: { workloads: [{ name: 'other', locality: 'region1/east' }] } }),
      load: [
        { ...open, name: 'short', from: 'other', duration: '10s' },
        { ...open, name: 'long' },
      ],
      ...changed({ at: '7s', guard: { ...guard, load: 'short' } }),
    },
    'changes.0.guard.for: it watches until 11 s, and the load short ends at 10 s',
  ],
  [
    'a guard of one of two loads that nobody counts apart',
    {
      load: [
        { ...open, name: 'browse' },
        { ...open, name: 'buy' },
      ],
      ...changed({ guard: { ...guard, load: 'buy' } }),
    },
    'changes.0.guard.load: browse calls shop from client as well, and sidecars count the two together | let it watch all loads, or give one of the two a client of its own',
  ],
  [
    'a guard of a load that is over',
    {
      ...services({ other: { workloads: [{ name: 'other', locality: 'region1/east' }] } }),
      load: [
        { ...open, name: 'short', from: 'other', duration: '10s' },
        { ...open, name: 'long' },
      ],
      ...changed({ at: '15s', guard: { ...guard, load: 'short' } }),
    },
    'changes.0.guard.load: the load short is over at 10 s, and the change comes at 15 s',
  ],
  [
    'a guard that looks at no time at all',
    changed({ guard: { ...guard, over: '0s', for: '0s' } }),
    'changes.0.guard.over: it looks at 0 ms each time, in which nothing is to be seen | expected at least 500 ms',
  ],
  [
    'a guard that a light load never tells enough',
    { ...loaded({ rate: '8/s' }), ...changed({ guard }) },
    'changes.0.guard.over: in the 2 s that it looks at come at most 16 requests, and of fewer than 20 it says nothing | let it look at more, or the load be heavier',
  ],
  [
    'a guard that everything is within',
    changed({ guard: { ...guard, atLeast: '0%' } }),
    'changes.0.guard.atLeast: whatever comes is within this, so that nothing would be rolled back',
  ],
  [
    'a guard of no load',
    changed({ guard: { ...guard, load: 'other' } }),
    'changes.0.guard.load: there is no load "other" | allowed: load',
  ],
  [
    'a check on a change where there is none',
    checked({ ...steady, during: 'change' }),
    'checks.0.during: this looks at a change of the mesh configuration, and there is none',
  ],
  [
    'a check on one of several changes',
    {
      ...changed({ name: 'one', at: '5s' }, { name: 'two', at: '8s' }),
      checks: [{ kind: 'convergence', atMost: '1s' }],
    },
    'checks.0.kind: there are 2 changes; say which one | change: one, two',
  ],
  [
    'a check on no such change',
    {
      ...changed({ name: 'one', at: '5s' }),
      checks: [{ ...steady, during: 'change', change: 'ones' }],
    },
    'checks.0.change: there is no change "ones" | did you mean "one"? allowed: one',
  ],
  [
    'the change of another window',
    { ...changed({ name: 'one', at: '5s' }), checks: [{ ...steady, change: 'one' }] },
    'checks.0.change: steady belongs to no change; leave the name out',
  ],
  [
    'a share of nobody',
    checked({ kind: 'proportion', during: 'run', of: { workload: 'shopp' }, expected: '10%' }),
    'checks.0.of.workload: there is no workload "shopp" | did you mean "shop"? allowed: shop',
  ],
  [
    'a fault on a stopped process',
    {
      faults: [
        { ...error, kind: 'kill' },
        { ...error, at: '10s' },
      ],
    },
    'faults.1.at: shop-1 has the fault kill at the same time, and one of the two stops its process | let one end before the other starts',
  ],
  [
    'the control plane stopped twice',
    {
      faults: [
        { kind: 'control-plane-outage', at: '5s', for: '5s' },
        { kind: 'control-plane-outage', at: '10s', for: '5s' },
      ],
    },
    'faults.1.at: the control plane has the fault control-plane-outage at the same time, and one of the two stops its process | let one end before the other starts',
  ],
  [
    'a fault on no workload',
    faulty({ on: { workload: 'shopp' } }),
    'faults.0.on.workload: there is no workload "shopp" | did you mean "shop"? allowed: shop',
  ],
  [
    'two certificates at once',
    {
      faults: [
        { kind: 'certificate-rotated', on: { service: 'shop' }, at: '5s', for: '5s' },
        { kind: 'certificate-expired', on: { workload: 'shop', replica: 2 }, at: '7s', for: '5s' },
      ],
    },
    'faults.1.at: shop-2 has the fault certificate-rotated at the same time, and each of the two gives it a certificate | let one end before the other starts',
  ],
  [
    'a certificate while the authority changes',
    {
      faults: [
        { kind: 'certificate-foreign', on: { service: 'client' }, at: '5s', for: '5s' },
        { kind: 'authority-rotated', at: '7s', for: '5s' },
      ],
    },
    'faults.1.at: client-1 has the fault certificate-foreign at the same time, and each of the two gives it a certificate | let one end before the other starts',
  ],
  [
    'another authority while an instance is dead',
    {
      faults: [
        { kind: 'kill', on: { service: 'shop' }, at: '5s', for: '5s' },
        { kind: 'authority-rotated', at: '7s', for: '5s' },
      ],
    },
    'faults.1.at: shop-1 has the fault kill at the same time, and one of the two stops its process | let one end before the other starts',
  ],
  [
    'the right identity as the wrong one',
    {
      faults: [
        {
          kind: 'certificate-wrong-identity',
          on: { service: 'client' },
          serviceAccount: 'client',
          at: '5s',
          for: '5s',
        },
      ],
    },
    'faults.0.serviceAccount: that is the service account of client-1 itself: its identity would not be a wrong one',
  ],
  [
    'a client that is to be ejected',
    {
      faults: [{ kind: 'certificate-expired', on: { service: 'client' }, at: '5s', for: '5s' }],
      ...checked({ kind: 'time-to-eject', atMost: '1s' }),
    },
    'checks.0.kind: certificate-expired hits no instance that could leave or return | check the success rate or the latency during the fault',
  ],
  [
    'a fault on the client',
    faulty({ on: { service: 'client' } }),
    'faults.0.on.service: "client" is a client (load.from); it runs no app, the load stands in for it | allowed: shop',
  ],
  [
    'a fault in no zone',
    faulty({ on: { zone: 'region1/west' } }),
    'faults.0.on.zone: nothing runs in "region1/west" | did you mean "region1/east"? allowed: region1/east',
  ],
  [
    'a fault on no replica',
    faulty({ on: { workload: 'shop', replica: 3 } }),
    'faults.0.on.replica: shop has 2 replicas',
  ],
  [
    'a fault in the zone of the client alone',
    {
      ...services({ client: { workloads: [{ name: 'client', locality: 'region2/east' }] } }),
      ...faulty({ on: { zone: 'region2/east' } }),
    },
    'faults.0.on: only the load (client) runs in region2/east',
  ],
  [
    'a fault on a replica elsewhere',
    {
      ...services({ client: { workloads: [{ name: 'client', locality: 'region2/east' }] } }),
      ...faulty({ on: { service: 'shop', zone: 'region2/east' } }),
    },
    'faults.0.on: no replica is all of this at once',
  ],
  [
    'a check twice',
    checked({ ...steady, name: 'first' }, { ...steady, name: 'first' }),
    'checks.1.name: there is already a check "first" | names are unique',
  ],
  [
    'at least above at most',
    checked({ kind: 'ejections', during: 'run', atLeast: 3, atMost: 2 }),
    'checks.0.atLeast: nothing is that large and that small: atLeast is above atMost',
  ],
  [
    'a fault of the steady state',
    checked({ ...steady, fault: 'error' }),
    'checks.0.fault: steady belongs to no fault; leave the name out',
  ],
  [
    'no such fault',
    checked({ ...steady, during: 'fault', fault: 'eror' }),
    'checks.0.fault: there is no fault "eror" | did you mean "error"? allowed: error',
  ],
  [
    'a check on no fault',
    { faults: [], checks: [{ ...steady, during: 'fault' }] },
    'checks.0.during: this looks at a fault, and there is none',
  ],
  [
    'a check on no recovery',
    { faults: [], checks: [{ ...steady, during: 'recovery' }] },
    'checks.0.during: this looks at the recovery from a fault, and there is none',
  ],
  [
    'one of several faults',
    { faults: [error, { ...error, at: '15s' }], checks: [{ ...steady, during: 'fault' }] },
    'checks.0.during: there are 2 faults; say which one | fault: error, error-2',
  ],
  [
    'an ejection by nobody',
    {
      faults: [{ kind: 'control-plane-outage', at: '5s', for: '5s' }],
      checks: [{ kind: 'time-to-eject', atMost: '1s' }],
    },
    'checks.0.kind: control-plane-outage hits no instance that could leave or return | check the success rate or the latency during the fault',
  ],
  [
    'no recovery',
    { ...faulty({ for: '25s' }), checks: [{ ...steady, during: 'recovery' }] },
    'checks.0.during: the recovery lasts 0 s: there is nothing to look at | let the load go on after the fault has ended',
  ],
  [
    'nothing left of the fault',
    checked({ ...steady, during: 'fault', after: '5s' }),
    'checks.0.after: the fault lasts 5 s; nothing is left after 5 s',
  ],
  [
    'stretches that do not fit into the fault',
    checked({ kind: 'success-rate', atLeast: '99%', during: 'fault', after: '1s', over: '4500ms' }),
    'checks.0.over: the fault lasts 4 s, in which there is no stretch of 4.5 s | leave it out, or look at less at a time',
  ],
  [
    'stretches of next to no time',
    checked({ kind: 'error-rate', atMost: '1%', during: 'steady', over: '10ms' }),
    'checks.0.over: it looks at 10 ms at a time, in which hardly anything comes | expected at least 100 ms, such as 1s',
  ],
  [
    'longer than the fault',
    checked({ kind: 'time-to-eject', atMost: '6s' }),
    'checks.0.atMost: the fault lasts 5 s, so nobody can wait 6 s in it | let the fault last longer',
  ],
];

describe('what does not fit together is said with what would be right', () => {
  it('the example has no mistakes', () => {
    expect(mistakesInMeaning(scenario())).toEqual([]);
  });

  it.each(table)('%s', (_, changes, words) => {
    const said = mistakesInMeaning(scenario(changes)).map(({ path, message, hint }) =>
      [`${path.join('.')}: ${message}`, ...(hint === undefined ? [] : [hint])].join(' | '),
    );
    expect(said).toEqual([words]);
  });
});
