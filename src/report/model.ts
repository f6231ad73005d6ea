import { z } from 'zod';

/** Version of report.json; raised when a field changes its meaning or goes away. */
export const REPORT_SCHEMA = 'breakwater/report/v1';

const ms = () => z.number().describe('Milliseconds from the start of the load.');
/** How many: a report with fewer than none was changed. */
const count = () => z.int().nonnegative();
const status = z.enum(['pass', 'fail', 'invalid']);

const finding = z.strictObject({
  rule: z.string().describe('Short name of the rule, such as "dropped-iterations".'),
  title: z.string().describe('The rule in a few words.'),
  status: z.enum(['ok', 'violated', 'not-applicable']),
  observed: z.string(),
  limit: z.string(),
  detail: z.string().optional().describe('What it means and what to do about it.'),
});

const others = z
  .array(z.strictObject({ setting: z.string(), source: z.string().optional() }))
  .describe('What else has a part in it, each with its own file:line.');

const window = z.strictObject({
  name: z.string(),
  fault: z.string().optional(),
  change: z.string().optional(),
  fromMs: ms(),
  toMs: ms(),
});

const check = z.strictObject({
  name: z.string(),
  kind: z.string(),
  status,
  observed: z.string(),
  limit: z.string(),
  value: z.number().optional(),
  samples: count(),
  window,
  detail: z.string().optional(),
  reason: z
    .strictObject({
      text: z.string().describe('In plain words; says so where it is not known.'),
      setting: z.string().optional().describe('The setting behind it, and its value in effect.'),
      source: z.string().optional().describe('file:line of that setting, when the user wrote it.'),
      others: others.optional(),
    })
    .optional()
    .describe('Of a check that failed: why, by what the sidecars held.'),
});

const fault = z.strictObject({
  name: z.string(),
  kind: z.string(),
  description: z.string(),
  targets: z.array(z.string()),
  plannedAtMs: ms(),
  plannedForMs: z.number(),
  injectedAtMs: ms().optional(),
  revertedAtMs: ms().optional(),
  efficacy: z.strictObject({
    status: z.enum(['proven', 'unproven', 'no-traffic', 'not-injected']),
    observed: z.string().describe('"99.7 % of 412 requests (98.6 % to 99.9 %)".'),
    expected: z.string(),
    samples: count(),
  }),
});

const change = z.strictObject({
  name: z.string(),
  description: z.string().describe('"puts in scenarios/mesh/canary-10.yaml".'),
  status: z
    .enum(['made', 'rolled-back', 'withheld', 'refused', 'not-made'])
    .describe(
      'withheld: the guard of an earlier change has rolled back; refused: a sidecar did not take it, and with that the run ended.',
    ),
  plannedAtMs: ms(),
  changingAtMs: ms().optional().describe('When it was about to be made.'),
  heldUp: z
    .strictObject({ fault: z.string(), untilMs: ms().optional().describe('When that was over.') })
    .optional()
    .describe('The outage of the control plane that was on then: nobody hears of a change before its end.'),
  arrivedAtMs: ms().optional().describe('When every sidecar held it.'),
  refused: z.string().optional().describe('Who did not take it and why, with where that is written.'),
  arrivals: z.record(z.string(), z.number()).describe('Instance → milliseconds until its sidecar held it.'),
  atSwitch: z
    .strictObject({ requests: count(), failed: count() })
    .optional()
    .describe('Requests on their way between the two, and those of them that did not succeed.'),
  guard: z
    .strictObject({
      description: z.string().describe('"success rate at least 99 % over 2 s".'),
      saw: z
        .string()
        .optional()
        .describe(
          'What it rolled back for; the worst that it saw where it held; none where it could never say.',
        ),
      rollingBackAtMs: ms().optional(),
      rolledBackAtMs: ms().optional().describe('When every sidecar held what was in effect before.'),
    })
    .optional(),
});

const errorGroup = z.strictObject({
  flag: z
    .string()
    .describe('What the sidecar calls it (its response flags), or the cause in a word where it has none.'),
  status: z.int().describe('What the caller got; 0 for no answer.'),
  cause: z.string().describe('Why it ended so, in plain words.'),
  host: z.string().describe('Instance or address that caused it; "-" when none was chosen.'),
  zone: z.string(),
  count: count(),
  byWindow: z.record(z.string(), z.int()).describe('steady, fault, recovery → how many.'),
  setting: z
    .string()
    .describe('The setting behind it: "DestinationRule/edge-app connectionPool.tcp.maxConnections: 100".'),
  source: z.string().optional().describe('file:line of that setting.'),
  others: others.optional(),
});

