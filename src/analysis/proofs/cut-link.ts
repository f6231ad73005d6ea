import { formatCount, plural } from '../../kit/format.ts';
import { eachSent } from './arrivals.ts';
import type { ProofKind, ProofOf } from './contract.ts';
import { eachOver } from './links.ts';

/** An answer that was on its way when the link was cut may still arrive. */
const CUT_AFTER_MS = 100;

/**
 * Nothing that is sent over the links is answered. Whoever tries again elsewhere says of his last attempt only where it
 * went: those before, of callers who are cut off, are taken for what was sent over the links.
 */
export const cutLink: ProofKind<ProofOf<'cut-link'>> = {
  expected: () => 'nothing that is sent to the targets over the links is answered',
  look(_proof, injected) {
    const { fault, span, evidence, traffic } = injected;
    const quietMs = span.fromMs + CUT_AFTER_MS;
    const cutOff = new Set(
      fault.planned.actions.flatMap(({ inject }) =>
        inject.target.kind === 'link' ? [inject.target.from] : [],
      ),
    );
    let before = 0;
    let answeredAnyway = 0;
    let inVain = 0;
    eachOver(injected, ({ startMs, durationMs, ending }) => {
      if (startMs < (fault.injectingAtMs ?? span.fromMs)) before += +ending.answered;
      else if (startMs >= quietMs && startMs + durationMs < span.toMs) answeredAnyway += +ending.answered;
      if (startMs >= span.fromMs && startMs < span.toMs) inVain += +!ending.answered;
    });
    eachSent(evidence, traffic, ({ caller, startMs, ending }) => {
      const locality = evidence.context.instances[caller]?.locality ?? '';
      if (startMs < span.fromMs || startMs >= span.toMs || !cutOff.has(locality)) return;
      inVain += Math.max(0, ending.attempts - 1);
    });
    const answers = `${plural(before, 'answer')} before`;
    if (before === 0) {
      const observed = `${fault.targets.join(', ')} answered nothing over the links before the fault either`;
      return { status: 'no-traffic', observed, samples: 0 };
    }
    if (answeredAnyway > 0) {
      const observed = `${answers}, ${formatCount(answeredAnyway)} while the links should be cut`;
      return { status: 'unproven', observed, samples: before };
    }
    if (inVain === 0) {
      const observed = `nobody sent anything over the links while they were cut`;
      return { status: 'no-traffic', observed, samples: 0 };
    }
    const observed = `${answers}, none while the links were cut, ${plural(inVain, 'attempt')} in vain`;
    return { status: 'proven', observed, samples: before };
  },
};
