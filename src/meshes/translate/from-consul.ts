import { type Path, valueAt } from '../../kit/path.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import {
  FieldReader,
  type Loss,
  type Read,
  type RouteIntent,
  type RouteMatch,
  type ServiceIntent,
  type TextMatch,
} from './intent.ts';

/** Why some of Consul's settings are lost on Istio. */
const why: Readonly<Record<string, string>> = {
  Failover: 'Istio fails over by locality: localityLbSetting of a DestinationRule, written by hand',
  Redirect: 'written by hand: a VirtualService that leads to the other host',
  MeshGateway: 'Istio has gateways of its own',
  EnvoyExtensions: 'written by hand: an EnvoyFilter',
  Protocol: 'Istio is told by the name of the port',
  LoadBalancer: 'written by hand: consistentHash of a DestinationRule',
  RequestHeaders: 'written by hand: headers of a VirtualService',
  ResponseHeaders: 'written by hand: headers of a VirtualService',
  Defaults: 'written by hand for each service that is called: a DestinationRule is for one host',
};

/** Fields that say what the entry is. */
const heads = ['Kind', 'Name', 'Meta', 'Namespace', 'Partition'];

/** What service-defaults, resolvers, splitters and routers mean. */
export function fromConsul(resources: readonly MeshResource[]): Read {
  const losses: Loss[] = [];
  const intents = resources.flatMap((resource) => {
    const fields = new FieldReader(resource);
    for (const head of heads) fields.take(head);
    const read = readEntry(fields, losses);
    const otherwise =
      read === undefined ? `a ${resource.kind} is not translated` : 'Istio has no setting for it';
    losses.push(...fields.left([], why, otherwise));
    return read ?? [];
  });
  return { intents, losses };
}

function readEntry(fields: FieldReader, losses: Loss[]): readonly ServiceIntent[] | undefined {
  switch (fields.resource.kind) {
    case 'service-defaults':
      return overrides(fields);
    case 'service-resolver':
      return [resolver(fields, losses)];
    case 'service-splitter':
      return [splitter(fields)];
    case 'service-router':
      return [router(fields, losses)];
    default:
      return undefined;
  }
}

function overrides(fields: FieldReader): readonly ServiceIntent[] {
  const at: Path = ['UpstreamConfig', 'Overrides'];
  return Array.from({ length: fields.count(...at) }, (_, index) => {
    const own = [...at, index];
    const health = [...own, 'PassiveHealthCheck'];
    const enforced = fields.number(...health, 'EnforcingConsecutive5xx') ?? 100;
    const connect = fields.number(...own, 'ConnectTimeoutMs');
    // A 0 says nothing.
    const limit = (name: string) => fields.number(...own, 'Limits', name) || undefined;
    return {
      service: fields.text(...own, 'Name') ?? '',
      callers: [fields.resource.name],
      pool: {
        ...some('connections', limit('MaxConnections')),
        ...some('pending', limit('MaxPendingRequests')),
        ...some('requests', limit('MaxConcurrentRequests')),
      },
      ...(connect === undefined ? {} : { connectTimeout: `${connect}ms` }),
      // On by default there.
      ejection: {
        errors: enforced === 0 ? 0 : fields.number(...health, 'MaxFailures') || 5,
        interval: fields.text(...health, 'Interval') ?? '10s',
        base: fields.text(...health, 'BaseEjectionTime') ?? '30s',
        mostPercent: fields.number(...health, 'MaxEjectionPercent') ?? 10,
      },
      subsets: {},
      routes: [],
    };
  });
}

const equals = /Service\.Meta\.([\w-]+)\s*==\s*"?([^\s"]+)"?/g;
const onlyEquals = new RegExp(`^(?:${equals.source}(?:\\s+and\\s+|\\s*$))*$`);

function resolver(fields: FieldReader, losses: Loss[]): ServiceIntent {
  const subsets = fields.keys('Subsets').map((name) => {
    const at: Path = ['Subsets', name, 'Filter'];
    const filter = fields.text(...at) ?? '';
    if (onlyEquals.test(filter)) {
      const labels = [...filter.matchAll(equals)];
      return [name, Object.fromEntries(labels.map(([, label, value]) => [label, value]))] as const;
    }
    losses.push(fields.loss(at, 'Istio tells the hosts of a subset by labels with one value each'));
    return [name, {}] as const;
  });
  const policy = String(valueAt(fields.resource.value, ['LoadBalancer', 'Policy']) || 'round_robin');
  const isSimple = ['round_robin', 'least_request', 'random'].includes(policy);
  if (isSimple) fields.take('LoadBalancer', 'Policy');
  return {
    service: fields.resource.name,
    pool: {},
    ...some('connectTimeout', fields.text('ConnectTimeout')),
    ...(isSimple ? { balancing: policy.replaceAll('_', '-') } : {}),
    subsets: Object.fromEntries(subsets),
    routes: [],
  };
}

