import { REPORT_SCHEMA, type Report } from './model.ts';

const STEP_MS = 500;
const STEPS = 120;
const PER_STEP = 200;
const FAULT_FROM = 20_180;
const FAULT_TO = 40_120;
const EJECTED_AT = 21_300;
const BACK_AT = 47_900;

const east = ['edge-app-east-1', 'edge-app-east-2'];
const west = ['edge-app-west-1', 'edge-app-west-2'];
const configuration = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: edge-app
  namespace: default
spec:
  host: edge-app.default.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 64
      http:
        http1MaxPendingRequests: 32
        maxRequestsPerConnection: 0
    loadBalancer:
      localityLbSetting:
        enabled: true
        failover:
          - from: eu-1/east
            to: eu-1/west
    # Half of the hosts live in one zone: less than 50 % would keep traffic there.
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 1s
      baseEjectionTime: 10s
      maxEjectionPercent: 100
`;

/** The same numbers every time, evenly spread over 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Step = { at: number; ok: number; shed: number; error: number; unanswered: number; east: number };

/** One minute at 400 requests a second: zone east dies after 20 s, comes back after 40 s. */
function steps(next: () => number): Step[] {
  return Array.from({ length: STEPS }, (_, index) => {
    const at = index * STEP_MS;
    const failing = at >= FAULT_FROM - STEP_MS && at < EJECTED_AT;
    const away = at >= EJECTED_AT && at < BACK_AT;
    const returning = Math.min(1, Math.max(0, (at - BACK_AT) / 2_500));
    const error = failing ? Math.round(18 + 40 * next()) : 0;
    const unanswered = failing ? Math.round(4 * next()) : 0;
    const shed = failing ? Math.round(6 + 10 * next()) : 0;
    const ok = PER_STEP - error - unanswered - shed;
    const share = away ? 0 : at >= BACK_AT ? returning : failing ? 0.35 : 1;
    return { at, ok, shed, error, unanswered, east: Math.round(ok * share) };
  });
}

function split(total: number, next: () => number): [number, number] {
  const first = Math.round(total / 2 + (next() - 0.5) * Math.sqrt(total) * 2);
  const kept = Math.min(total, Math.max(0, first));
  return [kept, total - kept];
}

const heldTables: NonNullable<Report['effective']> = [
  {
    who: 'frontend (eu-1/east)',
    about: 'calls of edge-app',
    sections: [
      {
        title: 'routes, the first that matches takes the request',
        rows: [
          { what: '1 /*', value: '→ edge-app:8080', from: 'default of Istio' },
          { what: 'timeout', value: 'no limit', from: 'default of Istio' },
        ],
      },
      {
        title: 'limits, for each sidecar',
        rows: [
          { what: 'connections', value: '64', source: 'zone-failover.mesh.yaml:11' },
          { what: 'waiting requests', value: '32', source: 'zone-failover.mesh.yaml:13' },
          { what: 'requests', value: 'no limit', from: 'default of Istio' },
        ],
      },
      {
        title: 'outlier detection',
        rows: [
          { what: 'answers of 500 and above', value: '5 in a row', source: 'zone-failover.mesh.yaml:23' },
          { what: 'ejected at once', value: 'at most 50 %', source: 'zone-failover.mesh.yaml:25' },
        ],
      },
      {
        title: 'written, and not in effect here',
        rows: [
          {
            what: 'zone-failover.mesh.yaml:16',
            value: 'spec.subsets[0].trafficPolicy: no route leads to the subset',
          },
        ],
      },
    ],
  },
  {
    who: 'edge-app-east (eu-1/east), edge-app-west (eu-1/west)',
    about: 'requests for edge-app',
    sections: [
      { title: 'filters', note: 'none', rows: [] },
      { title: 'port 8080', rows: [{ what: 'takes', value: 'mTLS only', from: 'the scenario' }] },
    ],
  },
];

/** A realistic report: failover of a zone within 5 s, four instances, 60 s. `verdict` changes what it found. */
export function sampleReport(verdict: Report['verdict'] = 'pass'): Report {
  const next = random(7);
  const all = steps(next);
  const sum = (of: (step: Step) => number, fromMs = 0, toMs = STEPS * STEP_MS) =>
    all.filter((step) => step.at >= fromMs && step.at < toMs).reduce((total, step) => total + of(step), 0);
  const answered: Record<string, number[]> = {};
  for (const name of [...east, ...west]) answered[name] = [];
  for (const step of all) {
    const eastern = split(step.east, next);
    const western = split(step.ok - step.east, next);
    east.forEach((name, index) => {
      answered[name]?.push(eastern[index] ?? 0);
    });
    west.forEach((name, index) => {
      answered[name]?.push(western[index] ?? 0);
    });
  }
  const windows: Report['windows'] = [
    { name: 'steady', fromMs: 2_000, toMs: FAULT_FROM },
    { name: 'fault', fault: 'east-down', fromMs: FAULT_FROM, toMs: FAULT_TO },
    { name: 'recovery', fault: 'east-down', fromMs: FAULT_TO, toMs: STEPS * STEP_MS },
  ];
  const total = { requests: STEPS * PER_STEP, ok: sum((s) => s.ok), shed: sum((s) => s.shed) };
  const errors = sum((s) => s.error);
  const unanswered = sum((s) => s.unanswered);
  const failed = (fromMs: number, toMs: number) =>
    sum((s) => s.error + s.unanswered, fromMs - STEP_MS, toMs - STEP_MS);
  const latency = (base: number, tail: number) =>
    all.map((step) => {
      const away = step.at >= EJECTED_AT && step.at < BACK_AT ? 6.5 : 0;
      const spike = step.error > 0 ? tail : 0;
      return Number((base + away + spike + (next() - 0.5) * base * 0.3).toFixed(2));
    });
  const gauge = (of: (step: Step) => number) => all.map(of);
  const windowOf = (name: 'steady' | 'fault' | 'recovery') =>
    windows.find((window) => window.name === name) ?? { name, fromMs: 0, toMs: 0 };
  const check = (
    name: string,
    kind: string,
    window: 'steady' | 'fault' | 'recovery',
    [observed, limit, value]: [string, string, number],
    samples: number,
  ): Report['checks'][number] => ({
    name,
    kind,
    status: 'pass',
    observed,
    limit,
    value,
    samples,
    window: windowOf(window),
  });
  const cpu = (base: number, under: (step: Step) => number = () => 0) =>
    all.map((step) => Number((base + under(step) + next() * 0.03).toFixed(3)));

  const report: Report = {
    schema: REPORT_SCHEMA,
    verdict,
    interrupted: false,
    summary:
      'When zone eu-1/east went down, traffic moved to eu-1/west in 1.24 s and came back 10.3 s after the zone did; 99.3 % of all requests succeeded.',
    run: {
      id: '20260314-101502-zone-failover-7f3a',
      startedAt: '2026-03-14T10:15:02.418Z',
      environment: 'local',
      mesh: 'istio 1.29.1',
      breakwater: '0.1.0',
      programs: { envoy: '1.37.1', istiod: '1.29.1', k6: '1.6.1' },
      machine: { cpus: 8, memoryBytes: 16 * 2 ** 30, platform: 'linux x64' },
      command: 'breakwater run scenarios/zone-failover.yaml --profile ci',
      seed: 2_718_281_828,
    },
    scenario: {
      name: 'zone-failover',
      description: 'When all of zone east goes down, zone west takes over within five seconds.',
      file: 'scenarios/zone-failover.yaml',
      profile: 'ci',
      load: '300 requests/s for 60 s, from frontend to edge-app; 100 requests/s for 60 s, from frontend to edge-app',
    },
    timing: { toFirstRequestMs: 1_184, loadMs: 60_000, wallMs: 64_902, overheadMs: 4_902 },
    traffic: {
      ...total,
      error: errors,
      unanswered,
      attempts: total.requests + 214,
      latencyMs: { p50: 7.9, p90: 17.2, p95: 21.6, p99: 84.3, max: 1_040.7 },
      generatorLatencyMs: { p50: 8.1, p95: 21.9 },
    },
    probes: [
      {
        name: 'identities',
        request: 'GET / from frontend to edge-app',
        expected: '200, the server sees frontend',
        status: 'pass',
        sent: 60,
        known: 60,
        met: 60,
        came: [
          {
            text: '200, answered by edge-app-east-1, the server saw spiffe://cluster.local/ns/default/sa/frontend',
            count: 41,
            met: 41,
          },
          {
            text: '200, answered by edge-app-west-1, the server saw spiffe://cluster.local/ns/default/sa/frontend',
            count: 19,
            met: 19,
          },
        ],
        rule: {
          text: 'The route that takes it, /*, leads to edge-app:8080.',
          setting: 'route: /* (default of Istio)',
        },
      },
      {
        name: 'identities',
        request: 'DELETE /admin from intruder to edge-app',
        expected: "403, refused by the server's sidecar",
        status: 'fail',
        sent: 60,
        known: 60,
        met: 0,
        came: [{ text: '200, answered by edge-app-east-1', count: 60, met: 0 }],
        rule: {
          text: 'No policy at edge-app refuses it: a request passes when one rule of an ALLOW policy fits it and no rule of a DENY policy does; the rules of one policy are alternatives.',
          setting: 'AuthorizationPolicy/edge-app spec.rules[0]: ALLOW',
          source: 'zone-failover.mesh.yaml:23',
        },
      },
    ],
    loads: [
      {
        name: 'checkout',
        description: '300 requests/s for 60 s, from frontend to edge-app',
        requests: total.requests - 6_000,
        ok: total.ok - 5_990,
        shed: total.shed,
        error: errors - 10,
        unanswered,
        latencyMs: { p50: 8.4, p90: 18, p95: 22.7, p99: 91.2, max: 1_040.7 },
      },
      {
        name: 'search',
        description: '100 requests/s for 60 s, from frontend to edge-app',
        requests: 6_000,
        ok: 5_990,
        shed: 0,
        error: 10,
        unanswered: 0,
        latencyMs: { p50: 6.1, p90: 12.5, p95: 17.3, p99: 40.2, max: 220.8 },
      },
    ],
    checks: [
      check('success rate at least 99.9 %', 'success-rate', 'steady', ['100 %', 'at least 99.9 %', 1], 7_272),
      check('p95 latency at most 25 ms', 'latency', 'steady', ['14.8 ms', 'at most 25 ms', 14.8], 7_272),
      check(
        'failed over within 5 s',
        'time-to-fail-over',
        'fault',
        ['1.24 s', 'at most 5 s', 1_240],
        sum((s) => s.ok, FAULT_FROM, FAULT_TO),
      ),
      check('ejected within 3 s', 'time-to-eject', 'fault', ['1.12 s', 'at most 3 s', 1_120], 40),
      check('success rate at least 97 %', 'success-rate', 'fault', ['97.6 %', 'at least 97 %', 0.976], 7_976),
      check(
        'traffic returned within 15 s',
        'time-to-return',
        'recovery',
        ['10.3 s', 'at most 15 s', 10_300],
        7_952,
      ),
    ],
    validity: [
      rule('enough-traffic', 'enough requests in every window', '7,272 in the smallest', 'at least 500'),
      rule('steady-state', 'the steady state held before the fault', '2 of 2 checks held', 'all'),
      rule('fault-effect', 'every fault had its effect', '1 of 1 proven', 'all'),
      rule('dropped-iterations', 'the load kept its rate', '0 % dropped', 'at most 0.1 %'),
      rule('generator-cpu', 'the generator had CPU to spare', '22.4 % of its share', 'at most 80 %'),
      rule('late-starts', 'requests started on time', 'p99 0.31 ms late', 'at most 1 ms'),
      rule('configuration', 'every sidecar accepted its configuration', '0 rejections', 'none'),
      rule('sums', 'k6, the sidecars and the servers agree', '24,000 of 24,000', 'all'),
      { ...rule('closed-loop', 'the loop is open', 'open loop', '-'), status: 'not-applicable' },
    ],
    faults: [
      {
        name: 'east-down',
        kind: 'zone-outage',
        description: 'every instance in eu-1/east refuses connections',
        targets: east,
        plannedAtMs: 20_000,
        plannedForMs: 20_000,
        injectedAtMs: FAULT_FROM,
        revertedAtMs: FAULT_TO,
        efficacy: {
          status: 'proven',
          observed: '100 % of 214 attempts unanswered (98.3 % to 100 %)',
          expected: 'at least 99 % unanswered',
          samples: 214,
        },
      },
    ],
    changes: [
      {
        name: 'half',
        description: 'puts in scenarios/mesh/canary-50.yaml',
        status: 'rolled-back',
        plannedAtMs: 45_000,
        changingAtMs: 45_004,
        arrivedAtMs: 45_248,
        arrivals: { 'frontend-1': 231, 'edge-app-west-1': 244 },
        atSwitch: { requests: 104, failed: 3 },
        guard: {
          description: 'success rate at least 99 % over 2 s',
          saw: '71.2 % of 804 requests',
          rollingBackAtMs: 47_260,
          rolledBackAtMs: 47_480,
        },
      },
      {
        name: 'all',
        description: 'puts in scenarios/mesh/canary-100.yaml',
        status: 'withheld',
        plannedAtMs: 52_000,
        arrivals: {},
      },
    ],
    windows,
    errors: [
      {
        flag: 'UF',
        status: 503,
        cause: 'Envoy could not connect to the host, and its retries ran out or found the same zone.',
        host: 'edge-app-east-1',
        zone: 'eu-1/east',
        count: Math.ceil(errors / 2),
        byWindow: { steady: 0, fault: Math.ceil(errors / 2), recovery: 0 },
        setting: 'DestinationRule/edge-app outlierDetection.consecutive5xxErrors: 5',
        source: 'zone-failover.mesh.yaml:23',
      },
      {
        flag: 'UF',
        status: 503,
        cause: 'Envoy could not connect to the host, and its retries ran out or found the same zone.',
        host: 'edge-app-east-2',
        zone: 'eu-1/east',
        count: Math.floor(errors / 2),
        byWindow: { steady: 0, fault: Math.floor(errors / 2), recovery: 0 },
        setting: 'DestinationRule/edge-app outlierDetection.consecutive5xxErrors: 5',
        source: 'zone-failover.mesh.yaml:23',
      },
      {
        flag: 'UO',
        status: 503,
        cause: "The client's sidecar refused the request: its queue for a connection was full.",
        host: '-',
        zone: '-',
        count: total.shed,
        byWindow: { steady: 0, fault: total.shed, recovery: 0 },
        setting: 'DestinationRule/edge-app connectionPool.http.http1MaxPendingRequests: 32',
        source: 'zone-failover.mesh.yaml:13',
      },
      {
        flag: 'DC',
        status: 0,
        cause: 'The caller gave up before an answer came.',
        host: 'edge-app-east-1',
        zone: 'eu-1/east',
        count: unanswered,
        byWindow: { steady: 0, fault: unanswered, recovery: 0 },
        setting: 'k6 timeout: 10s',
      },
    ],
    topology: {
      clients: [{ name: 'frontend-1', zone: 'eu-1/east' }],
      instances: [...east, ...west].map((name, index) => ({
        name,
        service: 'edge-app',
        workload: name.replace(/-\d$/, ''),
        zone: name.includes('east') ? 'eu-1/east' : 'eu-1/west',
        address: `127.18.0.${index + 2}:8080`,
      })),
      edges: [...east, ...west].map((name) => ({
        from: 'frontend-1',
        to: name,
        byWindow: Object.fromEntries(
          windows.map(({ name: window, fromMs, toMs }) => {
            const own = (answered[name] ?? [])
              .filter((_, index) => (index + 0.5) * STEP_MS >= fromMs && (index + 0.5) * STEP_MS < toMs)
              .reduce((a, b) => a + b, 0);
            const bad = east.includes(name) && window === 'fault' ? Math.round(failed(fromMs, toMs) / 2) : 0;
            return [window, { requests: own + bad, failed: bad }];
          }),
        ),
      })),
    },
    waterfalls: [
      {
        why: 'slowest',
        atMs: 21_204,
        latencyMs: 1_013.2,
        status: 200,
        trace: '7a1c64e0ff3b2d9586e1a2c3d4e5f601',
        bars: [
          {
            who: 'frontend-1',
            what: 'calls edge-app',
            depth: 0,
            fromMs: 0.4,
            ms: 1_012.8,
            status: 200,
            traced: true,
          },
          {
            who: 'edge-app-east-1',
            what: 'takes it',
            depth: 1,
            fromMs: 1,
            ms: 4.1,
            status: 503,
            traced: true,
          },
          {
            who: 'edge-app-west-1',
            what: 'takes it',
            depth: 1,
            fromMs: 30.9,
            ms: 981.7,
            status: 200,
            traced: true,
          },
          {
            who: 'edge-app-west-1',
            what: 'calls stock',
            depth: 2,
            fromMs: 36.2,
            ms: 970.1,
            status: 200,
            traced: false,
          },
        ],
      },
      {
        why: 'failed',
        atMs: 20_640,
        latencyMs: 2.3,
        status: 503,
        flaw: 'edge-app calls onward outside the trace of its request',
        bars: [
          {
            who: 'frontend-1',
            what: 'calls edge-app',
            depth: 0,
            fromMs: 0.5,
            ms: 1.8,
            status: 503,
            flag: 'UO',
            traced: false,
          },
        ],
      },
    ],
    traces: { provider: 'zipkin', requests: 24_000, sampled: 240, whole: 239 },
    series: {
      stepMs: STEP_MS,
      steps: STEPS,
      outcomes: {
        ok: all.map((s) => s.ok),
        shed: all.map((s) => s.shed),
        error: all.map((s) => s.error),
        unanswered: all.map((s) => s.unanswered),
      },
      latencyMs: { p50: latency(7.5, 3), p95: latency(14.5, 90), p99: latency(21, 640) },
      zones: {
        'eu-1/east': all.map((s) => s.east),
        'eu-1/west': all.map((s) => s.ok - s.east),
      },
      instances: answered,
      ejected: Object.fromEntries(
        [...east, ...west].map((name, index) => [
          name,
          gauge((s) => (index < 2 && s.at >= EJECTED_AT && s.at < BACK_AT + index * 600 ? 1 : 0)),
        ]),
      ),
      overflow: all.map((s) => s.shed),
      connections: gauge((s) => (s.error > 0 ? 64 : Math.round(8 + 4 * next()))),
      pending: gauge((s) => (s.error > 0 ? Math.round(20 + 12 * next()) : 0)),
      cpu: {
        k6: cpu(0.31),
        harness: cpu(0.06),
        istiod: cpu(0.02),
        'frontend-1/sidecar': cpu(0.2, (s) => (s.error > 0 ? 0.12 : 0)),
        ...Object.fromEntries(
          [...east, ...west].flatMap((name) => {
            const busy = (s: Step) => 0.0012 * (answered[name]?.[s.at / STEP_MS] ?? 0);
            return [
              [`${name}/sidecar`, cpu(0.01, busy)],
              [`${name}/app`, cpu(0.005, (s) => busy(s) / 3)],
            ];
          }),
        ),
      },
    },
    resources: {
      harness: { cpuMs: 4_120, maxRssBytes: 148 * 2 ** 20 },
      programs: {
        k6: { cpuMs: 19_400, maxRssBytes: 212 * 2 ** 20 },
        istiod: { cpuMs: 2_310, maxRssBytes: 131 * 2 ** 20 },
        'frontend-1/sidecar': { cpuMs: 13_020, maxRssBytes: 78 * 2 ** 20, requests: 12_000 },
      },
      connections: [{ client: 'frontend-1', service: 'edge-app', opened: 96, requests: 12_000 }],
    },
    effective: heldTables,
    configuration: [{ file: 'zone-failover.mesh.yaml', content: configuration }],
    gaps: [],
    notes: [
      'Two of the four hosts are in the zone that went down: with maxEjectionPercent below 50 % there would be no failover.',
    ],
  };
  if (verdict === 'fail') return failing(report);
  if (verdict === 'invalid') return invalid(report);
  return report;
}

function rule(name: string, title: string, observed: string, limit: string): Report['validity'][number] {
  return { rule: name, title, status: 'ok', observed, limit };
}

function failing(report: Report): Report {
  const checks = report.checks.map((check) =>
    check.kind === 'time-to-fail-over'
      ? {
          ...check,
          status: 'fail' as const,
          observed: '7.46 s',
          value: 7_460,
          detail:
            'Envoy ejected the second host only 6.9 s after the fault: 5 errors across 2 hosts are not 5 errors.',
          reason: {
            text: 'A host of edge-app is ejected after five errors in a row, which the two in eu-1/east shared.',
            setting: 'DestinationRule/edge-app spec.trafficPolicy.outlierDetection.consecutive5xxErrors: 5',
            source: 'zone-failover.mesh.yaml:23',
            others: [
              { setting: 'maxEjectionPercent: 10 % (default of Envoy)' },
              {
                setting: 'DestinationRule/edge-app spec.trafficPolicy.outlierDetection.interval: 1s',
                source: 'zone-failover.mesh.yaml:24',
              },
            ],
          },
        }
      : check,
  );
  const summary =
    'Traffic took 7.46 s to leave zone eu-1/east, 2.46 s longer than allowed; every other expectation held.';
  return { ...report, checks, summary };
}

function invalid(report: Report): Report {
  const violated: Report['validity'][number] = {
    rule: 'dropped-iterations',
    title: 'the load kept its rate',
    status: 'violated',
    observed: '3.2 % dropped',
    limit: 'at most 0.1 %',
    detail:
      'The load generator ran out of virtual users, so the mesh never saw the load the scenario asks for. Raise load.users above 2,000, or lower load.rate.',
  };
  return {
    ...report,
    validity: report.validity.map((finding) => (finding.rule === violated.rule ? violated : finding)),
    checks: report.checks.map((check, index) =>
      index === 1
        ? {
            ...check,
            status: 'invalid' as const,
            observed: 'no requests',
            samples: 12,
            detail: 'needs 100 samples',
          }
        : check,
    ),
    faults: report.faults.map((fault) => ({
      ...fault,
      efficacy: {
        ...fault.efficacy,
        status: 'unproven' as const,
        observed: '12 % of 214 attempts unanswered',
      },
    })),
    gaps: [{ what: 'statistics of frontend-1: its sidecar did not answer', fromMs: 30_000, toMs: 33_500 }],
    summary: 'The load generator dropped 3.2 % of its requests, so nothing can be concluded about the mesh.',
  };
}

/** What a hostile cluster could call things: markup, escapes, line breaks and endless names, everywhere. */
export function hostileReport(): Report {
  const attacks = [
    '<script>window.__pwned=1</script>',
    '</script><script>window.__pwned=2</script>',
    '"><img src=x onerror="window.__pwned=3">',
    "'; window.__pwned=4; //",
    ']]><x/>',
    '| a | `b` <details open ontoggle=alert(1)> @everyone #1',
    '\u2028window.__pwned=5\u2029',
    '\u001b[2J\u001b]0;pwned\u0007\u0000\ud800',
    '\u202egnp.exe',
    'javascript:alert(1)',
    `very-long-${'x'.repeat(600)}`,
    '</title></style><svg onload=alert(1)>',
  ];
  let turn = 0;
  const attack = () => attacks[turn++ % attacks.length] ?? '';
  const kept = new Set(['schema', 'verdict', 'status', 'startedAt', 'fault', 'zone', 'from', 'to']);
  const spoil = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return kept.has(key) ? value : `${value} ${attack()}`;
    if (Array.isArray(value)) return value.map((item) => spoil(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, spoil(field, name)]));
  };
  const report = spoil(sampleReport('fail')) as Report;
  const rename = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [`${name} ${attack()}`, value]));
  return {
    ...report,
    topology: {
      ...report.topology,
      edges: report.topology.edges.map((edge, index) => ({
        ...edge,
        from: report.topology.clients[0]?.name ?? '',
        to: report.topology.instances[index]?.name ?? '',
      })),
    },
    series: {
      ...report.series,
      zones: rename(report.series.zones),
      ejected: rename(report.series.ejected),
      cpu: rename(report.series.cpu),
    },
    run: { ...report.run, programs: rename(report.run.programs) },
  };
}
