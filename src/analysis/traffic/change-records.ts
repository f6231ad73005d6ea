import type { ChangeRecord } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { JournalEntry } from '../../model/evidence.ts';
import type { PlannedChange } from '../../plan/contract.ts';
import type { Report } from '../../report/model.ts';
import type { RecordedFault } from './fault-records.ts';
import type { Traffic } from './traffic.ts';

type ChangeEntry = Extract<JournalEntry, { readonly change: string }>;

/** Changes as they really happened, from the journal; times from the start of the load. */
export function recordChanges(
  planned: readonly PlannedChange[],
  journal: readonly JournalEntry[],
  originMs: number,
  faults: readonly RecordedFault[],
): ChangeRecord[] {
  return planned.map(({ name, description, atMs, guard }) => {
    const own = journal.filter((entry): entry is ChangeEntry => 'change' in entry && entry.change === name);
    const find = (event: ChangeEntry['event']) => own.find((entry) => entry.event === event);
    const at = (entry: ChangeEntry | undefined) => (entry === undefined ? undefined : entry.t - originMs);
    const changed = find('changed');
    const refused = find('refused');
    const broken = find('rolling-back');
    const over = broken ?? find('guarded');
    const changingAtMs = at(find('changing'));
    const outage = changingAtMs === undefined ? undefined : outageAt(changingAtMs, faults);
    return {
      name,
      description,
      plannedAtMs: atMs,
      changingAtMs,
      ...(outage === undefined ? {} : { heldUp: { fault: outage.name, untilMs: outage.revertedAtMs } }),
      arrivedAtMs: at(changed),
      ...(refused === undefined ? {} : { refused: refused.why ?? '' }),
      arrivals: changed?.arrivals ?? {},
      guard:
        guard === undefined || over === undefined
          ? undefined
          : {
              description: guard.description,
              saw: over.saw,
              rolledBack:
                broken === undefined
                  ? undefined
                  : { atMs: broken.t - originMs, doneAtMs: at(find('rolled-back')) },
            },
    };
  });
}

/** The fault at a moment that keeps sidecars from hearing of anything. */
function outageAt(ms: number, faults: readonly RecordedFault[]): RecordedFault | undefined {
  return faults.find(
    ({ planned, injectingAtMs = Number.POSITIVE_INFINITY, revertedAtMs = Number.POSITIVE_INFINITY }) =>
      planned.proof.kind === 'disconnected' && injectingAtMs <= ms && ms < revertedAtMs,
  );
}

/** Changes as a report tells them. */
export function reportChanges(
  records: readonly ChangeRecord[],
  evidence: Evidence,
  traffic: Traffic,
): NonNullable<Report['changes']> {
  const rolled = records.findIndex(({ guard }) => guard?.rolledBack !== undefined);
  return records.map((record, index) => {
    const { name, description, plannedAtMs, changingAtMs, heldUp, arrivedAtMs, arrivals, guard } = record;
    const { refused } = record;
    const rolledBack = guard?.rolledBack;
    return {
      name,
      description,
      status: statusOf(record, rolled >= 0 && index > rolled),
      plannedAtMs,
      ...(changingAtMs === undefined ? {} : { changingAtMs }),
      ...(heldUp === undefined ? {} : { heldUp: plainHeldUp(heldUp) }),
      ...(arrivedAtMs === undefined ? {} : { arrivedAtMs }),
      ...(refused === undefined ? {} : { refused }),
      arrivals: { ...arrivals },
      ...(changingAtMs === undefined || arrivedAtMs === undefined
        ? {}
        : { atSwitch: onTheWay(changingAtMs, arrivedAtMs, evidence, traffic) }),
      ...(guard === undefined
        ? {}
        : {
            guard: {
              description: guard.description,
              ...(guard.saw === undefined ? {} : { saw: guard.saw }),
              ...(rolledBack === undefined ? {} : { rollingBackAtMs: rolledBack.atMs }),
              ...(rolledBack?.doneAtMs === undefined ? {} : { rolledBackAtMs: rolledBack.doneAtMs }),
            },
          }),
    };
  });
}

const plainHeldUp = ({ fault, untilMs }: NonNullable<ChangeRecord['heldUp']>) => ({
  fault,
  ...(untilMs === undefined ? {} : { untilMs }),
});

function statusOf({ guard, arrivedAtMs, refused }: ChangeRecord, isForbidden: boolean) {
  if (refused !== undefined) return 'refused';
  if (guard?.rolledBack !== undefined) return 'rolled-back';
  if (arrivedAtMs !== undefined) return 'made';
  return isForbidden ? 'withheld' : 'not-made';
}

/** Requests that were on their way while a change went out to the sidecars, and those of them that failed. */
function onTheWay(fromMs: number, toMs: number, { requests }: Evidence, traffic: Traffic) {
  let [count, failed] = [0, 0];
  for (let row = 0; row < traffic.length; row += 1) {
    const startMs = requests.startMs[row] as number;
    if (startMs >= toMs || startMs + (requests.durationMs[row] as number) <= fromMs) continue;
    const outcome = traffic.endings[traffic.endingOf[row] as number]?.outcome;
    count += 1;
    if (outcome !== 'ok') failed += 1;
  }
  return { requests: count, failed };
}
