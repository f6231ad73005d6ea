import { nearest, quote } from '../../kit/nearest.ts';
import type { Path } from '../../kit/path.ts';
import type { Mistake } from '../../kit/problems.ts';

const madeByTopology = [
  'Service',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Pod',
  'ServiceAccount',
  'Namespace',
  'Endpoints',
  'EndpointSlice',
];

/** API groups of Istio's that are gone: kind → what took its place; the empty name stands for every other kind. */
const gone: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'authentication.istio.io': { '': 'PeerAuthentication and RequestAuthentication' },
  'rbac.istio.io': { '': 'AuthorizationPolicy' },
  'config.istio.io': {
    RouteRule: 'VirtualService',
    DestinationPolicy: 'DestinationRule',
    EgressRule: 'ServiceEntry',
    '': 'Telemetry and EnvoyFilter',
  },
};

/** What says in Istio's own words what a kind of the Gateway API says. */
const insteadOfGatewayApi: Readonly<Record<string, string>> = {
  Gateway: 'write it as a Gateway of networking.istio.io/v1',
  HTTPRoute: 'write it as a VirtualService',
  GRPCRoute: 'write it as a VirtualService',
  TCPRoute: 'write it as a VirtualService',
  TLSRoute: 'write it as a VirtualService',
  BackendTLSPolicy: 'write it as a DestinationRule',
};

/** What those who roll out in steps have beside Istio's resources: group → kind, and where a scenario says the same. */
const rollouts: Readonly<Record<string, string>> = { 'argoproj.io': 'Rollout', 'flagger.app': 'Canary' };

/** The mistake of a resource whose apiVersion and kind together are none of `known` ("networking.istio.io/v1/Gateway"). */
export function unknownKind(
  apiVersion: string,
  kind: string,
  known: readonly string[],
  version: string,
): Mistake {
  const wrong = (path: Path, message: string, hint?: string): Mistake => ({
    path,
    at: 'value',
    message,
    hint,
  });
  const group = apiVersion.split('/')[0] ?? '';
  if (/^gateway\.networking\.(x-)?k8s\.io$/.test(group)) {
    const message = `${kind} (${apiVersion}) is of the Kubernetes Gateway API, which is not read here`;
    return wrong(['apiVersion'], message, insteadOfGatewayApi[kind] ?? "use Istio's own resources");
  }
  const successors = gone[group];
  if (successors !== undefined) {
    const message = `Istio ${version} has no ${group} any more`;
    return wrong(['apiVersion'], message, `${successors[kind] ?? successors['']} took the place of ${kind}`);
  }
  if (rollouts[group] === kind) {
    const message = `a ${kind} (${apiVersion}) tells a controller what to make of Istio's resources, and there is none here`;
    const hint =
      'write its steps as changes of a scenario, each with the VirtualService as it is then, and its analysis as guard';
    return wrong(['kind'], message, hint);
  }
  if (kind === 'List' || known.includes(`${apiVersion}/${kind.replace(/List$/, '')}`)) {
    return wrong(['items'], `a ${kind} has a list of items`);
  }
  const versions = versionsOf(kind, known);
  if (versions.length > 0) {
    const message = `Istio ${version} has no ${kind} in ${apiVersion}`;
    return wrong(['apiVersion'], message, `it has ${versions.join(', ')}`);
  }
  if (!apiVersion.includes('istio.io') && madeByTopology.includes(kind)) {
    const hint = 'describe services and workloads there; mesh configuration has Istio resources only';
    return wrong(['kind'], `the scenario's topology makes every ${kind}`, hint);
  }
  const kinds = [...new Set(known.map((name) => name.slice(name.lastIndexOf('/') + 1)))];
  const meant = nearest(kind, kinds);
  const message = `${quote(kind)} (${apiVersion}) is not a kind that Istio ${version} has`;
  return wrong(
    ['kind'],
    message,
    meant === undefined ? `it has ${kinds.sort().join(', ')}` : `did you mean ${meant}?`,
  );
}

/** The versions of the API that a kind is in: "networking.istio.io/v1". */
export function versionsOf(kind: string, known: readonly string[]): readonly string[] {
  return known.filter((name) => name.endsWith(`/${kind}`)).map((name) => name.slice(0, -kind.length - 1));
}
