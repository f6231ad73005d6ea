import type {
  GatewayHolds,
  Origin,
  PassedOn,
  TakenIn,
  Unused,
  VirtualHost,
} from '../../../model/effective.ts';
import { type Instance, isServer } from '../../../model/topology.ts';
import type { EnvoyFilterChain, EnvoyListener } from '../../envoy/config-dump.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { certificateNamed } from '../host/host-certificates.ts';
import { serviceHost } from '../names.ts';
import {
  covers,
  type GatewayContext,
  hostsAt,
  type Idle,
  modeOf,
  portOf,
  type Server,
  selectorOf,
  serversFor,
  serversIn,
  whyNotSelected,
} from './gateway-servers.ts';
import { unusedByIngress } from './ingress.ts';
import { hasLabels, type Workload } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/** "outbound_.8080_.v1_.edge-app.default.svc.cluster.local": the name that a sidecar asks for across networks. */
const askedName = /^outbound_\.(\d+)_\.([^_]*)_\.(.+)$/;

/** The listeners of a gateway at its own port. */
export const listenersOf = ({ port }: Pick<Instance, 'port'>, listeners: readonly EnvoyListener[]) =>
  listeners.filter(({ address }) => address?.socket_address?.port_value === port);

/** "namespace/name" of the Gateways under test that select a proxy with these labels. */
export const gatewaysSelecting = (labels: Workload['labels'], under: ResourcesUnderTest): readonly string[] =>
  under
    .ofKind('Gateway')
    .filter((resource) => hasLabels(labels, selectorOf(resource)))
    .map(({ namespace, name }) => `${namespace}/${name}`);

/** What a gateway takes of others, by its listeners. */
export function readGateway(
  instance: Instance,
  listeners: readonly EnvoyListener[],
  context: GatewayContext,
): GatewayHolds {
  const { gateway: kind = 'east-west', port } = instance;
  const own = listenersOf(instance, listeners);
  const chains = own.flatMap(({ filter_chains = [] }) => filter_chains);
  return {
    kind,
    port,
    listens: own.length > 0,
    passes: kind === 'east-west' ? chains.flatMap((chain) => passedOn(chain, port, context)) : [],
    takes: kind === 'ingress' ? chains.map((chain) => takenIn(chain, port, context)) : [],
    openedBy: { name: 'Gateway', of: 'Istio' },
  };
}

const namesOf = ({ filter_chain_match }: EnvoyFilterChain) => filter_chain_match?.server_names ?? [];

function passedOn(chain: EnvoyFilterChain, port: number, context: GatewayContext): readonly PassedOn[] {
  return namesOf(chain).flatMap((name) => {
    const [, number, subset, host] = askedName.exec(name) ?? [];
    if (host === undefined) return [];
    const service = context.serviceOf(host);
    if (service === host) return [];
    const [server] = serversFor(port, context).filter(
      ({ place }) =>
        modeOf(place) === 'AUTO_PASSTHROUGH' && hostsAt(place).some((pattern) => covers(pattern, host)),
    );
    return [
      {
        service,
        port: Number(number),
        subset: subset === '' ? undefined : subset,
        from: originOf(server),
      },
    ];
  });
}

function takenIn(chain: EnvoyFilterChain, port: number, context: GatewayContext): TakenIn {
  const names = namesOf(chain);
  const servers = serversFor(port, context).filter(({ place }) =>
    names.length === 0
      ? modeOf(place) === undefined
      : names.some((name) => hostsAt(place).some((pattern) => pattern === name || pattern === '*')),
  );
  const [secret] =
    chain.transport_socket?.typed_config?.common_tls_context?.tls_certificate_sds_secret_configs ?? [];
  const name = certificateNamed(secret?.name ?? '');
  const credentialOf = ({ place }: Server) => within(place, 'tls', 'credentialName');
  // Of several that take the same name, the certificate tells which it is.
  const server = servers.find((each) => writtenAt(credentialOf(each)) === name) ?? servers[0];
  const written = server && credentialOf(server);
  const certificates = context.topology.gateways?.flatMap((gateway) => gateway.certificates) ?? [];
  return {
    names,
    certificate:
      name === undefined
        ? undefined
        : {
            name: {
              value: name,
              from:
                written && writtenAt(written) === name
                  ? settingAt(written)
                  : { by: 'unknown', maybe: written === undefined ? [] : [settingAt(written)] },
            },
            hosts: certificates.find((each) => each.name === name)?.hosts ?? [],
          },
    from: originOf(server),
  };
}

const originOf = (server: Server | undefined): Origin =>
  server === undefined ? { by: 'unknown', maybe: [] } : settingAt(server.place);

