import { mapAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { TopologyPlan } from '../../../model/topology.ts';
import type { MarkedRevision } from '../../contract.ts';
import { accessLogFormat } from '../caller.ts';
import { type Datacenter, gatewaysOf } from '../datacenters.ts';
import { isFor } from '../entries/networks.ts';
import { listAt } from '../entries/written.ts';
import { MARKER_SERVICE, protocolOf } from '../names.ts';
import { freshHosts, sidecarAdmin } from '../sidecar-admin.ts';

/** An entry as the agent takes it, and whose it is. */
export interface DesiredEntry {
  readonly kind: string;
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The entry under test that it is made of. */
  readonly from?: MeshResource;
}

/** The entry that says which revision it is, by kind and name. */
export const MARKER_ENTRY = `service-resolver/${MARKER_SERVICE}`;

/** Where sidecars write their log of requests to, in Consul's words. */
export type AccessLogPlace = { readonly Type: 'stdout' } | { readonly Type: 'file'; readonly Path: string };

/** What others need first: routes speak of subsets, and all of them of a protocol. */
const order = [
  'mesh',
  'proxy-defaults',
  'service-defaults',
  'service-resolver',
  'service-splitter',
  'service-router',
  'service-intentions',
  'exported-services',
];

/** By that order, which is to be kept when entries are put in, and turned around when they are taken out. */
export const byOrder = (a: Pick<DesiredEntry, 'kind'>, b: Pick<DesiredEntry, 'kind'>) =>
  order.indexOf(a.kind) - order.indexOf(b.kind);

/**
 * The entries of a datacenter: those under test that are for it as they are, and beside them what the topology says:
 * that services speak HTTP, which of them HTTP/2 or gRPC or of bytes alone, and the marker of the revision. Sidecars are told in
 * `proxy-defaults` to log what the evidence is read from, and gateways in `exported-services` of the marker, whoever
 * else has written into those.
 */
export function desiredEntries(
  datacenter: Datacenter,
  resources: readonly MeshResource[],
  { services, instances }: Pick<TopologyPlan, 'services' | 'instances'>,
  { accessLog, revision }: { readonly accessLog: AccessLogPlace; readonly revision: MarkedRevision },
): readonly DesiredEntry[] {
  const own = resources.filter((each) => isFor(datacenter.network, each));
  const proxyDefaults = own.find(({ kind }) => kind === 'proxy-defaults');
  const exported = own.find(({ kind }) => kind === 'exported-services');
  const others = own.filter((each) => each !== proxyDefaults && each !== exported);
  const written = proxyDefaults?.value ?? {};
  const ownDefaults = new Set(
    others.filter(({ kind }) => kind === 'service-defaults').map(({ name }) => name),
  );
  return [
    {
      kind: 'proxy-defaults',
      name: 'global',
      body: {
        Kind: 'proxy-defaults',
        Name: 'global',
        ...written,
        Config: { protocol: 'http', ...mapAt(written, ['Config']) },
        AccessLogs: {
          Enabled: true,
          DisableListenerLogs: true,
          ...accessLog,
          TextFormat: accessLogFormat,
        },
        EnvoyExtensions: [...listAt(written, ['EnvoyExtensions']), freshHosts(revision.hostsSince)],
      },
      ...(proxyDefaults === undefined ? {} : { from: proxyDefaults }),
    },
    ...services
      .filter(({ name }) => !ownDefaults.has(name))
      .flatMap((service) => {
        const Protocol = protocolOf(service);
        if (Protocol === 'http') return [];
        const { name } = service;
        const kind = 'service-defaults';
        return [{ kind, name, body: { Kind: kind, Name: name, Protocol } }];
      }),
    {
      kind: 'service-resolver',
      name: MARKER_SERVICE,
      body: sidecarAdmin.marker(revision) as Record<string, unknown>,
    },
    ...exportsOf(datacenter, exported, gatewaysOf(instances, datacenter).length > 0),
    ...others.map((from) => ({ kind: from.kind, name: from.name, body: from.value, from })),
  ].toSorted(byOrder);
}

/** What others are told of; with it, where there are gateways, the marker, whose routes these have for others alone. */
function exportsOf(
  { peers }: Datacenter,
  from: MeshResource | undefined,
  hasGateways: boolean,
): readonly DesiredEntry[] {
  const marker = hasGateways
    ? [{ Name: MARKER_SERVICE, Consumers: peers.map((peer) => ({ Peer: peer })) }]
    : [];
  if (from === undefined && marker.length === 0) return [];
  const [kind, name] = ['exported-services', 'default'];
  const written = from?.value ?? {};
  const Services = [...listAt(written, ['Services']), ...marker];
  const body = { Kind: kind, Name: name, ...written, Services };
  return [{ kind, name, body, ...(from === undefined ? {} : { from }) }];
}
