import { z } from 'zod';
import { MAX_BODY_BYTES } from '../../apps/edge-app/src/answers.ts';
import { parseServiceTime } from '../../apps/edge-app/src/service-time.ts';
import { checkSchema } from '../checks/index.ts';
import { faultSchema } from '../faults/index.ts';
import { parseAddress } from '../kit/address.ts';
import { quote } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake, Problem } from '../kit/problems.ts';
import { duration } from '../kit/units.ts';
import { loadFields } from '../load/written.ts';
import { meshKinds } from '../meshes/index.ts';
import type { MeshFile } from '../model/mesh-configuration.ts';
import { usualLife } from '../model/topology.ts';
import { tracingProtocols } from '../model/tracing.ts';
import { probeSchema } from '../probes/written.ts';
import { changeSchema } from './changes.ts';
import { labels, locality } from './labels.ts';
import { headers, requestPath } from './request.ts';

const label = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const noLabel = 'expected a DNS label: lower-case letters, digits and dashes, starting with a letter';
const dnsLabel = () => z.string().regex(label, noLabel);

/** The service that a request goes to, or the host of a gateway. */
const calledService = () =>
  z.string().regex(/^[a-z][-a-z0-9]{0,62}(\.[-a-z0-9]{1,63})*$/, {
    error: ({ input }) =>
      String(input).includes(':')
        ? `expected the name alone, and beside it port: ${String(input).split(':')[1]}`
        : noLabel,
  });

const workload = z.strictObject({
  name: dnsLabel()
    .max(60, 'expected at most 60 characters: the names of replicas, such as NAME-50, are labels too')
    .describe('A Deployment in a cluster; its replicas are NAME-1, NAME-2, …'),
  locality: locality().describe('Where the workload runs: region/zone or region/zone/sub-zone.'),
  network: dnsLabel()
    .optional()
    .describe(
      'The network that it is in, as that of one cluster of several: from others it is reached through an east-west gateway of its own alone. Either every workload says its network, or none does.',
    ),
  replicas: z.int().min(1).max(50).default(1).describe('How many replicas, each with a sidecar of its own.'),
  labels: labels().default({}).describe('Labels beside app and version.'),
});

/** How the sample app spends its time: constant, exponential (mean), or lognormal (median and p99). */
const serviceTime = z
  .string()
  .regex(/^(constant|exponential):\d+(\.\d+)?(ms|s)$|^lognormal:\d+(\.\d+)?(ms|s),\d+(\.\d+)?(ms|s)$/, {
    error: 'expected constant:5ms, exponential:5ms or lognormal:5ms,20ms (median,p99)',
    abort: true,
  })
  // The app has the last word: what it would refuse is refused before it starts.
  .refine((text) => parseServiceTime(text) !== undefined, {
    error: ({ input }) =>
      `expected times of an hour at most, a median above 0 and a p99 that is not below it, such as lognormal:5ms,20ms; got ${quote(input)}`,
  });

const port = () => z.int().min(1).max(65_535);
/** Of a request: which port of the service it goes to. */
const calledPort = () =>
  port().optional().describe("Which port of the service; the service's own `port` unless given.");

const onwardCall = z.strictObject({
  to: calledService().describe('The service that it calls.'),
  port: calledPort(),
  path: requestPath().default('/').describe('Path and query of the call, which is a GET.'),
});

