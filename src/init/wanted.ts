import { usageError } from '../kit/errors.ts';
import { suggest } from '../kit/nearest.ts';
import { parseDuration, parseRate } from '../kit/units.ts';
import type { Found, FoundService, FoundWorkload, Wanted } from './contract.ts';

/** What somebody has said, in a terminal or by options. */
export interface Said {
  /** "cart", or "cart:8080"; the first is called. */
  readonly services: readonly string[];
  readonly from: string;
  readonly name?: string | undefined;
  readonly rate: string;
  readonly latency: string;
  /** Of each service that nothing else is known of. */
  readonly replicas: number;
  /** region/zone, or a zone alone. */
  readonly zones: readonly string[];
}

const dnsLabel = /^[a-z]([-a-z0-9]{0,58}[a-z0-9])?$/;
const locality = /^[A-Za-z0-9][-\w.]*(\/[A-Za-z0-9][-\w.]*){1,2}$/;
/** Services beside the one that is called, of which each has sidecars. */
const mostServices = 6;

/** What a scenario is written from; throws for what makes none. */
export function wantedOf(
  said: Said,
  found: Found,
): { readonly wanted: Wanted; readonly notes: readonly string[] } {
  const given = said.services.map(serviceText);
  const names = found.services.map(({ name }) => name);
  const to = given[0]?.name ?? found.services[0]?.name;
  if (to === undefined) {
    throw usageError(
      'no service is known',
      'name one: --service cart:8080; or let it be read: --manifests k8s/, or --config with your DestinationRules',
    );
  }
  if (names.length > 0 && !names.includes(to) && given.length > 0) {
    throw usageError(`--service ${to}: nothing of it is in these files`, suggest(to, names));
  }
  for (const name of [to, said.from, said.name ?? to]) {
    if (!dnsLabel.test(name)) {
      throw usageError(
        `${name} is no name`,
        'lower-case letters, digits and dashes, up to 60, a letter first',
      );
    }
  }
  if (parseRate(said.rate) === undefined) throw usageError(`--rate ${said.rate}: expected one such as 50/s`);
  if (parseDuration(said.latency) === undefined) {
    throw usageError(`--latency ${said.latency}: expected a duration such as 5ms`);
  }
  const localities = localitiesOf(said.zones, found.localities);
  const known = [
    ...found.services,
    ...given.filter(({ name }) => !names.includes(name)).map(({ name, port }) => bare(name, port)),
  ].map((service) => placed(service, said.replicas, localities));
  const port = given[0]?.port;
  const called = known
    .filter(({ name }) => name === to)
    .map((each) => ({
      ...each,
      port: port ?? each.port,
      extraPorts: each.extraPorts.filter((extra) => extra !== (port ?? each.port)),
    }));
  const others = known.filter(({ name }) => name !== to && name !== said.from);
  const left = others.slice(mostServices).map(({ name }) => name);
  return {
    wanted: {
      name: said.name ?? to,
      namespace: found.namespace,
      from: said.from === to ? `${to}-caller` : said.from,
      to,
      services: [...called, ...others.slice(0, mostServices)],
      rate: said.rate,
      latency: said.latency,
      configuration: [],
    },
    notes: left.length === 0 ? [] : [`left out, to suit one machine: ${left.join(', ')}`],
  };
}

function serviceText(text: string): { readonly name: string; readonly port?: number } {
  const [, name = '', port] = /^([^:]*)(?::(\d+))?$/.exec(text) ?? [];
  const number = Number(port ?? 8_080);
  if (name === '' || number < 1 || number > 65_535) {
    throw usageError(`--service ${text}: expected a name, or name:port such as cart:8080`);
  }
  return port === undefined ? { name } : { name, port: number };
}

const bare = (name: string, port = 8_080): FoundService => ({
  name,
  port,
  extraPorts: [],
  protocol: 'http1',
  workloads: [],
});

/** Every workload somewhere: where it was found to be, or in the zones by turns. */
function placed(service: FoundService, replicas: number, localities: readonly string[]): FoundService {
  const zone = (index: number) => localities[index % localities.length] ?? 'region1/zone-a';
  const workloads: readonly FoundWorkload[] =
    service.workloads.length > 0
      ? service.workloads
      : localities.map((each, index) => ({
          name: `${service.name}-${shortOf(each, localities)}`,
          replicas: Math.floor(replicas / localities.length) + (index < replicas % localities.length ? 1 : 0),
          labels: {},
          locality: each,
        }));
  return {
    ...service,
    workloads: workloads
      .filter((workload) => workload.replicas > 0)
      .map((workload, index) => ({ ...workload, locality: workload.locality ?? zone(index) })),
  };
}

/** "zone-a"; with the region where there are several: "eu-west". */
function shortOf(one: string, all: readonly string[]): string {
  const several = new Set(all.map((each) => each.split('/')[0])).size > 1;
  const parts = one.split('/').slice(several ? 0 : 1);
  return parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '');
}

function localitiesOf(zones: readonly string[], found: readonly string[]): readonly string[] {
  const given = zones.map((zone) => (zone.includes('/') ? zone : `region1/${zone}`));
  const wrong = given.find((each) => !locality.test(each));
  if (wrong !== undefined)
    throw usageError(`--zones: ${wrong} is no locality`, 'such as zone-a,zone-b or eu/west');
  const all = given.length > 0 ? given : found;
  return all.length > 0 ? [...new Set(all)] : ['region1/zone-a', 'region1/zone-b'];
}
