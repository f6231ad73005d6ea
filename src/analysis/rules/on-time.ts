import { formatMs } from '../../kit/format.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';

/** A fault may last longer than planned by this much, or by this share of it: a busy machine is late now and then. */
const LONGER_MS = 1_000;
const LONGER_SHARE = 0.2;
/** The harness looks at the clock every 40 ms; one that did not for so long has been stopped, or its machine asleep. */
const STOPPED_MS = 3_000;

/** What was planned happened when it was planned. */
export const onTime: Rule = {
  name: 'on-time',
  title: 'Faults lasted as long as planned',
  judge({ evidence, records }) {
    const limit = `${formatMs(LONGER_MS)} or ${LONGER_SHARE * 100} % longer at most, and a harness that goes on`;
    const { fromMs, toMs } = evidence.saturation.longestGap;
    if (toMs - fromMs > STOPPED_MS) {
      return judgement(
        true,
        `the harness stood still for ${formatMs(toMs - fromMs)}, ${formatMs(Math.max(0, fromMs))} into the load`,
        limit,
        'Something has stopped it (Ctrl-Z, a debugger, a machine that slept): nothing was begun or taken back meanwhile. Run it again.',
      );
    }
    const longer = records.filter((record) => excessMs(record) > 0);
    return judgement(
      longer.length > 0,
      longer.length === 0
        ? 'all of them'
        : longer
            .map(
              (each) =>
                `${each.name}: ${formatMs(lastedMs(each) ?? 0)} in place of ${formatMs(each.plannedForMs)}`,
            )
            .join('; '),
      limit,
      'What a longer fault shows is not what was asked for. The machine was too busy, or the harness was stopped: run it again.',
      longer.map(({ name }) => name),
    );
  },
};

/** From when it was on until taking it back began; undefined when either never came. */
function lastedMs({ injectedAtMs, revertingAtMs }: RecordedFault): number | undefined {
  return injectedAtMs === undefined || revertingAtMs === undefined ? undefined : revertingAtMs - injectedAtMs;
}

function excessMs(record: RecordedFault): number {
  const most = record.plannedForMs + Math.max(LONGER_MS, LONGER_SHARE * record.plannedForMs);
  return (lastedMs(record) ?? 0) - most;
}