/** What one side's sidecars held about one service. */
const heldTable = z.strictObject({
  who: z.string().describe('"frontend (region1/zone-east)": replicas of a workload hold the same.'),
  about: z.string().describe('"calls of edge-app".'),
  sections: z.array(
    z.strictObject({
      title: z.string(),
      note: z.string().optional().describe('What stands in place of rows.'),
      rows: z.array(
        z.strictObject({
          what: z.string(),
          value: z.string(),
          source: z.string().optional().describe('file:line, when the user wrote it.'),
          from: z.string().optional().describe('Where else it comes from: "default of Istio".'),
        }),
      ),
    }),
  ),
});

const series = z.strictObject({
  stepMs: z.int().min(1).describe('Width of a step.'),
  /** All arrays below have this many steps; step i covers i*stepMs to (i+1)*stepMs from the start of the load. */
  steps: count().max(10_000),
  outcomes: z
    .record(z.string(), z.array(z.int()))
    .describe('ok, shed, error, unanswered → requests per step, by due time.'),
  latencyMs: z.strictObject({
    p50: z.array(z.number().nullable()),
    p95: z.array(z.number().nullable()),
    p99: z.array(z.number().nullable()),
  }),
  zones: z.record(z.string(), z.array(z.int())).describe('Zone → requests of loads answered by it per step.'),
  instances: z
    .record(z.string(), z.array(z.int()))
    .describe('Instance → requests answered by it per step, calls of apps among them.'),
  ejected: z
    .record(z.string(), z.array(z.number().nullable()))
    .describe('Instance → 1 while ejected at a client.'),
  overflow: z.array(z.number().nullable()).describe("Overflows per step, by the clients' sidecars."),
  connections: z.array(z.number().nullable()).describe('Open connections of the client pool.'),
  pending: z.array(z.number().nullable()).describe('Requests waiting for a connection.'),
  cpu: z.record(z.string(), z.array(z.number().nullable())).describe('Program → CPU use in cores.'),
});

