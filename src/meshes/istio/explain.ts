import type { MeshResource } from '../../model/mesh-configuration.ts';
import type { Explanation, SeenError } from '../contract.ts';
import { VIA_UPSTREAM } from '../envoy/reasons.ts';
import { httpRoute, named, type Setting, subset, together, trafficPolicy } from './explain-settings.ts';

/** Why a request failed in an Istio mesh, and the setting behind it. */
export function explain(error: SeenError, resources: readonly MeshResource[]): Explanation {
  if (error.details.startsWith('rbac_access_denied')) return denied(error, resources);
  const flags = error.flag.split(',');
  const known = flags.filter((flag) => flag in meanings);
  // What went wrong says more than that retries were used up, or that it was slowed down before.
  const flag = known.find((each) => each !== 'URX' && each !== 'DI') ?? known[0];
  const meaning = flag === undefined ? undefined : meanings[flag];
  if (meaning === undefined) return withoutFlag(error, resources);
  const { cause, setting } = meaning(error, resources);
  const retried = flag !== 'URX' && flags.includes('URX') ? ' Retries were used up.' : '';
  return { cause: `${cause}${retried}`, ...setting };
}

interface Meaning {
  readonly cause: string;
  readonly setting: Setting;
}

/** 2^32 - 1: Istio's word for no limit. https://istio.io/latest/docs/reference/config/networking/destination-rule/ */
const UNLIMITED = 'it is unlimited (2^32-1)';
const NO_SETTING: Setting = { setting: 'no mesh setting: the app or the generator decides' };

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags */
const meanings: Readonly<Record<string, (error: SeenError, resources: readonly MeshResource[]) => Meaning>> =
  {
    UO: ({ service, details, side }, resources) =>
      details === VIA_UPSTREAM
        ? {
            cause: `The host of ${service} answered with an error, and as too many retries were on their way already, there was none.`,
            setting: trafficPolicy(resources, service, ['connectionPool', 'http', 'maxRetries'], UNLIMITED),
          }
        : {
            cause:
              side === 'server'
                ? `The connection pool to the app of ${service} was full, so the server's own sidecar refused the request at once. The limits of a rule for ${service} hold there too, for all clients together.`
                : `The connection pool to ${service} was full, so the client's sidecar refused the request at once. The limits hold for each client sidecar.`,
            setting: together([
              trafficPolicy(
                resources,
                service,
                ['connectionPool', 'http', 'http1MaxPendingRequests'],
                UNLIMITED,
              ),
              trafficPolicy(resources, service, ['connectionPool', 'tcp', 'maxConnections'], UNLIMITED),
            ]),
          },
    UH: ({ service, destination }, resources) => ({
      cause: noHost(service, subsetOf(destination)),
      setting: together([
        ...subsetOf(destination).map((name) => subset(resources, service, name)),
        trafficPolicy(resources, service, ['outlierDetection', 'maxEjectionPercent'], '10 % may be ejected'),
        trafficPolicy(
          resources,
          service,
          ['outlierDetection'],
          'nothing is ever ejected: there were no hosts',
        ),
      ]),
    }),
    UF: ({ service, details, side }, resources) => {
      if (side === 'server') {
        return {
          cause: `The app of ${service} took no connection from its own sidecar: it is not listening, or it is down.`,
          setting: NO_SETTING,
        };
      }
      if (isTls(details)) return noTls(service, resources);
      return {
        cause: `The client's sidecar could not connect to the host of ${service}: it is down, refuses or does not answer.`,
        setting: together([
          httpRoute(resources, service, ['retries', 'attempts'], 'it is retried 2 times'),
          trafficPolicy(resources, service, ['connectionPool', 'tcp', 'connectTimeout'], 'it is 10s'),
          outlierDetection(resources, service),
        ]),
      };
    },
    UC: ({ service, side, details }, resources) =>
      isTls(details)
        ? noTls(service, resources)
        : {
            cause:
              side === 'server'
                ? `The app of ${service} closed the connection before it had answered.`
                : `The host of ${service} closed the connection before it had answered; Istio does not retry that by default.`,
            setting: httpRoute(resources, service, ['retries', 'retryOn'], RETRY_ON),
          },
    UT: ({ service, details }, resources) =>
      details.includes('per_try')
        ? {
            cause: `The host of ${service} did not answer within the time of one attempt.`,
            setting: httpRoute(
              resources,
              service,
              ['retries', 'perTryTimeout'],
              'an attempt has the time of the route',
            ),
          }
        : {
            cause: `The host of ${service} did not answer within the route's timeout.`,
            setting: httpRoute(resources, service, ['timeout'], 'there is none'),
          },
    URX: ({ service }, resources) => ({
      cause: `Every attempt at ${service} failed, until the retries were used up.`,
      setting: httpRoute(resources, service, ['retries', 'attempts'], 'it is retried 2 times'),
    }),
    UPE: ({ service }, resources) => ({
      cause: `The host of ${service} answered with something that is not valid HTTP.`,
      setting: trafficPolicy(
        resources,
        service,
        ['connectionPool', 'http', 'h2UpgradePolicy'],
        'the port name chooses the protocol',
      ),
    }),
    LR: ({ service }, resources) => ({
      cause: `The sidecar itself reset the request to ${service}, as when a connection is drained or a limit is reached.`,
      setting: trafficPolicy(
        resources,
        service,
        ['connectionPool', 'http', 'maxRequestsPerConnection'],
        'connections are used without end',
      ),
    }),
    UR: ({ service }, resources) => ({
      cause: `The host of ${service} reset the request while it was being answered.`,
      setting: httpRoute(resources, service, ['retries', 'retryOn'], RETRY_ON),
    }),
    DC: ({ service }, resources) => ({
      cause: `The caller went away before ${service} had answered, as when its own timeout ran out.`,
      setting: httpRoute(resources, service, ['timeout'], 'the mesh waits for as long as the caller does'),
    }),
    FI: ({ service }, resources) => ({
      cause: `The mesh configuration injects this error into requests to ${service}.`,
      setting: httpRoute(resources, service, ['fault', 'abort'], 'an EnvoyFilter must do it'),
    }),
    DI: ({ service }, resources) => ({
      cause: `The mesh configuration delays requests to ${service}, and this one failed after that.`,
      setting: httpRoute(resources, service, ['fault', 'delay'], 'an EnvoyFilter must do it'),
    }),
    NR: ({ service }, resources) => ({
      cause: `No route matched the request to ${service}.`,
      setting: httpRoute(
        resources,
        service,
        ['match'],
        'only the name and port of a known service are a route',
      ),
    }),
    NC: ({ service }, resources) => ({
      cause: `The route to ${service} leads to a host or subset that does not exist.`,
      setting: httpRoute(resources, service, ['route'], 'the service itself is the destination'),
    }),
    RL: ({ service }) => ({
      cause: `A rate limit refused the request to ${service}.`,
      setting: { setting: 'the rate limit of an EnvoyFilter' },
    }),
    UAEX: ({ service }) => ({
      cause: `The external authorizer refused the request to ${service}.`,
      setting: { setting: 'an AuthorizationPolicy with action CUSTOM' },
    }),
    SI: ({ service }, resources) => ({
      cause: `Nothing moved on the request to ${service} for the stream idle timeout.`,
      setting: trafficPolicy(resources, service, ['connectionPool', 'http', 'idleTimeout'], 'it is 1h'),
    }),
    DT: ({ service }, resources) => ({
      cause: `The request to ${service} took longer than a connection or stream may last.`,
      setting: trafficPolicy(
        resources,
        service,
        ['connectionPool', 'tcp', 'maxConnectionDuration'],
        'there is no limit',
      ),
    }),
    OM: () => ({
      cause: 'The sidecar was short of memory or connections and refused the request.',
      setting: { setting: 'the overload manager in the bootstrap of the sidecar' },
    }),
  };

