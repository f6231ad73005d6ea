import type { Evidence } from '../evidence/evidence.ts';
import type { Report } from '../report/model.ts';

/**
 * CPU time in the trial and peak memory of every program that was watched; a restarted one counts all its lives. What
 * it had used before the load began was for the lab, or for an earlier trial on it.
 */
export function resourcesOf(evidence: Evidence): Report['resources'] {
  const programs: Report['resources']['programs'] = {};
  for (const { name, t, pid, cpuMs, rssBytes } of evidence.processes.values()) {
    const before = new Map<number, number>();
    const byPid = new Map<number, number>();
    let maxRssBytes = 0;
    for (const [index, id] of pid.entries()) {
      if ((t[index] ?? 0) <= 0) before.set(id, cpuMs[index] ?? 0);
      byPid.set(id, Math.max(byPid.get(id) ?? 0, cpuMs[index] ?? 0));
      maxRssBytes = Math.max(maxRssBytes, rssBytes[index] ?? 0);
    }
    programs[name] = {
      cpuMs: [...byPid].reduce((sum, [id, used]) => sum + used - (before.get(id) ?? 0), 0),
      maxRssBytes,
    };
  }
  const { harness = { cpuMs: 0, maxRssBytes: 0 }, ...others } = programs;
  return { harness, programs: others };
}