/** report.json: everything the other formats show. */
export const reportSchema = z
  .strictObject({
    schema: z.literal(REPORT_SCHEMA),
    verdict: status,
    interrupted: z.boolean(),
    summary: z.string().describe('The verdict in a sentence or two, for someone who reads nothing else.'),
    run: z.strictObject({
      id: z.string(),
      startedAt: z.string().describe('ISO 8601.'),
      environment: z.string(),
      mesh: z.string().describe('"istio 1.29.1".'),
      breakwater: z.string(),
      programs: z.record(z.string(), z.string()),
      machine: z.strictObject({ cpus: z.int(), memoryBytes: z.number(), platform: z.string() }),
      command: z.string().describe('How to run it again.'),
      seed: z
        .int()
        .optional()
        .describe('What random choices were drawn from; --seed draws them again. Older reports have none.'),
      topology: z
        .string()
        .optional()
        .describe('The same for runs of the same services, replicas and apps. Older reports have none.'),
    }),
    scenario: z.strictObject({
      name: z.string(),
      description: z.string(),
      file: z.string(),
      profile: z.string().optional(),
      load: z.string().describe('"400 requests/s for 30 s from frontend to edge-app".'),
    }),
    timing: z.strictObject({
      toFirstRequestMs: z.number().optional().describe('From the command to the first request over mTLS.'),
      loadMs: z.number(),
      wallMs: z.number(),
      overheadMs: z.number().describe('Wall time less load time.'),
    }),
    traffic: z.strictObject({
      requests: count(),
      ok: count(),
      shed: count(),
      error: count(),
      unanswered: count(),
      attempts: count().describe("Requests, and how often the clients' sidecars sent them again."),
      latencyMs: z
        .record(z.string(), z.number())
        .describe('p50, p90, p95, p99, max over all requests, from when they were due.'),
      generatorLatencyMs: z
        .record(z.string(), z.number())
        .describe("p50 and p95 by k6's own clock, from sending; empty where k6 cannot say."),
    }),
    loads: z
      .array(
        z.strictObject({
          name: z.string(),
          description: z.string().describe('"400 requests/s for 30 s, from frontend to edge-app".'),
          requests: z.int(),
          ok: z.int(),
          shed: z.int(),
          error: z.int(),
          unanswered: z.int(),
          latencyMs: z
            .record(z.string(), z.number())
            .describe('p50, p90, p95, p99, max, as for all requests.'),
        }),
      )
      .optional()
      .describe('Each load by itself, where there are several.'),
    probes: z
      .array(
        z.strictObject({
          name: z.string().describe('Of the probe; all requests of a matrix share it.'),
          request: z.string().describe('"GET /admin from frontend to edge-app".'),
          expected: z.string(),
          status,
          sent: z.int(),
          known: z.int().describe('Answers of which enough is known to judge them.'),
          met: z.int(),
          came: z.array(z.strictObject({ text: z.string(), count: z.int(), met: z.int() })),
          rule: z
            .strictObject({
              text: z.string().describe('In plain words.'),
              setting: z.string().optional(),
              source: z.string().optional().describe('file:line of that setting, when the user wrote it.'),
              others: others.optional(),
            })
            .optional()
            .describe('What of the mesh decided, by what its sidecars held.'),
        }),
      )
      .optional()
      .describe('Requests with an expectation each; none where the scenario has no probes.'),
    checks: z.array(check),
    validity: z.array(finding),
    faults: z.array(fault),
    changes: z
      .array(change)
      .optional()
      .describe('Changes of the mesh configuration under load; none where the scenario has none.'),
    windows: z.array(window),
    errors: z.array(errorGroup),
    topology: z.strictObject({
      clients: z.array(
        z.strictObject({ name: z.string(), zone: z.string(), network: z.string().optional() }),
      ),
      instances: z.array(
        z.strictObject({
          name: z.string(),
          service: z.string(),
          workload: z.string(),
          zone: z.string(),
          address: z.string(),
          network: z.string().optional().describe('Where the topology has networks.'),
          gateway: z
            .enum(['east-west', 'ingress'])
            .optional()
            .describe('What a gateway is for; it runs no app.'),
        }),
      ),
      edges: z.array(
        z.strictObject({
          from: z
            .string()
            .describe('Instance of a client, one whose app called onward, or a gateway that passed it on.'),
          to: z.string().describe('Instance.'),
          byWindow: z
            .record(z.string(), z.strictObject({ requests: count(), failed: count() }))
            .describe('steady, fault, recovery, run → traffic on this edge.'),
        }),
      ),
    }),
    series,
    resources: z.strictObject({
      harness: z.strictObject({ cpuMs: z.number(), maxRssBytes: z.number() }),
      programs: z.record(
        z.string(),
        z.strictObject({
          cpuMs: z.number(),
          maxRssBytes: z.number(),
          requests: count()
            .optional()
            .describe('That a sidecar or an app sent or got, retries included. Older reports have none.'),
        }),
      ),
      machine: z
        .strictObject({ cpus: count(), others: z.number() })
        .optional()
        .describe(
          'Processors of the machine, and how many of them everything but this run kept busy on average while the load went on. Absent where the system does not say; older reports have none.',
        ),
      connections: z
        .array(
          z.strictObject({ client: z.string(), service: z.string(), opened: count(), requests: count() }),
        )
        .optional()
        .describe(
          "Connections that a client's sidecar opened to the hosts of a service, and requests that ended meanwhile, by its own count. Older reports have none.",
        ),
    }),
    measures: z
      .record(z.string(), z.number())
      .optional()
      .describe(
        'What comparisons compare: name → one number of all requests after the warmup, times in ms, shares from 0 to 1. Older reports have none.',
      ),
    effective: z
      .array(heldTable)
      .optional()
      .describe('What sidecars held before the loads began. Older reports have none.'),
    configuration: z
      .array(z.strictObject({ file: z.string(), content: z.string() }))
      .describe('The mesh configuration under test.'),
    gaps: z
      .array(z.strictObject({ what: z.string(), fromMs: ms(), toMs: ms() }))
      .describe('Evidence that is missing.'),
    notes: z.array(z.string()).describe('What a reader should know, such as what a closed loop hides.'),
  })
  .meta({ title: 'Breakwater report', description: 'What a run observed and what it concluded.' });

export type Report = z.output<typeof reportSchema>;

/** A report without what takes room: the verdict, its numbers and reasons. */
export const briefReportSchema = reportSchema.omit({
  schema: true,
  windows: true,
  topology: true,
  series: true,
  resources: true,
  measures: true,
  effective: true,
  configuration: true,
  gaps: true,
  notes: true,
});
export type BriefReport = z.output<typeof briefReportSchema>;

/** A report without what takes room. */
export function brief({
  schema: _schema,
  windows: _windows,
  topology: _topology,
  series: _series,
  resources: _resources,
  measures: _measures,
  effective: _effective,
  configuration: _configuration,
  gaps: _gaps,
  notes: _notes,
  ...rest
}: Report): BriefReport {
  return rest;
}
export type ReportCheck = Report['checks'][number];
export type Finding = Report['validity'][number];
export type Status = Report['verdict'];
