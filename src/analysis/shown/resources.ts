import type { Evidence } from '../../evidence/evidence.ts';
import type { Report } from '../../report/model.ts';
import { increase } from '../facts/statistics.ts';

type Resources = Report['resources'];
type Program = Resources['programs'][string];

/**
 * CPU time in the trial and peak memory of every program that was watched; a restarted one counts all its lives. What
 * it had used before the load began was for the lab, or for an earlier trial on it.
 */
export function resourcesOf(evidence: Evidence): Resources {
  const handled = requestsHandled(evidence);
  const programs: Record<string, Program> = {};
  for (const { name, t, pid, cpuMs, rssBytes } of evidence.processes.values()) {
    const before = new Map<number, number>();
    const byPid = new Map<number, number>();
    let maxRssBytes = 0;
    for (const [index, id] of pid.entries()) {
      if ((t[index] ?? 0) <= 0) before.set(id, cpuMs[index] ?? 0);
      byPid.set(id, Math.max(byPid.get(id) ?? 0, cpuMs[index] ?? 0));
      maxRssBytes = Math.max(maxRssBytes, rssBytes[index] ?? 0);
    }
    const requests = handled.get(name.replace(/\/(?:sidecar|app)$/, ''));
    programs[name] = {
      cpuMs: [...byPid].reduce((sum, [id, used]) => sum + used - (before.get(id) ?? 0), 0),
      maxRssBytes,
      ...(requests === undefined ? {} : { requests }),
    };
  }
  const { harness = { cpuMs: 0, maxRssBytes: 0 }, ...others } = programs;
  const machine = machineOf(evidence, programs);
  return {
    harness,
    programs: others,
    ...(machine === undefined ? {} : { machine }),
    connections: connectionsOf(evidence),
  };
}

/** What the machine had to do beside the trial: all that was busy, less what everything that was watched has used. */
function machineOf(
  { saturation }: Evidence,
  programs: Readonly<Record<string, Program>>,
): Resources['machine'] {
  const { busy } = saturation;
  if (busy === undefined) return undefined;
  const own = Object.values(programs).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  // Each is sampled by itself, so the difference may be a little less than none.
  const others = Math.min(busy.cpus, Math.max(0, (busy.busyMs - own) / busy.ms));
  return { cpus: busy.cpus, others: Number(others.toPrecision(4)) };
}

/** Requests that each instance has sent or got, retries included where they came. */
function requestsHandled({ context, requests, arrivals }: Evidence): ReadonlyMap<string, number> {
  const counts = context.instances.map(() => 0);
  for (const [{ length }, instance] of [
    [requests, requests.client],
    [arrivals, arrivals.instance],
  ] as const) {
    for (let row = 0; row < length; row += 1) {
      const index = instance[row] as number;
      counts[index] = (counts[index] ?? 0) + 1;
    }
  }
  return new Map(context.instances.map(({ name }, index) => [name, counts[index] ?? 0]));
}

/** What clients' sidecars opened since the load began, of services that they called. */
function connectionsOf({ statistics }: Evidence): NonNullable<Resources['connections']> {
  const sinceTheLoad = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };
  return statistics
    .map(({ instance, service, t, opened, completed }) => ({
      client: instance,
      service,
      opened: increase(t, opened, sinceTheLoad).value,
      requests: increase(t, completed, sinceTheLoad).value,
    }))
    .filter(({ requests }) => requests > 0);
}
