import type { Evidence } from '../../evidence/evidence.ts';
import type { ProcessSeries, StatisticsSeries } from '../../evidence/samples.ts';

/** How much a counter grew in a window; a counter that fell has started anew with its sidecar. */
export function increase(
  t: readonly number[],
  counter: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): { value: number; samples: number } {
  let value = 0;
  let samples = 0;
  let before: number | undefined;
  for (const [index, at] of t.entries()) {
    const now = counter[index] ?? 0;
    if (at >= toMs) break;
    if (at >= fromMs) {
      samples += 1;
      if (before !== undefined) value += now >= before ? now - before : now;
    }
    before = now;
  }
  return { value, samples };
}

/** Addresses of instances by name, of all of them unless given. */
export function addressesOf(evidence: Evidence, names: readonly string[] | undefined): Set<string> {
  return new Set(
    evidence.context.instances
      .filter(({ name }) => names === undefined || names.includes(name))
      .flatMap(({ addresses }) => addresses),
  );
}

/** When the first of some hosts was out by what one sidecar says of them, or all of them were; at the earliest `fromMs`. */
export function firstEjectedAt(
  evidence: Evidence,
  series: StatisticsSeries,
  fromMs: number,
  names: readonly string[],
  which: 'any' | 'all',
): number | undefined {
  const ejected = new Set<string>();
  const instances = evidence.context.instances.filter(({ name }) => names.includes(name));
  const reached = () => {
    const out = instances.filter(({ addresses }) => addresses.some((address) => ejected.has(address)));
    return which === 'any' ? out.length > 0 : out.length === instances.length && out.length > 0;
  };
  let next = 0;
  /** Changes of one sample belong together: they share its time. */
  const applyUntil = (untilMs: number) => {
    for (; next < series.changes.length; next += 1) {
      const change = series.changes[next];
      if (change === undefined || change.t > untilMs) return;
      if (change.ejected) ejected.add(change.address);
      else ejected.delete(change.address);
    }
  };
  applyUntil(fromMs);
  if (reached()) return fromMs;
  while (next < series.changes.length) {
    const t = series.changes[next]?.t ?? Number.POSITIVE_INFINITY;
    applyUntil(t);
    if (reached()) return t;
  }
  return undefined;
}

/** Mean CPU use between two samples in cores; null across a restart. */
export function cores(process: ProcessSeries, first: number, last: number): number | null {
  const elapsed = (process.t[last] ?? 0) - (process.t[first] ?? 0);
  const used = (process.cpuMs[last] ?? 0) - (process.cpuMs[first] ?? 0);
  if (elapsed <= 0 || used < 0 || process.pid[first] !== process.pid[last]) return null;
  return Math.round((used / elapsed) * 1_000) / 1_000;
}
