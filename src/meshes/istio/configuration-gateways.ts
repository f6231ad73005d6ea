import { nearest, quote, suggest } from '../../kit/nearest.ts';
import { isMap, type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import { gatewayOf, isGateway, type TopologyPlan } from '../../model/topology.ts';
import { fullHost, list, texts } from './configuration-hosts.ts';
import type { PlacedResource } from './configuration-resources.ts';
import { hasLabels } from './effective/selection.ts';
import { instanceLabels } from './labels.ts';

/** What Gateways say that the gateways of a topology cannot do, and what refers to none of them. */
export function mistakesInGateways(resources: readonly PlacedResource[], topology: TopologyPlan): Problem[] {
  if (topology.gateways === undefined) return [];
  const own = resources.filter(({ kind }) => kind === 'Gateway');
  return [
    ...own.filter((each) => selects(each, topology)).flatMap((each) => mistakesInServers(each, topology)),
    ...resources
      .filter(({ kind }) => kind === 'VirtualService')
      .flatMap((each) => mistakesInBindings(each, own)),
    ...resources
      .filter(({ kind }) => kind === 'DestinationRule')
      .flatMap((each) => mistakesInRuleOfHost(each, topology)),
  ];
}

/** Whether a Gateway is for one of the topology's. */
function selects({ value }: PlacedResource, { instances }: TopologyPlan): boolean {
  const selector = valueAt(value, ['spec', 'selector']);
  const wanted = isMap(selector) ? (selector as Readonly<Record<string, string>>) : {};
  return instances.some((each) => isGateway(each) && hasLabels(instanceLabels(each), wanted));
}

/** What anybody may listen on. */
const LEAST_PORT = 1_024;

/** Fields of a server's TLS that name files, which each machine has elsewhere. */
const files = ['serverCertificate', 'privateKey', 'caCertificates', 'caCrl', 'tlsCertificates'] as const;

function mistakesInServers(resource: PlacedResource, { gateways = [] }: TopologyPlan): Problem[] {
  const certificates = gateways.flatMap((gateway) => gateway.certificates.map(({ name }) => name));
  return list(valueAt(resource.value, ['spec', 'servers'])).flatMap((server, index): Problem[] => {
    const path: Path = ['spec', 'servers', index];
    const tls = valueAt(server, ['tls']);
    const bound = valueAt(server, ['bind']);
    const found: Problem[] = [];
    const number = valueAt(server, ['port', 'number']);
    if (typeof number === 'number' && number < LEAST_PORT) {
      const message = `ports below ${LEAST_PORT} are for root, and here no Service leads from one to the port that a gateway listens on`;
      const ports = [...new Set(gateways.map(({ port }) => port))];
      found.push(
        resource.problem([...path, 'port', 'number'], message, `write that one: ${ports.join(', ')}`),
      );
    }
    if (bound !== undefined) {
      const message = 'every gateway of the topology listens on an address of its own';
      found.push(resource.problem([...path, 'bind'], message, 'leave it out'));
    }
    if (!isMap(tls)) return found;
    const at = (field: string): Path => [...path, 'tls', field];
    const { mode, credentialName, credentialNames } = tls;
    if (mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL') {
      const message = 'clients outside the mesh have no certificates to show';
      found.push(resource.problem(at('mode'), message, 'mode: SIMPLE'));
    }
    if (credentialNames !== undefined) {
      const message = 'several certificates of one server are not made here';
      found.push(resource.problem(at('credentialNames'), message, 'write credentialName, and one'));
    }
    for (const field of files.filter((each) => tls[each] !== undefined)) {
      const message = 'this is a file of a container, which there is none of here';
      const hint = `write credentialName, and the name in topology.gateways.NAME.certificates`;
      found.push(resource.problem(at(field), message, hint, 'key'));
    }
    if (typeof credentialName === 'string' && !certificates.includes(credentialName)) {
      const message = `no gateway of the topology has a certificate ${quote(credentialName)}`;
      const hint =
        certificates.length === 0
          ? `topology.gateways.NAME.certificates: { ${credentialName}: [shop.example.com] }`
          : suggest(credentialName, certificates);
      found.push(resource.problem(at('credentialName'), message, hint));
    }
    return found;
  });
}

/** A Gateway that a VirtualService is bound to and that is not there: its routes would be nowhere. */
function mistakesInBindings(resource: PlacedResource, gateways: readonly PlacedResource[]): Problem[] {
  const names = gateways.map(({ namespace, name }) => `${namespace}/${name}`);
  return texts(valueAt(resource.value, ['spec', 'gateways'])).flatMap((written, index): Problem[] => {
    if (written === 'mesh') return [];
    const full = written.includes('/') ? written : `${resource.namespace}/${written}`;
    if (names.includes(full)) return [];
    const meant = nearest(full, names);
    const short = (name: string) => name.replace(`${resource.namespace}/`, '');
    const message = `there is no Gateway ${quote(written)}`;
    const hint =
      meant === undefined
        ? names.length === 0
          ? 'there is none at all; add one'
          : `there are ${names.map(short).join(', ')}`
        : `did you mean ${short(meant)}?`;
    return [resource.problem(['spec', 'gateways', index], message, hint)];
  });
}

/** How clients outside the mesh call a host is up to them. */
function mistakesInRuleOfHost(resource: PlacedResource, topology: TopologyPlan): Problem[] {
  const host = valueAt(resource.value, ['spec', 'host']);
  if (typeof host !== 'string') return [];
  if (gatewayOf(fullHost(host, resource.namespace), topology) === undefined) return [];
  const message = `${quote(host)} is called from outside the mesh, where no DestinationRule holds`;
  return [resource.problem(['spec', 'host'], message, 'write it for the service that the gateway leads to')];
}