/** What is written for gateways and of no effect in this one, and why. */
export function unusedByGateway(
  holds: GatewayHolds,
  hosts: readonly VirtualHost[],
  context: GatewayContext,
): readonly Unused[] {
  const { under, workload } = context;
  const ofGateways = under.ofKind('Gateway').flatMap((resource): readonly Unused[] => {
    const selection = whyNotSelected(resource, workload);
    if (selection !== undefined) return [unused(selection, workload)];
    return serversIn(under)
      .filter((server) => server.resource === resource)
      .flatMap(({ place }) => {
        const idle = whyNotServing(place, holds, context);
        return idle === undefined ? [] : [unused(idle, workload)];
      });
  });
  const ofRoutes =
    holds.kind === 'ingress'
      ? unusedByIngress(hosts, context, serversFor(holds.port, context)).map((idle) => unused(idle, workload))
      : [];
  return [...ofGateways, ...ofRoutes];
}

const unused = ({ place, why }: Idle, { instance }: Workload): Unused => ({
  about: 'gateway',
  service: instance.service,
  side: 'server',
  setting: settingAt(place),
  why,
});

/** Why a server of a Gateway takes nothing; undefined where it does. */
function whyNotServing(place: Place, holds: GatewayHolds, context: GatewayContext): Idle | undefined {
  const { instance } = context.workload;
  if (portOf(place) !== holds.port) {
    return {
      place: within(place, 'port', 'number'),
      why: `${holds.kind === 'ingress' ? 'clients' : 'other networks'} call ${instance.service} on port ${holds.port}`,
    };
  }
  if (holds.kind === 'ingress') return whyNotAsked(place, holds, context);
  const mode = modeOf(place);
  if (mode !== 'AUTO_PASSTHROUGH') return whyNotPassing(place, mode, holds);
  const behind = hostsBehind(context);
  const hosts = hostsAt(place);
  if (behind.some((host) => hosts.some((pattern) => covers(pattern, host)))) return undefined;
  return {
    place: within(place, 'hosts', 0),
    why: `no service in the network ${instance.network} has such a name: there ${behind.length === 1 ? 'is' : 'are'} ${behind.join(', ')}`,
  };
}

/** A mode that does something else with TLS than to pass it on by the name that it asks for. */
function whyNotPassing(place: Place, mode: string | undefined, { listens }: GatewayHolds): Idle {
  const instead = 'between networks it has to pass through, which is AUTO_PASSTHROUGH';
  if (mode === undefined) return { place, why: `it says nothing of TLS; ${instead}` };
  const at = within(place, 'tls', 'mode');
  if (mode === 'PASSTHROUGH') {
    const why = 'it passes on what the tls routes of a VirtualService name';
    return { place: at, why: `${why}${listens ? '' : ', and there are none'}; ${instead}` };
  }
  return { place: at, why: `TLS ends there${listens ? '' : ' and nothing routes it'}; ${instead}` };
}

/** Why nobody asks a server of an ingress gateway for anything; undefined where clients do. */
function whyNotAsked(
  place: Place,
  { takes }: GatewayHolds,
  { topology, workload }: GatewayContext,
): Idle | undefined {
  const { service } = workload.instance;
  const { hosts = [], certificates = [] } = topology.gateways?.find(({ name }) => name === service) ?? {};
  const written = hostsAt(place);
  if (!hosts.some((host) => written.some((pattern) => covers(pattern, host)))) {
    return {
      place: within(place, 'hosts', 0),
      why: `nobody asks for it: clients of ${service} call ${hosts.join(', ')}`,
    };
  }
  const speaksTls = modeOf(place) !== undefined;
  if (speaksTls) {
    const own = settingAt(place);
    const holders = takes.flatMap(({ names, from }) => (from.by === 'setting' ? [{ names, from }] : []));
    const isOwn = ({ from }: (typeof holders)[number]) => from.file === own.file && from.line === own.line;
    const other = holders.find(({ names }) => names.some((name) => written.includes(name)));
    if (other !== undefined && !holders.some(isOwn)) {
      const { resource, file, line } = other.from;
      const why = `Gateway/${resource.name} (${file}:${line}) has the same hosts on this port, and of such servers Istio takes the first`;
      return { place: within(place, 'hosts', 0), why };
    }
  }
  if (speaksTls === certificates.length > 0 || takes.length === 0) return undefined;
  return speaksTls
    ? { place: within(place, 'tls'), why: `clients of ${service} speak no TLS, since it has no certificates` }
    : { place, why: `it takes no TLS, and clients of ${service} speak it` };
}

/** Full names of the services that are in a gateway's own network. */
function hostsBehind({ topology, workload }: GatewayContext): readonly string[] {
  const services = topology.instances
    .filter((each) => isServer(each) && each.network === workload.instance.network)
    .map(({ service }) => serviceHost(service, topology.namespace));
  return [...new Set(services)];
}
