import { parseDurationMs } from '../../apps/edge-app/src/service-time.ts';
import type { TopologyPlan } from '../model/topology.ts';

const patienceMs = 5_000;
/** A service time says a mean or a median; hardly a draw is this many times as long. */
const drawn = 5;

/** How long the first request may take: some seconds, and what the slowest app of the topology takes by itself. */
export function firstAnswerMs({ instances }: TopologyPlan): number {
  const said = instances.flatMap(({ app }) => app?.serviceTime.match(/[\d.]+m?s/g) ?? []);
  return patienceMs + drawn * Math.max(0, ...said.map((text) => parseDurationMs(text) ?? 0));
}