/** What a sidecar says of a handshake that failed; one that came to its end and was then refused is a UC. */
const isTls = (details: string) => /TLS|CERTIFICATE/i.test(details);

function noTls(service: string, resources: readonly MeshResource[]): Meaning {
  return {
    cause: `The client's sidecar and ${service} could not agree on TLS: one side speaks mTLS and the other does not, or trusts another root.`,
    setting: trafficPolicy(resources, service, ['tls', 'mode'], 'Istio chooses mTLS by itself'),
  };
}

/** "outbound|8080|v2|edge-app.default.svc.cluster.local" → ["v2"]; of the whole service, none. */
function subsetOf(destination: string): string[] {
  const name = destination.split('|')[2];
  return name === undefined || name === '' ? [] : [name];
}

function noHost(service: string, [name]: readonly string[]): string {
  return name === undefined
    ? `The client's sidecar had no healthy host of ${service} left: all were ejected, or there are none.`
    : `The client's sidecar had no healthy host of the subset ${name} of ${service}: no replica has its labels, or all that do were ejected.`;
}

const RETRY_ON = 'it is retried on connect-failure, refused-stream, unavailable and cancelled';

function outlierDetection(resources: readonly MeshResource[], service: string): Setting {
  return trafficPolicy(resources, service, ['outlierDetection'], 'a bad host is never ejected');
}