function splitter(fields: FieldReader): ServiceIntent {
  const { name } = fields.resource;
  const to = Array.from({ length: fields.count('Splits') }, (_, index) => ({
    service: fields.text('Splits', index, 'Service') || name,
    ...some('subset', fields.text('Splits', index, 'ServiceSubset')),
    weight: fields.number('Splits', index, 'Weight') ?? 0,
  }));
  return { service: name, pool: {}, subsets: {}, routes: [{ matches: [], to, retries: none }] };
}

const none = { attempts: 0, conditions: [] } as const;

function router(fields: FieldReader, losses: Loss[]): ServiceIntent {
  const { name } = fields.resource;
  const routes = Array.from({ length: fields.count('Routes') }, (_, index): RouteIntent | undefined => {
    const at: Path = ['Routes', index];
    const destination = [...at, 'Destination'];
    const hasMatch = fields.keys(...at, 'Match', 'HTTP').length > 0;
    const match = hasMatch ? matchAt(fields, [...at, 'Match', 'HTTP'], losses) : undefined;
    if (hasMatch && match === undefined) {
      fields.take(...at);
      return undefined;
    }
    const attempts = fields.number(...destination, 'NumRetries');
    const names = (fields.take(...destination, 'RetryOn') ?? []) as readonly string[];
    const codes = (fields.take(...destination, 'RetryOnStatusCodes') ?? []) as readonly number[];
    const connect = fields.take(...destination, 'RetryOnConnectFailure') === true ? ['connect-failure'] : [];
    const conditions = [...names, ...connect, ...codes.map(String)];
    return {
      matches: match === undefined ? [] : [match],
      to: [
        {
          service: fields.text(...destination, 'Service') || name,
          ...some('subset', fields.text(...destination, 'ServiceSubset')),
          weight: 100,
        },
      ],
      ...some('timeout', fields.text(...destination, 'RequestTimeout')),
      // Consul leaves a number of 0 away, and Envoy tries once again then.
      retries: conditions.length > 0 ? { attempts: attempts || 1, conditions } : none,
      ...some('prefix', fields.text(...destination, 'PrefixRewrite')),
    };
  }).filter((route) => route !== undefined);
  return { service: name, pool: {}, subsets: {}, routes };
}

/** One condition; undefined, and losses, where a part of it cannot be said. */
function matchAt(fields: FieldReader, at: Path, losses: Loss[]): RouteMatch | undefined {
  const paths = (['Exact', 'Prefix', 'Regex'] as const).flatMap((word): TextMatch[] => {
    const value = fields.text(...at, `Path${word}`);
    return value === undefined ? [] : [{ kind: lower(word), value }];
  });
  const named = Array.from({ length: fields.count(...at, 'Header') }, (_, index) =>
    textOf(fields, [...at, 'Header', index]),
  );
  const query = Array.from({ length: fields.count(...at, 'QueryParam') }, (_, index) =>
    textOf(fields, [...at, 'QueryParam', index]),
  );
  const methods = (fields.take(...at, 'Methods') ?? []) as readonly string[];
  const left = fields.leftOut(at, whyOfMatches, 'Istio has no setting for it');
  losses.push(...(left ?? []));
  const isAbsence = ({ absent }: NamedText) => absent;
  const entries = (of: readonly NamedText[]) => Object.fromEntries(of.map(({ name, text }) => [name, text]));
  return left === undefined
    ? {
        ...some('path', paths[0]),
        methods,
        headers: entries(named.filter((each) => !isAbsence(each))),
        without: named.filter(isAbsence).map(({ name }) => name),
        query: entries(query),
      }
    : undefined;
}

const whyOfMatches: Readonly<Record<string, string>> = {
  Suffix: 'Istio does not look at the end of a header',
  Invert: 'what is turned around is otherwise for requests without the header there',
};

interface NamedText {
  readonly name: string;
  readonly text: TextMatch;
  /** It may not be there. */
  readonly absent: boolean;
}

/** A header or a parameter that has to match; what of it is not taken has no counterpart. */
function textOf(fields: FieldReader, at: Path): NamedText {
  const name = fields.text(...at, 'Name') ?? '';
  for (const word of ['Exact', 'Prefix', 'Regex'] as const) {
    const value = fields.text(...at, word);
    if (value !== undefined) return { name, text: { kind: lower(word), value }, absent: false };
  }
  const isPresence = fields.take(...at, 'Present') === true;
  const absent = isPresence && fields.take(...at, 'Invert') === true;
  return { name, text: { kind: 'present', value: '' }, absent };
}

const lower = (word: 'Exact' | 'Prefix' | 'Regex') => word.toLowerCase() as 'exact' | 'prefix' | 'regex';

const some = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [Name in Key]?: Value };
