import { hideQuery } from '../../kit/hidden.ts';
import type { EffectiveConfiguration, GatewayHolds, Sidecar, VirtualHost } from '../../model/effective.ts';
import { matchText } from '../words.ts';
import { known, named } from './parts.ts';
import type { NamedSetting, Reason, RequestQuestion } from './question.ts';
import { matchesRequest } from './taken.ts';

/**
 * That gateways take none of a caller's calls of a service; undefined where they do, or where it needs none. A service
 * in another network is reached through the gateways of that alone.
 */
export function closedGateways(
  { sidecars }: EffectiveConfiguration,
  { client, service }: { readonly client: string; readonly service: string },
): Reason | undefined {
  const caller = sidecars.find(({ instance }) => instance === client);
  if (caller?.network === undefined) return undefined;
  const closed = sidecars.filter(
    (each) =>
      each.network !== caller.network &&
      takesNothingFor(service, each) &&
      sidecars.some((server) => server.service === service && server.network === each.network),
  );
  const [first] = closed;
  if (first?.gateway === undefined) return undefined;
  const { port, listens, openedBy } = first.gateway;
  const what = listens
    ? `takes no connection for ${service} on port ${port}`
    : `does not listen on port ${port}`;
  const instead = closed.flatMap(({ unused }) => unused.filter(({ about }) => about === 'gateway'));
  return known(
    `${service} in the network ${first.network} is reached through the gateway ${first.service} alone, which ${what}.`,
    instead.length > 0 ? [] : [missing(openedBy)],
    instead,
  );
}

const takesNothingFor = (service: string, { gateway }: Sidecar) =>
  gateway !== undefined && !gateway.passes.some((each) => each.service === service);

const missing = ({ name, of }: GatewayHolds['openedBy']): NamedSetting => ({
  name,
  value: 'none for it',
  from: { by: 'default', of, field: name },
});

/** No connection, or none on which the two agreed. */
const unconnected: ReadonlySet<RequestQuestion['ended']> = new Set(['connect', 'tls', 'reset']);

/** What of an ingress gateway keeps the requests of a host from getting in; undefined where it lets them. */
export function reasonAtIngress(
  sidecar: Sidecar,
  gateway: GatewayHolds,
  question: RequestQuestion,
): Reason | undefined {
  if (unconnected.has(question.ended)) return notLetIn(sidecar, gateway, question);
  if (question.ended === 'no-route') return notRouted(sidecar, gateway, question);
  return undefined;
}

function notLetIn(
  { service: name, unused }: Sidecar,
  { port, listens, takes, openedBy }: GatewayHolds,
  { service: host }: RequestQuestion,
): Reason | undefined {
  const instead = unused.filter(({ about }) => about === 'gateway');
  const settings = instead.length > 0 ? [] : [missing(openedBy)];
  if (!listens) return known(`The gateway ${name} does not listen on port ${port}.`, settings, instead);
  const entry = takes.find(({ names }) => names.length === 0 || names.some((each) => covers(each, host)));
  if (entry === undefined) {
    return known(`The gateway ${name} takes no connection that asks for ${host}.`, settings, instead);
  }
  const { certificate } = entry;
  if (certificate === undefined || certificate.hosts.some((each) => covers(each, host))) return undefined;
  return known(
    `Clients refuse the certificate that the gateway ${name} shows for ${host}: it is for ${certificate.hosts.join(', ')}.`,
    [named('credentialName', certificate.name, String)],
  );
}

function notRouted(
  sidecar: Sidecar,
  { openedBy }: GatewayHolds,
  { service: host, request }: RequestQuestion,
): Reason | undefined {
  const { service: name, unused } = sidecar;
  const instead = unused.filter(({ about }) => about === 'gateway');
  const own = sidecar.hosts.find(({ domains }) => domains.some((domain) => covers(domain, host)));
  if (own === undefined || own.routes.length === 0) {
    return known(
      `The gateway ${name} has no route for ${host}.`,
      instead.length > 0 ? [] : [{ ...missing(openedBy), name: 'VirtualService' }],
      instead,
    );
  }
  if (request === undefined || own.routes.some(({ match }) => matchesRequest(match, request) !== 'no')) {
    return undefined;
  }
  return known(
    `No route of the gateway ${name} for ${host} takes ${request.method} ${hideQuery(request.path)}: there is none for what is left over.`,
    matchesOf(own),
    instead,
  );
}

const matchesOf = ({ routes }: VirtualHost): readonly NamedSetting[] =>
  routes.map(({ match, from }) => ({ name: 'match', value: matchText(match), from }));

/** Whether a name, which may be a wildcard, takes in a host: of several labels as Envoy and Istio have it. */
const covers = (pattern: string, host: string) =>
  pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
