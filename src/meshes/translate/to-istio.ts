import type { RouteIntent, RouteMatch, ServiceIntent, TextMatch } from './intent.ts';
import { merged } from './merged.ts';
import { wholeWeights } from './shares.ts';

/** A resource as Istio takes it. */
interface IstioResource {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'DestinationRule' | 'VirtualService';
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** The rules that say the same. They hold for every caller, where an entry of Consul holds for one. */
export function toIstio(intents: readonly ServiceIntent[]): readonly IstioResource[] {
  return merged(intents).flatMap((intent) => [...ruleOf(intent), ...routesOf(intent)]);
}

function ruleOf({
  service,
  pool,
  connectTimeout,
  ejection,
  balancing,
  subsets,
}: ServiceIntent): IstioResource[] {
  const { connections, pending, requests } = pool;
  const tcp = {
    ...(connections === undefined ? {} : { maxConnections: connections }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
  };
  const http = {
    ...(pending === undefined ? {} : { http1MaxPendingRequests: pending }),
    ...(requests === undefined ? {} : { http2MaxRequests: requests }),
  };
  const connectionPool = { ...(isEmpty(tcp) ? {} : { tcp }), ...(isEmpty(http) ? {} : { http }) };
  const named = Object.entries(subsets);
  if (isEmpty(connectionPool) && ejection === undefined && balancing === undefined && named.length === 0)
    return [];
  const trafficPolicy = {
    loadBalancer: {
      // Consul takes all hosts alike; with outlierDetection Istio would keep to the caller's zone.
      localityLbSetting: { enabled: false },
      simple: (balancing ?? 'round-robin').toUpperCase().replaceAll('-', '_'),
    },
    ...(isEmpty(connectionPool) ? {} : { connectionPool }),
    ...(ejection === undefined || ejection.errors === 0
      ? {}
      : {
          outlierDetection: {
            consecutive5xxErrors: ejection.errors,
            interval: ejection.interval,
            baseEjectionTime: ejection.base,
            maxEjectionPercent: ejection.mostPercent,
          },
        }),
  };
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: service },
      spec: {
        host: service,
        trafficPolicy,
        ...(named.length === 0 ? {} : { subsets: named.map(([name, labels]) => ({ name, labels })) }),
      },
    },
  ];
}

const isEmpty = (value: object) => Object.keys(value).length === 0;

function routesOf({ service, routes }: ServiceIntent): IstioResource[] {
  if (routes.length === 0) return [];
  // In Consul a route that leads to the service itself goes on through its shares.
  const shares = routes.find(({ to }) => to.length > 1)?.to;
  const own = routes.filter(({ to }) => to.length === 1);
  const all = own.length === 0 ? routes : own;
  const isWhole = all.some(({ matches }) => matches.length === 0);
  const last: RouteIntent = {
    matches: [],
    to: shares ?? [{ service, weight: 100 }],
    retries: { attempts: 0, conditions: [] },
  };
  const written = [...all, ...(isWhole ? [] : [last])].map((route) => {
    const [first] = route.to;
    const leadsToItself = first?.service === service && first.subset === undefined;
    return shares !== undefined && leadsToItself ? { ...route, to: shares } : route;
  });
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: service },
      spec: { hosts: [service], http: written.map(routeOf) },
    },
  ];
}

function routeOf({ matches, to, timeout, retries, prefix }: RouteIntent): object {
  const weights = wholeWeights(to.map(({ weight }) => weight));
  return {
    ...(matches.length === 0 ? {} : { match: matches.map(matchOf) }),
    ...(prefix === undefined ? {} : { rewrite: { uri: prefix } }),
    // Where nothing is said Consul's sidecars wait for 15 seconds, and Istio's for ever.
    ...(timeout === 'none' ? {} : { timeout: timeout ?? '15s' }),
    retries:
      retries === undefined || retries.attempts === 0
        ? { attempts: 0 }
        : { attempts: retries.attempts, retryOn: retries.conditions.join(',') },
    route: to.map(({ service, subset }, index) => ({
      destination: { host: service, ...(subset === undefined ? {} : { subset }) },
      ...(to.length === 1 ? {} : { weight: weights[index] }),
    })),
  };
}

function matchOf({ path, methods, headers, without, query }: RouteMatch): object {
  const text = ({ kind, value }: TextMatch) => (kind === 'present' ? {} : { [kind]: value });
  const parameter = (match: TextMatch) => (match.kind === 'present' ? { regex: '.*' } : text(match));
  return {
    ...(path === undefined ? {} : { uri: text(path) }),
    ...(methods.length === 0
      ? {}
      : { method: methods.length === 1 ? { exact: methods[0] } : { regex: methods.join('|') } }),
    ...(Object.keys(headers).length === 0
      ? {}
      : { headers: Object.fromEntries(Object.entries(headers).map(([name, match]) => [name, text(match)])) }),
    ...(without.length === 0
      ? {}
      : { withoutHeaders: Object.fromEntries(without.map((name) => [name, {}])) }),
    ...(Object.keys(query).length === 0
      ? {}
      : {
          queryParams: Object.fromEntries(
            Object.entries(query).map(([name, match]) => [name, parameter(match)]),
          ),
        }),
  };
}
