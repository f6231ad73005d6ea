import { parseStats } from '../host/mesh.ts';

/** What a sidecar is asked about itself until it is ready. */
export const readyPaths = [
  `/stats?filter=${encodeURIComponent(
    String.raw`^(listener_manager\.(lds\.update_(success|rejected)|total_listeners_warming)|cluster_manager\.cds\.update_(success|rejected)|server\.state)$`,
  )}`,
  '/clusters',
];

/** Whether a sidecar has taken its configuration and sees every host; a string tells what is missing. */
export function sidecarReady(
  [statistics = '', clusters = '']: readonly string[],
  hosts: ReadonlyMap<string, readonly string[]>,
): object | string {
  const stats = parseStats(statistics);
  const value = (name: string) => Number(stats.get(name) ?? 0);
  if (value('listener_manager.lds.update_rejected') + value('cluster_manager.cds.update_rejected') > 0)
    return 'it rejected its configuration';
  if (value('listener_manager.lds.update_success') === 0) return 'it has no listeners yet';
  if (value('cluster_manager.cds.update_success') === 0) return 'it has no clusters yet';
  if (stats.get('server.state') !== '0') return 'its Envoy is still initialising';
  if (value('listener_manager.total_listeners_warming') > 0) return 'its listeners are warming';
  const lines = clusters.split('\n');
  for (const [host, addresses] of hosts) {
    const seen = (address: string) =>
      lines.some((line) => line.includes(`|${host}::${address}::health_flags::healthy`));
    const missing = addresses.filter((address) => !seen(address));
    if (missing.length > 0) return `it does not see ${missing.join(', ')} of ${host} yet`;
    // Endpoints of an earlier run would get requests too.
    const strangers = lines.flatMap((line) => {
      const match = /^outbound\|\d+\|[^|]*\|([^:]+)::([\d.]+:\d+)::health_flags::/.exec(line);
      return match && match[1] === host && !addresses.includes(match[2] ?? '') ? [match[2]] : [];
    });
    if (strangers.length > 0) return `it still sees ${strangers.join(', ')} of ${host}`;
  }
  return {};
}
