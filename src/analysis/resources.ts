import type { Evidence } from '../evidence/evidence.ts';
import type { Report } from '../report/model.ts';

/** CPU time and peak memory of every program that was watched; a restarted one counts all its lives. */
export function resourcesOf(evidence: Evidence): Report['resources'] {
  const programs: Report['resources']['programs'] = {};
  for (const { name, pid, cpuMs, rssBytes } of evidence.processes.values()) {
    const byPid = new Map<number, number>();
    let maxRssBytes = 0;
    for (const [index, id] of pid.entries()) {
      byPid.set(id, Math.max(byPid.get(id) ?? 0, cpuMs[index] ?? 0));
      maxRssBytes = Math.max(maxRssBytes, rssBytes[index] ?? 0);
    }
    programs[name] = { cpuMs: [...byPid.values()].reduce((sum, each) => sum + each, 0), maxRssBytes };
  }
  const { harness = { cpuMs: 0, maxRssBytes: 0 }, ...others } = programs;
  return { harness, programs: others };
}
