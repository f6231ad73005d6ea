import type { Unit } from '../../checks/contract.ts';
import type { Report } from '../../report/model.ts';

/** A number about the traffic of a run that needs no check. */
interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly of: (report: Report) => number | undefined;
}

/** What is compared beside the checks. */
export function figuresOf(reports: readonly Report[]): Figure[] {
  const percentiles = new Set(reports.flatMap(({ traffic }) => Object.keys(traffic.latencyMs)));
  return [
    { name: 'goodput (all requests)', unit: 'per-second', of: goodput },
    { name: 'requests shed (all requests)', unit: 'count', of: ({ traffic }) => traffic.shed },
    { name: 'errors (all requests)', unit: 'count', of: ({ traffic }) => traffic.error + traffic.unanswered },
    ...(reports.some(hasZones) ? ['steady', 'fault', 'recovery'].map(ownZone) : []),
    ...[...percentiles].map(
      (percentile): Figure => ({
        name: `latency ${percentile} (all requests)`,
        unit: 'ms',
        of: ({ traffic }) => traffic.latencyMs[percentile],
      }),
    ),
  ];
}

/** Until the end of the load: what comes after it, taking faults back and reading totals, differs between environments. */
function goodput({ traffic, windows }: Report): number | undefined {
  const loadMs = Math.max(0, ...windows.map(({ toMs }) => toMs));
  return loadMs > 0 ? traffic.ok / (loadMs / 1_000) : undefined;
}

const hasZones = ({ topology }: Report) => new Set(topology.instances.map(({ zone }) => zone)).size > 1;

/** Where the traffic went: how much of what succeeded was answered in the zone that the client is in. */
function ownZone(window: string): Figure {
  return {
    name: `share of the client zone (${window})`,
    unit: 'share',
    of: ({ topology }) => {
      const zones = new Map(
        [...topology.clients, ...topology.instances].map(({ name, zone }) => [name, zone]),
      );
      const answered = (edges: typeof topology.edges) =>
        edges
          .map(({ byWindow }) => byWindow[window])
          .reduce((sum, edge) => sum + (edge === undefined ? 0 : edge.requests - edge.failed), 0);
      const all = answered(topology.edges);
      const own = topology.edges.filter(({ from, to }) => zones.get(from) === zones.get(to));
      return all === 0 ? undefined : answered(own) / all;
    },
  };
}
