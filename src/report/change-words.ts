import type { Report, Status } from './model.ts';
import { formatCount, formatMoment, formatMs, plural } from './words.ts';

type ReportChange = NonNullable<Report['changes']>[number];

/** Whether a change was made and watched as planned, for a mark: what a guard forbade is as good as what it let pass. */
export const changeMark = ({ status, guard }: ReportChange): Status =>
  status === 'not-made' || status === 'refused' || (guard !== undefined && guard.saw === undefined)
    ? 'invalid'
    : 'pass';

/** When a change was made, and how long it took: "4.01 s, in effect after 240 ms (frontend-1 last)". */
export function formatChangeTime({ plannedAtMs, changingAtMs, heldUp, arrivals }: ReportChange): string {
  if (changingAtMs === undefined) return `planned at ${formatMoment(plannedAtMs)}`;
  const [slowest] = Object.entries(arrivals).toSorted(([, a], [, b]) => b - a);
  const took =
    slowest === undefined
      ? 'never in effect everywhere'
      : `in effect after ${formatMs(slowest[1])} (${slowest[0]} last)`;
  return `${formatMoment(changingAtMs)}, ${took}${heldUp === undefined ? '' : `; ${heldUpText(heldUp)}`}`;
}

const heldUpText = ({ fault, untilMs }: NonNullable<ReportChange['heldUp']>) =>
  untilMs === undefined
    ? `${fault} was never over`
    : `nobody could hear of it before the end of ${fault} at ${formatMoment(untilMs)}`;

/** What came of a change, in a sentence or two. */
export function formatChangeOutcome(change: ReportChange): string {
  const { status, changingAtMs, arrivedAtMs, atSwitch, guard } = change;
  const switched =
    atSwitch === undefined
      ? []
      : [
          `${formatCount(atSwitch.failed)} of ${plural(atSwitch.requests, 'request')} failed on the way of it`,
        ];
  if (status === 'refused') return `refused, and with that the run ended: ${change.refused}`;
  if (status === 'not-made') return 'not made';
  if (status === 'withheld') return 'not made, since an earlier one was rolled back';
  if (guard === undefined) return switched.join('');
  const { rollingBackAtMs, rolledBackAtMs } = guard;
  if (guard.saw === undefined)
    return [...switched, `its guard could say nothing of so few requests: ${guard.description}`].join('; ');
  if (rollingBackAtMs === undefined)
    return [...switched, `its guard held: ${guard.description}, at worst ${guard.saw}`].join('; ');
  const afterMs = rollingBackAtMs - (arrivedAtMs ?? changingAtMs ?? 0);
  const back =
    rolledBackAtMs === undefined
      ? 'and that never came to every sidecar'
      : `which every sidecar held ${formatMs(rolledBackAtMs - rollingBackAtMs)} later`;
  return [
    ...switched,
    `rolled back ${formatMs(afterMs)} after it was in effect, ${back}: ${guard.saw}, where the guard is ${guard.description}`,
  ].join('; ');
}

/** "frontend-1 212 ms, edge-app-1 230 ms": the slowest first. */
export const formatArrivals = ({ arrivals }: ReportChange): string =>
  Object.entries(arrivals)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, ms]) => `${name} ${formatMs(ms)}`)
    .join(', ');
