import type { Problem } from '../../kit/problems.ts';
import type { Plan } from '../../plan/contract.ts';
import { at, fullHost, list, texts } from './configuration-hosts.ts';
import { isMap, type PlacedResource } from './configuration-resources.ts';
import { serviceHost } from './names.ts';

/** Checks on what a client's sidecar does with hosts: nothing that happens before a host is chosen shows there. */
const aboutHosts: Readonly<Record<string, string>> = {
  overflow: 'overflow a pool',
  ejections: 'eject a replica',
  'time-to-eject': 'eject a replica',
  'time-to-fail-over': 'cause a failover',
};

/**
 * A VirtualService's abort or delay acts in the caller's sidecar before a host is chosen, and turns the
 * route's timeout and retries off: beside checks on hosts it proves nothing.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPFaultInjection
 */
export function mistakesInFaults(
  resources: readonly PlacedResource[],
  { scenario }: Pick<Plan, 'instances' | 'scenario'>,
): Problem[] {
  const { checks, load, topology } = scenario;
  const index = checks.findIndex(({ kind }) => Object.hasOwn(aboutHosts, kind));
  const check = checks[index];
  if (!check) return [];
  const called = serviceHost(load.to, topology.namespace);
  return resources.flatMap((resource) => {
    if (resource.kind !== 'VirtualService') return [];
    const routed = texts(at(resource.value, ['spec', 'hosts'])).map((host) =>
      fullHost(host, resource.namespace),
    );
    if (!routed.some((host) => host === called || (host.startsWith('*') && called.endsWith(host.slice(1)))))
      return [];
    return list(at(resource.value, ['spec', 'http'])).flatMap((route, number) =>
      (['abort', 'delay'] as const).flatMap((what) => {
        if (!isMap(at(route, ['fault', what]))) return [];
        const message = `an ${what} here`.replace('an delay', 'a delay');
        const better = what === 'abort' ? 'error' : 'latency';
        return [
          resource.problem(
            ['spec', 'http', number, 'fault', what],
            `${message} acts in the caller's sidecar before a host is chosen, so it can never ${aboutHosts[check.kind]}, which the check checks.${index} (${check.kind}) is about`,
            `use a fault of the scenario instead: kind: ${better}, on: {service: ${load.to}}`,
            'key',
          ),
        ];
      }),
    );
  });
}
