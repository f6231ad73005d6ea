import { valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { ConfigurationContext } from '../contract.ts';
import { fullHost, list, texts } from './configuration-hosts.ts';
import { isMap, type PlacedResource } from './configuration-resources.ts';
import { serviceHost } from './names.ts';

/**
 * A VirtualService's abort or delay acts in the caller's sidecar before a host is chosen, and turns the
 * route's timeout and retries off: beside checks on hosts it proves nothing.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPFaultInjection
 */
export function mistakesInFaults(
  resources: readonly PlacedResource[],
  { topology, aboutHosts: [check] }: ConfigurationContext,
): Problem[] {
  if (!check) return [];
  const called = new Map(topology.calls.map(({ to }) => [serviceHost(to, topology.namespace), to]));
  return resources.flatMap((resource) => {
    if (resource.kind !== 'VirtualService') return [];
    const routed = texts(valueAt(resource.value, ['spec', 'hosts'])).map((host) =>
      fullHost(host, resource.namespace),
    );
    const [, service] =
      [...called].find(([name]) =>
        routed.some((host) => host === name || (host.startsWith('*') && name.endsWith(host.slice(1)))),
      ) ?? [];
    if (service === undefined) return [];
    return list(valueAt(resource.value, ['spec', 'http'])).flatMap((route, number) =>
      (['abort', 'delay'] as const).flatMap((what) => {
        if (!isMap(valueAt(route, ['fault', what]))) return [];
        const message = `an ${what} here`.replace('an delay', 'a delay');
        const better = what === 'abort' ? 'error' : 'latency';
        return [
          resource.problem(
            ['spec', 'http', number, 'fault', what],
            `${message} acts in the caller's sidecar before a host is chosen, so it can never ${check.happens}, which the check ${check.check} (${check.kind}) is about`,
            `use a fault of the scenario instead: kind: ${better}, on: {service: ${service}}`,
            'key',
          ),
        ];
      }),
    );
  });
}
