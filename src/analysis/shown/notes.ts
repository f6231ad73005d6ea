import type { RunFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { formatMs, formatPercent, plural } from '../../kit/format.ts';
import { percentileOf } from '../../kit/percentile.ts';
import { release } from '../../kit/release.ts';
import type { Picture } from '../reasons/picture.ts';
import { byLoad, type LoadFacts } from '../traffic/loads.ts';
import type { Traffic } from '../traffic/traffic.ts';

/** Below this before the first fault, a reader should know. */
const STEADY_SUCCESS = 0.99;
/** Clocks on one machine differ by less. */
const CLOCK_OFFSET_MS = 20;

/** What a reader should know beside the verdict. */
export function notesOn(
  evidence: Evidence,
  traffic: Traffic,
  loads: readonly LoadFacts[],
  facts: RunFacts,
  picture: Picture,
): string[] {
  const { quality } = evidence;
  const notes = [
    ...byLoad(loads, ({ totals }) =>
      totals?.loop === 'closed'
        ? 'Closed loop: a user asks again only after its answer, so slow moments get fewer requests and the latencies hide the queue that real callers would stand in.'
        : undefined,
    ),
    ...byLoad(loads, ({ totals }) =>
      totals?.loop === 'script'
        ? "The load is a script of its own: rates and users are the script's."
        : undefined,
    ),
    ...byLoad(loads, ({ totals, planned }) =>
      totals?.overran
        ? `The script had more to do than fits into load.duration (${formatMs(planned.durationMs)}), and was stopped a moment after that.`
        : undefined,
    ),
    ...byLoad(loads, ({ totals }) =>
      totals?.ofBytes
        ? 'Each request is a connection to the sidecars, which pass on bytes: whether it came about, how long it lasted and whether anything came back is all that they know.'
        : undefined,
    ),
    ...byLoad(loads, ({ totals }) =>
      totals?.carriesDue === false
        ? "Requests do not say when they were due, so latency counts from their arrival at the client's sidecar; waiting inside the generator is not in it."
        : undefined,
    ),
    ...byLoad(loads, ({ clock }) =>
      Math.abs(clock.offsetMs) > CLOCK_OFFSET_MS
        ? `The clocks of load and sidecar differ by ${formatMs(clock.offsetMs)}, which is taken out; a load that was late by a constant from its first request on would look the same.`
        : undefined,
    ),
  ];
  const steady = facts.windows.find(({ name }) => name === 'steady');
  if (steady !== undefined && facts.faults.length > 0) {
    const requests = facts.count(steady);
    const share = requests === 0 ? 1 : facts.count(steady, { outcome: 'ok' }) / requests;
    if (share < STEADY_SUCCESS) {
      notes.push(
        `Only ${formatPercent(share)} succeeded before the first fault: not every failure later is the fault's.`,
      );
    }
  }
  const overhead = overheadOf(evidence, traffic);
  if (overhead !== undefined) {
    notes.push(
      `Between the client's sidecar and the server's, the mesh took ${formatMs(overhead.p50)} at p50 and ${formatMs(overhead.p95)} at p95 (${plural(overhead.samples, 'request')} that succeeded at the first attempt).`,
    );
  }
  notes.push(...notesOnConnections(evidence), ...notesOnLocality(picture, loads));
  const unread = picture.unread();
  if (unread.length > 0) {
    notes.push(
      `What the sidecars of ${unread.join(', ')} held is not known, since they did not answer before the load began.`,
    );
  }
  if (quality.tornLines > 0) {
    notes.push(
      `${plural(quality.tornLines, 'log')} cut off in the last line, as a killed sidecar leaves it.`,
    );
  }
  return notes;
}

/** Connections that no request came of are nobody's requests, and often the only trace of why clients got none through. */
function notesOnConnections({ withoutRequest }: Evidence): string[] {
  return [...Map.groupBy(withoutRequest, ({ why }) => why)].map(([why, alike]) => {
    const count = alike.reduce((sum, each) => sum + each.count, 0);
    const where = [...new Set(alike.map(({ instance }) => instance))].sort().join(', ');
    const told = {
      'not-taken': 'the sidecar takes none of the kind, as one that takes TLS only does with plaintext',
      'not-understood': 'what came was not HTTP, as when TLS is spoken to a sidecar that takes plaintext',
      'no-certificate':
        'who opened them showed no certificate, as a control plane does that looks whether a sidecar is there',
      'turned-away': 'the sidecar closed them at once, as one does that takes no more at a time',
      bytes: 'what came on them was passed on as bytes',
    }[why];
    return `${plural(count, 'connection')} to ${where} ended before a request came of ${count === 1 ? 'it' : 'them'}: ${told}.`;
  });
}

/**
 * Where a setting that is for something else has a client keep to the nearest hosts: nothing in the files says so, and
 * no scenario need fail for it.
 */
function notesOnLocality({ configuration }: Picture, loads: readonly LoadFacts[]): string[] {
  const called = new Set(loads.map(({ planned }) => planned.to));
  const notes = configuration.sidecars.flatMap(({ service: from, role, clusters }) =>
    role !== 'client'
      ? []
      : clusters.flatMap(({ service, locality: { value, from: origin }, zones }) => {
          const hosts = zones.flatMap((zone) => zone.hosts).length;
          const near = zones.filter(({ priority }) => priority === 0).flatMap((zone) => zone.hosts).length;
          const isSaid = origin.by !== 'setting' || /\.localityLbSetting\b/.test(origin.path);
          if (value !== 'failover' || isSaid || near === hosts || !called.has(service)) return [];
          const { resource, path, file, line } = origin;
          return [
            `${resource.kind}/${resource.name} ${path} (${file}:${line}) has switched locality preference on: ${from} uses the nearest ${near} of ${plural(hosts, 'host')} of ${service} as long as those are healthy.`,
          ];
        }),
  );
  return [...new Set(notes)];
}

/** What a request took at its client beyond what it took at its server, request by request. */
function overheadOf(
  { requests, arrivals }: Evidence,
  traffic: Traffic,
): { p50: number; p95: number; samples: number } | undefined {
  const differences = new Float32Array(traffic.length);
  let samples = 0;
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (ending?.outcome !== 'ok' || requests.arrivals[row] !== 1) continue;
    const arrival = requests.lastArrival[row] as number;
    differences[samples] = (requests.durationMs[row] as number) - (arrivals.durationMs[arrival] as number);
    samples += 1;
  }
  const sorted = differences.subarray(0, samples).sort();
  const p50 = percentileOf(sorted, 50);
  const p95 = percentileOf(sorted, 95);
  release(differences);
  return p50 === undefined || p95 === undefined || samples < 100 ? undefined : { p50, p95, samples };
}
