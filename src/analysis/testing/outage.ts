import { checkKind, checkSchema } from '../../checks/index.ts';
import { type BuiltRequest, type BuiltRun, client, server } from '../../evidence/testing/build-evidence.ts';
import type { StatisticsSample } from '../../model/evidence.ts';
import type { Plan, PlannedCheck } from '../../plan/contract.ts';
import { planScenario } from '../../plan/plan.ts';
import { loadedScenario } from '../../scenario/testing/loaded.ts';

/** A run of 12 s for tests: east fails from 4 s to 8 s, is ejected after `ejectAfterMs`, comes back at 9 s. */

export const LOAD_MS = 12_000;
const EVERY_MS = 5;
const EAST = ['edge-app-east-1', 'edge-app-east-2'] as const;

export interface Outage {
  /** How long the mesh takes to eject east; undefined when it never does. */
  readonly ejectAfterMs?: number | undefined;
  /** How the fault shows at the targets: an error status, silence, or nothing at all. */
  readonly shows?: 'status' | 'silent' | 'nothing';
  readonly change?: (request: BuiltRequest, index: number) => BuiltRequest;
}

export function outage({
  ejectAfterMs,
  shows = 'status',
  change = (request) => request,
}: Outage = {}): BuiltRun {
  const requests: BuiltRequest[] = [];
  for (let dueMs = 0; dueMs < LOAD_MS; dueMs += EVERY_MS) {
    const index = requests.length;
    const ejected = ejectAfterMs !== undefined && dueMs >= 4_000 + ejectAfterMs && dueMs < 9_000;
    const host = ejected ? 'edge-app-west-1' : (EAST[index % 2] ?? EAST[0]);
    const faulty = dueMs >= 4_000 && dueMs < 8_000 && !ejected && shows !== 'nothing';
    const built: BuiltRequest = !faulty
      ? {
          dueMs,
          lagMs: 0.2 + (index % 10) / 100,
          status: 200,
          ms: 2 + (index % 20) / 10,
          attempts: [{ host, status: 200, ms: 1 }],
        }
      : shows === 'status'
        ? { dueMs, status: 503, ms: 3, attempts: [{ host, status: 503, ms: 1 }] }
        : {
            dueMs,
            status: 503,
            ms: 3,
            flags: 'UF,URX',
            details: 'upstream_reset_before_response_started{connection_failure}',
            attempts: [{ host, status: 0, ms: 0, unseen: true }],
          };
    requests.push(change(built, index));
  }
  const statistics: StatisticsSample[] = [];
  for (let t = -200; t <= LOAD_MS + 200; t += 200) {
    const ejected = ejectAfterMs !== undefined && t >= 4_000 + ejectAfterMs && t < 9_000;
    statistics.push({
      t,
      instance: 'frontend-1',
      service: 'edge-app',
      overflow: t < 6_000 ? 0 : 7,
      connections: 4,
      // One new connection for ten requests.
      opened: 4 + (t + 200) / 50,
      pending: 0,
      active: 1,
      retries: 0,
      completed: (t + 200) / 5,
      failed: 0,
      strayed: 0,
      ejectionsTotal: ejected ? 2 : 0,
      ejectionsActive: ejected ? 2 : 0,
      ejectionsRefused: 0,
      detections: { errors: ejected ? 2 : 0, gatewayErrors: 0, localErrors: 0, comparisons: 0 },
      panics: 0,
      controlPlane: { streams: 1, updates: 2 },
      hosts: [
        { address: '127.1.0.1:8080', ejected, healthy: !ejected },
        { address: '127.1.0.2:8080', ejected, healthy: !ejected },
        { address: '127.1.0.3:8080', ejected: false, healthy: true },
      ],
    });
  }
  return {
    instances: [
      client(),
      server('edge-app-east', 1, 'local/east', '127.1.0.1:8080'),
      server('edge-app-east', 2, 'local/east', '127.1.0.2:8080'),
      server('edge-app-west', 1, 'local/west', '127.1.0.3:8080'),
    ],
    requests,
    // Each told nothing, and nobody is silent.
    effective: { 'frontend-1': [], 'edge-app-east-1': [] },
    loadMs: LOAD_MS,
    journal: EAST.flatMap((target) => [
      { t: 3_998, event: 'injecting' as const, fault: 'outage', target },
      { t: 4_000, event: 'injected' as const, fault: 'outage', target },
      { t: 8_000, event: 'reverting' as const, fault: 'outage', target },
      { t: 8_002, event: 'reverted' as const, fault: 'outage', target },
    ]),
    statistics,
    processes: Array.from({ length: 61 }, (_, index) => ({
      t: index * 200,
      name: 'k6',
      pid: 7,
      cpuMs: index * 100,
      rssBytes: 1e8,
    })),
  };
}

/** The run of a mesh that ejects east half a second after it began to fail. */
export const healed = () => outage({ ejectAfterMs: 500 });

export const planned = (check: unknown, fault?: string): PlannedCheck => {
  const parsed = checkSchema.parse(check);
  return { name: checkKind(parsed).describe(parsed), check: parsed, fault };
};

export type OutageKind =
  | 'error'
  | 'latency'
  | 'kill'
  | 'control-plane-outage'
  | 'network-latency'
  | 'network-black-hole';

export function outagePlan(checks: readonly PlannedCheck[], kind: OutageKind = 'error'): Plan {
  const on = kind === 'control-plane-outage' ? {} : { on: { zone: 'local/east' } };
  const how = kind === 'latency' || kind === 'network-latency' ? { delay: '900ms' } : {};
  const loaded = loadedScenario(
    {
      name: 'outage',
      description: 'East fails.',
      topology: {
        services: {
          frontend: { workloads: [{ name: 'frontend', locality: 'local/east' }] },
          'edge-app': { workloads: [{ name: 'edge-app-east', locality: 'local/east', replicas: 2 }] },
        },
      },
      load: { from: 'frontend', to: 'edge-app', rate: '200/s', duration: '12s', warmup: '1s' },
      faults: [{ kind, name: 'outage', ...on, ...how, at: '4s', for: '4s' }],
      checks: [{ kind: 'success-rate', during: 'run', atLeast: '99%' }],
    },
    'outage.yaml',
  );
  const plan = planScenario(loaded);
  return { ...plan, trial: { ...plan.trial, checks } };
}
