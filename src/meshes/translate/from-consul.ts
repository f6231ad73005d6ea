import type { Path } from '../../kit/path.ts';
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
  HashPolicies: 'written by hand: consistentHash of a DestinationRule',
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
      return [router(fields)];
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
    return {
      service: fields.text(...own, 'Name') ?? '',
      callers: [fields.resource.name],
      pool: {
        ...some('connections', fields.number(...own, 'Limits', 'MaxConnections')),
        ...some('pending', fields.number(...own, 'Limits', 'MaxPendingRequests')),
        ...some('requests', fields.number(...own, 'Limits', 'MaxConcurrentRequests')),
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
  return {
    service: fields.resource.name,
    pool: {},
    ...some('connectTimeout', fields.text('ConnectTimeout')),
    balancing: (fields.text('LoadBalancer', 'Policy') || 'round_robin').replaceAll('_', '-'),
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

function router(fields: FieldReader): ServiceIntent {
  const { name } = fields.resource;
  const routes = Array.from({ length: fields.count('Routes') }, (_, index): RouteIntent => {
    const at: Path = ['Routes', index];
    const destination = [...at, 'Destination'];
    const hasMatch = fields.keys(...at, 'Match', 'HTTP').length > 0;
    const attempts = fields.number(...destination, 'NumRetries');
    const names = (fields.take(...destination, 'RetryOn') ?? []) as readonly string[];
    const codes = (fields.take(...destination, 'RetryOnStatusCodes') ?? []) as readonly number[];
    const connect = fields.take(...destination, 'RetryOnConnectFailure') === true ? ['connect-failure'] : [];
    const conditions = [...names, ...connect, ...codes.map(String)];
    return {
      matches: hasMatch ? [matchAt(fields, [...at, 'Match', 'HTTP'])] : [],
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
  });
  return { service: name, pool: {}, subsets: {}, routes };
}

function matchAt(fields: FieldReader, at: Path): RouteMatch {
  const paths = (['Exact', 'Prefix', 'Regex'] as const).flatMap((word): TextMatch[] => {
    const value = fields.text(...at, `Path${word}`);
    return value === undefined ? [] : [{ kind: lower(word), value }];
  });
  const headers = Array.from({ length: fields.count(...at, 'Header') }, (_, index) => {
    const own = [...at, 'Header', index];
    const name = fields.text(...own, 'Name') ?? '';
    for (const word of ['Exact', 'Prefix', 'Regex'] as const) {
      const value = fields.text(...own, word);
      if (value !== undefined) return [name, { kind: lower(word), value }] as const;
    }
    fields.take(...own, 'Present');
    return [name, { kind: 'present', value: '' }] as const;
  });
  return {
    ...some('path', paths[0]),
    methods: (fields.take(...at, 'Methods') ?? []) as readonly string[],
    headers: Object.fromEntries(headers),
  };
}

const lower = (word: 'Exact' | 'Prefix' | 'Regex') => word.toLowerCase() as 'exact' | 'prefix' | 'regex';

const some = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [Name in Key]?: Value };
