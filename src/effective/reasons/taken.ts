import type {
  Cluster,
  NamedMatch,
  Route,
  RouteMatch,
  Sidecar,
  TextMatch,
  VirtualHost,
} from '../../model/effective.ts';
import type { AskedFor, CheckQuestion, RequestQuestion } from './question.ts';

type Question = RequestQuestion | CheckQuestion;
type Matches = 'yes' | 'no' | 'perhaps';

/** The routes of a service's host in a sidecar. */
export function hostOf(sidecar: Sidecar, { service, request }: Question): VirtualHost | undefined {
  const authority = request?.authority?.replace(/:\d+$/, '') ?? service;
  const port = Number(/:(\d+)$/.exec(request?.authority ?? '')?.[1] ?? Number.NaN);
  const clusters = sidecar.clusters.filter((cluster) => cluster.service === service);
  const ports = Number.isNaN(port) ? clusters.map((cluster) => cluster.port) : [port];
  const hosts = sidecar.hosts.filter((host) => ports.includes(host.port));
  return (
    hosts.find(({ domains }) => domains.includes(authority)) ??
    hosts.find(({ domains }) =>
      domains.some((domain) => domain.startsWith('*.') && authority.endsWith(domain.slice(1))),
    ) ??
    hosts.find(({ domains }) => domains.includes('*'))
  );
}

/** The routes that may have taken the requests: one when it is known. */
export function routesTaken(sidecar: Sidecar, question: Question): readonly Route[] {
  const { cluster, route: name, request } = question;
  const all = routesFor(sidecar, question).filter(
    (route) =>
      (name === undefined || route.name === name) && (cluster === undefined || leadsTo(route, cluster)),
  );
  if (request === undefined) return all;
  const taken: Route[] = [];
  for (const route of all) {
    const matches = matchesRequest(route.match, request);
    if (matches !== 'no') taken.push(route);
    if (matches === 'yes') break;
  }
  return taken;
}

/** Those of a gateway are for hosts of its own, each of which may lead to the service. */
const routesFor = (sidecar: Sidecar, question: Question): readonly Route[] =>
  sidecar.gateway === undefined
    ? (hostOf(sidecar, question)?.routes ?? [])
    : sidecar.hosts.flatMap(({ routes }) => routes);

/** The clusters that the requests may have gone to. */
export function clustersTaken(sidecar: Sidecar, question: Question): readonly Cluster[] {
  const { cluster: name, service } = question;
  if (name !== undefined) return sidecar.clusters.filter((cluster) => cluster.name === name);
  if (passesOnBytes(sidecar, question)) {
    return sidecar.clusters.filter(
      (cluster) =>
        cluster.service === service &&
        (cluster.subset === undefined || sidecar.bytesTo?.includes(cluster.name)) &&
        isAskedAt(cluster, question),
    );
  }
  const routes = routesTaken(sidecar, question);
  return sidecar.clusters.filter(
    (cluster) => cluster.service === service && routes.some((route) => leadsTo(route, cluster.name)),
  );
}

/** Whether a sidecar calls a service without knowing of requests, which have routes. */
export const passesOnBytes = (sidecar: Sidecar, question: Question): boolean =>
  hostOf(sidecar, question) === undefined &&
  sidecar.clusters.some((cluster) => cluster.service === question.service && isAskedAt(cluster, question));

/** Whether that is the port that is asked, where it is said. */
const isAskedAt = ({ port }: Cluster, { request }: Question) => {
  const asked = /:(\d+)$/.exec(request?.authority ?? '')?.[1];
  return asked === undefined || Number(asked) === port;
};

const leadsTo = ({ action }: Route, cluster: string) =>
  action.does === 'forward' && action.to.some((to) => to.cluster === cluster);

/** Whether a request is one that a route takes; "perhaps" where that cannot be told from here. */
export function matchesRequest({ path, headers, query, more }: RouteMatch, request: AskedFor): Matches {
  const [pathname = '/', search = ''] = request.path.split(/\?(.*)/s);
  const parameters = new URLSearchParams(search);
  const header = (name: string) =>
    name === ':method'
      ? request.method
      : name === ':authority'
        ? request.authority
        : name === ':path'
          ? request.path
          : request.headers[name.toLowerCase()];
  return all([
    matchesText(path, pathname),
    ...headers.map((each) => matchesNamed(each, header(each.name))),
    ...query.map((each) => matchesNamed(each, parameters.get(each.name) ?? undefined)),
    more ? 'perhaps' : 'yes',
  ]);
}

function all(matches: readonly Matches[]): Matches {
  if (matches.includes('no')) return 'no';
  return matches.includes('perhaps') ? 'perhaps' : 'yes';
}

function matchesNamed(match: NamedMatch, given: string | undefined): Matches {
  const value = given ?? (match.emptyIfMissing ? '' : undefined);
  // Whoever calls by a name may have put a port behind it.
  if (value === undefined && match.name === ':authority') return 'perhaps';
  if (value === undefined && match.name === ':scheme') return 'perhaps';
  const matches = value === undefined ? 'no' : matchesText(match, value);
  if (!match.not || matches === 'perhaps') return matches;
  return matches === 'yes' ? 'no' : 'yes';
}

function matchesText({ kind, value, ignoreCase }: TextMatch, text: string): Matches {
  const [wanted, given] = ignoreCase ? [value.toLowerCase(), text.toLowerCase()] : [value, text];
  const is = (yes: boolean): Matches => (yes ? 'yes' : 'no');
  switch (kind) {
    case 'exact':
      return is(given === wanted);
    case 'prefix':
      return is(given.startsWith(wanted));
    case 'segments':
      return is(given === wanted || given.startsWith(`${wanted}/`));
    case 'suffix':
      return is(given.endsWith(wanted));
    case 'contains':
      return is(given.includes(wanted));
    case 'present':
      return 'yes';
    case 'regex':
      try {
        // RE2 and this are alike in all that people write into routes; what is not understood stays open.
        return is(new RegExp(`^(?:${value})$`, 'u').test(text));
      } catch {
        return 'perhaps';
      }
  }
}