const app = z.strictObject({
  serviceTime: serviceTime
    .default('constant:0ms')
    .describe(
      'How long an answer takes: constant:5ms, exponential:5ms (mean) or lognormal:5ms,20ms (median,p99).',
    ),
  concurrency: z.int().min(1).default(1_000).describe('Requests one replica serves at once.'),
  queue: z.int().min(0).default(10_000).describe('Requests that wait beyond that; more get 503.'),
  protocol: z
    .enum(['http1', 'http2', 'grpc'])
    .default('http1')
    .describe(
      'What the app speaks on every port: http1; http2 without TLS (h2c); or grpc, which is that with one call of its own. With the latter two the sidecars speak HTTP/2 with each other too, and http2MaxRequests is the limit that counts. Loads call a grpc service with gRPC, and speak HTTP/1.1 to their own sidecar otherwise.',
    ),
  bytes: z
    .int()
    .min(0)
    .max(MAX_BODY_BYTES)
    .optional()
    .describe(
      'How long the body of an answer is, where its query does not say `bytes`; as long as it takes unless given.',
    ),
  maxAge: duration()
    .refine((ms) => ms % 1_000 === 0, 'expected whole seconds')
    .optional()
    .describe(
      'For how long an answer may be cached (`cache-control: max-age`), where its query does not say `max-age`; nothing is said of that unless given.',
    ),
  calls: z
    .array(onwardCall)
    .max(20)
    .default([])
    .describe(
      'What the app calls onward for every request, one after the other and through its own sidecar, before it answers; where a call fails it answers 502. Calls may go on from there, but not in a circle.',
    ),
  startCalls: z
    .array(onwardCall)
    .max(20)
    .default([])
    .describe(
      'What the app calls once, when it starts and before it listens, as one does that has its settings from another; where a call fails it answers 503 to everything until it is started again. A lab starts such an app when the mesh is up; after a restart it depends on its sidecar (sidecar.holdsApp).',
    ),
  drain: duration('1m')
    .prefault('0s')
    .describe(
      'How long the app goes on serving when it is told to stop, as one with a preStop hook that sleeps does. Without, it finishes what it has and closes its port at once, when callers may not know yet.',
    ),
  propagates: z
    .boolean()
    .default(true)
    .describe(
      'Whether it passes the headers of a trace on with its calls, as every app has to; without them each call begins a trace of its own. The id of the request it passes on either way.',
    ),
  keepAlive: duration('24h')
    .optional()
    .describe(
      'How long it keeps an HTTP/1.1 connection on which nothing comes; then it closes it, as servers do. Two hours unless given, which is longer than its sidecar does.',
    ),
});

const sidecar = z.strictObject({
  holdsApp: z
    .boolean()
    .default(usualLife.holdsApp)
    .describe(
      'Whether an app starts only once its sidecar is ready (`holdApplicationUntilProxyStarts` of Istio). Without, an app that calls others at its start is started before its sidecar, as may happen in a cluster.',
    ),
  drain: duration('1m')
    .prefault(`${usualLife.drainMs / 1_000}s`)
    .describe(
      'How long a sidecar that is told to stop goes on, whatever is still under way (`terminationDrainDuration` of Istio, with exitsWhenIdle `MINIMUM_DRAIN_DURATION`; `-shutdown-grace-period-seconds` of consul-dataplane).',
    ),
  exitsWhenIdle: z
    .boolean()
    .default(usualLife.exitsWhenIdle)
    .describe(
      'Whether it goes on after that until it has no connection any more (`EXIT_ON_ZERO_ACTIVE_CONNECTIONS` of Istio).',
    ),
});

const service = z.strictObject({
  port: port().default(8_080).describe('Plain HTTP to the app; the sidecars make it mTLS.'),
  extraPorts: z
    .array(port())
    .max(4)
    .default([])
    .describe(
      'Further ports on which the same app answers. Loads, probes and calls go to one of them where their `port` says so.',
    ),
  portName: z
    .string()
    .regex(
      /^(http2?|grpc|tcp)(-[a-z0-9]+)*$/,
      'expected http, http2, grpc or tcp, and more behind a dash if need be: grpc-api',
    )
    .max(63)
    .optional()
    .describe(
      'What `port` is called, which tells the mesh what is spoken there; as the app speaks unless given. What is called tcp is passed on as bytes, of whose requests no sidecar knows.',
    ),
  serviceAccount: dnsLabel()
    .optional()
    .describe('The identity of its workloads; the service name unless given.'),
  app: app.prefault({}).describe('The sample edge app behind this service.'),
  bypass: z
    .array(port())
    .max(10)
    .default([])
    .describe(
      'Ports to which calls of its apps go past their sidecars, as the annotation traffic.sidecar.istio.io/excludeOutboundPorts has it. Only where sidecars capture connections: --env docker or --env kind.',
    ),
  sidecar: sidecar
    .prefault({})
    .describe(
      'How its sidecars start and stop beside their apps, which shows when one is restarted (restart).',
    ),
  workloads: z.array(workload).min(1).max(200).describe('What runs behind the service, and where.'),
});

