import { parseDurationMs } from '../../apps/edge-app/src/service-time.ts';
import type { TopologyPlan } from '../model/topology.ts';

const patienceMs = 5_000;
/** A service time says a mean or a median; hardly a draw is this many times as long. */
const drawn = 5;

/** How long the first request may take: some seconds, and what the slowest app of the topology takes with all its calls. */
export function firstAnswerMs({ instances }: TopologyPlan): number {
  const apps = new Map(instances.map(({ service, app }) => [service, app]));
  const known = new Map<string, number>();
  const timeOf = (service: string): number => {
    const before = known.get(service);
    if (before !== undefined) return before;
    const app = apps.get(service);
    const said = app?.serviceTime.match(/[\d.]+m?s/g) ?? [];
    const own = Math.max(0, ...said.map((text) => parseDurationMs(text) ?? 0));
    const all = (app?.calls ?? []).reduce((sum, { to }) => sum + timeOf(to), own);
    known.set(service, all);
    return all;
  };
  return patienceMs + drawn * Math.max(0, ...[...apps.keys()].map(timeOf));
}
