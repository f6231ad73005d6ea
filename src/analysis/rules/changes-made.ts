import type { ChangeRecord } from '../../checks/facts.ts';
import { formatMs } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

const because = (heldUp: ChangeRecord['heldUp']) =>
  heldUp === undefined
    ? ''
    : `: ${heldUp.fault} was on when it was made${heldUp.untilMs === undefined ? '' : `, until ${formatMs(heldUp.untilMs)}`}`;

/** Every change of the configuration came to every sidecar, unless a guard forbade it. */
export const changesMade: Rule = {
  name: 'changes-made',
  title: 'Every change of the configuration was made',
  judge({ facts: { changes, durationMs } }) {
    const limit = 'all of them, unless a guard rolled back';
    if (changes.length === 0) return { ...NOT_APPLICABLE, limit: 'only with changes' };
    const last = changes.findIndex(
      ({ guard, refused }) => guard?.rolledBack !== undefined || refused !== undefined,
    );
    const due = last < 0 ? changes : changes.slice(0, last + 1);
    const missing = due.filter(({ arrivedAtMs }) => arrivedAtMs === undefined);
    const late = due.filter(({ arrivedAtMs = 0 }) => arrivedAtMs > durationMs);
    const unfinished = due.filter(
      ({ guard }) => guard?.rolledBack && guard.rolledBack.doneAtMs === undefined,
    );
    const troubles = [
      ...missing.map(({ name, heldUp, refused }) =>
        refused === undefined
          ? `${name} never came to every sidecar${because(heldUp)}`
          : `${name} was refused: ${refused}`,
      ),
      ...late.map(({ name, heldUp }) => `${name} came when the load was over${because(heldUp)}`),
      ...unfinished.map(({ name }) => `${name} was never rolled back`),
    ];
    return judgement(
      troubles.length > 0,
      troubles.length === 0 ? 'all of them' : troubles.join('; '),
      limit,
      changes.some(({ refused }) => refused !== undefined)
        ? 'The run ended with that: put right what the sidecar names.'
        : 'The load ended before they were made: let it go on for longer, and see logs/ for what kept the control plane.',
    );
  },
};
