import type { Evidence } from '../../evidence/evidence.ts';
import type { Traffic } from '../traffic/traffic.ts';
import type { JudgedProbe } from './probes.ts';

/** Of the time that a caller waited, how much at least the machine had no processor to spare. */
const STARVED_SHARE = 0.9;

/** What callers gave up waiting for while the machine had no processor to spare: that says nothing about a mesh. */
export interface Starved {
  /** By row of a load's request: 1 where it is one. */
  readonly rows: Uint8Array;
  readonly requests: number;
  /** The probes without such answers. */
  readonly probes: readonly JudgedProbe[];
}

/** Undefined where there is nothing of that kind. */
export function starvedIn(
  evidence: Pick<Evidence, 'requests' | 'saturation' | 'originMs'>,
  traffic: Traffic,
  probes: readonly JudgedProbe[],
): Starved | undefined {
  const { requests, saturation } = evidence;
  const isStarved = (fromMs: number, durationMs: number) =>
    durationMs > 0 && saturation.during(fromMs, fromMs + durationMs) >= durationMs * STARVED_SHARE;
  const rows = new Uint8Array(traffic.length);
  let count = 0;
  for (let row = 0; row < traffic.length; row += 1) {
    if (traffic.endings[traffic.endingOf[row] as number]?.reason !== 'client-gone') continue;
    if (!isStarved(requests.startMs[row] as number, requests.durationMs[row] as number)) continue;
    rows[row] = 1;
    count += 1;
  }
  const left = probes.map(({ probe, came }) => ({
    probe,
    came: came.filter(
      ({ answer, atMs }) => answer.errorCode !== GAVE_UP || !isStarved(atMs, answer.durationMs),
    ),
  }));
  const isAny = count > 0 || left.some(({ came }, index) => came.length < (probes[index]?.came.length ?? 0));
  return isAny ? { rows, requests: count, probes: left } : undefined;
}

/** k6's code of a request that took longer than it was to wait. */
const GAVE_UP = 1_050;