/** "rbac_access_denied_matched_policy[ns[default]-policy[no-delete]-rule[0]]", or "[none]" when nothing allows it. */
function denied({ details, service }: SeenError, resources: readonly MeshResource[]): Explanation {
  const [, name, rule] = /policy\[([^\]]+)\]-rule\[(\d+)\]/.exec(details) ?? [];
  if (name !== undefined) {
    const setting = named(resources, 'AuthorizationPolicy', name, ['spec', 'rules', Number(rule)]) ?? {
      setting: `AuthorizationPolicy/${name}`,
    };
    return { cause: `AuthorizationPolicy ${name} forbids this request to ${service}.`, ...setting };
  }
  const allowing = resources.filter(
    ({ kind, value }) =>
      kind === 'AuthorizationPolicy' &&
      ((value['spec'] as { action?: unknown } | undefined)?.action ?? 'ALLOW') === 'ALLOW',
  );
  const settings = allowing.flatMap(
    ({ name: policy }) => named(resources, 'AuthorizationPolicy', policy) ?? [],
  );
  return {
    cause: `No AuthorizationPolicy allows this caller and request to ${service}.`,
    ...(settings.length === 0
      ? { setting: 'no AuthorizationPolicy in the mesh configuration' }
      : together(settings)),
  };
}

/** An error without a flag that says why: the app's own answer, or one that a filter made. */
function withoutFlag(error: SeenError, resources: readonly MeshResource[]): Explanation {
  const { service, status, details, flag } = error;
  if (details === VIA_UPSTREAM) {
    return {
      cause: `The app of ${service} itself answered ${status}.`,
      ...together([
        httpRoute(
          resources,
          service,
          ['retries'],
          `it is not retried: ${status} is not in the default retryOn`,
        ),
        outlierDetection(resources, service),
      ]),
    };
  }
  if (details === 'direct_response') {
    return {
      cause: `The mesh configuration answers ${status} by itself.`,
      ...httpRoute(resources, service, ['directResponse'], 'an EnvoyFilter must do it'),
    };
  }
  const said = [flag, details].filter((text) => text !== '-' && text !== '').join(', ');
  return {
    cause: `The sidecar ended the request to ${service}${status === 0 ? '' : ` with ${status}`}${said === '' ? '' : `: ${said}`}.`,
    setting: 'no setting that Breakwater knows',
  };
}