const hostName = (pattern: RegExp, expected: string) => z.string().max(253).regex(pattern, expected);
const dotted = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+`;

const gateway = z.strictObject({
  kind: z
    .enum(['east-west', 'ingress'])
    .describe(
      'east-west: other networks reach the services of its own through it; it passes mTLS on without looking into it, or ends that of HTTP, as those of Consul do. ingress: clients outside the mesh reach services through it, by hosts of its own.',
    ),
  port: port()
    .optional()
    .describe(
      'Where it is called; the port of a server in the Gateway under test. 15443 unless given, 8443 of an ingress gateway.',
    ),
  hosts: z
    .array(
      hostName(new RegExp(`^${dotted}$`), 'expected a host name in small letters, such as shop.example.com'),
    )
    .max(50)
    .default([])
    .describe(
      'Names by which clients outside the mesh find an ingress gateway, as DNS would tell them; loads and probes go `to` one of them. Who sends to a host is outside the mesh.',
    ),
  certificates: z
    .record(
      dnsLabel(),
      z
        .array(
          hostName(
            new RegExp(`^(\\*\\.)?${dotted}$`),
            'expected a host name in small letters, or *. and one, such as *.example.com',
          ),
        )
        .min(1)
        .max(50),
    )
    .default({})
    .describe(
      'Certificates of an ingress gateway by the name that `credentialName` of a Gateway has for them, and the host names that each is for. Clients trust who issues them. With one, clients speak TLS to it; without any, plain HTTP.',
    ),
  serviceAccount: dnsLabel().optional().describe('Its identity; the name of the gateway unless given.'),
  labels: labels()
    .optional()
    .describe(
      "What the selector of a Gateway finds it by, beside app and version; `istio: eastwestgateway` or `istio: ingressgateway` unless given, as Istio's own have it.",
    ),
  workloads: z.array(workload).min(1).max(20).describe('Its replicas, and where they are.'),
});

const topology = z.strictObject({
  namespace: dnsLabel()
    .default('default')
    .describe('Where the services and, unless they say so, the mesh configuration live.'),
  services: z.record(dnsLabel(), service).describe('By name, as callers write it.'),
  gateways: z
    .record(dnsLabel(), gateway)
    .default({})
    .describe('Proxies without an app, by name; what they do is up to the Gateways under test.'),
});

/** An address that may stand in reports as it is. */
const isOpenAddress = (text: string) => {
  const address = parseAddress(text);
  return address !== undefined && Object.keys(address.headers).length === 0;
};

const tracing = z.strictObject({
  provider: dnsLabel()
    .default('zipkin')
    .describe(
      'Name of the provider, as a Telemetry calls it; Istio knows it by `meshConfig.extensionProviders`.',
    ),
  protocol: z
    .enum(tracingProtocols)
    .default('zipkin')
    .describe(
      'How spans are reported: zipkin (its JSON, version 2), or OpenTelemetry by otlp-http or otlp-grpc.',
    ),
  exportTo: z
    .string()
    .refine(
      isOpenAddress,
      'expected an address without user and password, such as http://127.0.0.1:9411/api/v2/spans',
    )
    .optional()
    .describe(
      'A collector of your own that gets every report too, as the sidecars wrote it: http://127.0.0.1:9411/api/v2/spans, or for OpenTelemetry http://127.0.0.1:4318/v1/traces.',
    ),
});

const mesh = z.strictObject({
  kind: z.enum(meshKinds).default('istio').describe('Which mesh.'),
  version: z
    .string()
    .regex(
      /^\d+\.\d+\.\d+$/,
      'a version has three numbers, such as 1.28.3; in quotes if it looks like a number',
    )
    .optional()
    .describe(
      'Its version; the one that Breakwater is made for unless given. `npx breakwater tools list` says which there are.',
    ),
  mtls: z.enum(['strict', 'permissive']).default('strict').describe('Whether workloads refuse plaintext.'),
  concurrency: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      "Threads that each sidecar serves requests with (`concurrency` of Istio). Limits of a pool are shared by them, and outlier detection is each one's own.",
    ),
  tracing: tracing
    .optional()
    .describe(
      'Where sidecars report the spans of traces: to the run itself, which keeps them as evidence. Which requests are traced is for a Telemetry of the mesh configuration to say.',
    ),
  configuration: z
    .array(z.string())
    .max(1_000)
    .default([])
    .describe('Paths of the mesh configuration under test, relative to this file; read as kubectl reads it.'),
});

const method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const loadFieldsOfAll = {
  from: dnsLabel().describe(
    'The service whose identity and sidecar the load uses; it runs no app of its own.',
  ),
  to: calledService().describe('The service it calls, or a host of an ingress gateway.'),
  port: calledPort(),
  method: method.default('GET').describe('Of every request.'),
  path: requestPath().default('/').describe('Path and query of every request.'),
  headers: headers().default({}).describe('Sent with every request.'),
  body: z.string().optional().describe('Sent as it is; say what it is in headers.'),
  reuse: z
    .boolean()
    .default(true)
    .describe(
      'Whether requests share connections, one after the other. With false each opens one of its own; where their service has a port of bytes (portName), a request is then what its sidecar knows of: a connection.',
    ),
  ...loadFields,
  pods: z
    .int()
    .min(1)
    .max(20)
    .prefault(1)
    .describe(
      'Generators that share the load, each with a sidecar of its own: a limit that holds per client (a connection pool, outlier detection) then holds that many times. A client service with several workloads or replicas has one in each, and no pods.',
    ),
  direct: z
    .boolean()
    .default(false)
    .describe(
      'Whether another k6 sends the same requests meanwhile straight to an app of the service, past every sidecar: what the mesh adds (`added-latency`) is the difference. They are no part of the load. The service has one replica then, or the two would not meet the same app.',
    ),
  timeout: duration().prefault('10s').describe('When k6 gives up on a request.'),
  warmup: duration()
    .prefault('2s')
    .describe('What the steady state leaves out at the start of the load; of several loads, the longest.'),
};

/** Each is a k6 at every client: with more of them, what is measured is how they get in each other's way. */
const mostLoads = 7;

const load = z
  .union([
    z.strictObject(loadFieldsOfAll),
    z
      .array(
        z.strictObject({
          name: dnsLabel().describe('How checks and reports call it; only where there is a list of loads.'),
          ...loadFieldsOfAll,
        }),
      )
      .min(1)
      .max(mostLoads),
  ])
  .describe('The load, or a list of loads that begin together, each with a name.');

/** A scenario file as written, before anything is resolved. */
export const scenarioSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: dnsLabel().describe('Short name; reports and run ids carry it.'),
    description: z.string().min(1).describe('What is expected of the mesh, in a sentence or two.'),
    topology,
    mesh: mesh.prefault({}),
    load,
    probes: z
      .array(probeSchema(dnsLabel(), { port: calledPort(), method, path: requestPath(), headers: headers() }))
      .max(200)
      .default([])
      .describe('Single requests beside the load, each with what must come of it.'),
    faults: z.array(faultSchema).max(500).default([]).describe('What is broken, and when.'),
    changes: z
      .array(changeSchema(dnsLabel()))
      .max(100)
      .default([])
      .describe('What becomes of the mesh configuration under test while the load goes on, step by step.'),
    checks: z
      .array(checkSchema)
      .min(1, 'a scenario needs at least one check')
      .max(20_000)
      .describe('What is expected of the mesh.'),
    meshes: z
      .partialRecord(z.enum(meshKinds), z.record(z.string(), z.unknown()))
      .default({})
      .describe(
        'What of the scenario is otherwise on another mesh, by its kind: overrides, dotted paths to values, or `unsupported` with the reason; chosen with --mesh.',
      ),
    profiles: z
      .record(dnsLabel(), z.record(z.string(), z.unknown()))
      .default({})
      .describe('Named sets of overrides, dotted paths to values; chosen with --profile.'),
  })
  .meta({
    title: 'Breakwater scenario',
    description: 'One experiment: topology, mesh, load, faults and checks.',
  });

export type Scenario = z.output<typeof scenarioSchema>;
/** A scenario with everything it refers to read. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** As the operator named it. */
  readonly file: string;
  readonly profile: string | undefined;
  readonly meshFiles: readonly MeshFile[];
  /** What each change puts in, in the order of the scenario. */
  readonly changeFiles: readonly (readonly MeshFile[])[];
  /** Absolute; what the file names relatively counts from here. */
  readonly directory: string;
  /** Where a mistake was written: in the file, in a profile, or on the command line. */
  locate(mistake: Mistake): Problem;
  /** Whether a value comes from the command line, and not from the file. */
  isGiven(path: Path): boolean;
}
