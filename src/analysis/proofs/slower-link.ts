import { formatMs } from '../../kit/format.ts';
import { percentileOf } from '../../kit/percentile.ts';
import type { Sent } from './arrivals.ts';
import type { Injected, ProofKind, ProofOf, Span } from './contract.ts';
import { eachOver } from './links.ts';
import { asShare, compared, SETTLE_MS } from './symptom.ts';

/** What is sent over the links takes longer for its caller than at the target by more than it did before. */
export const slowerLink: ProofKind<ProofOf<'slower-link'>> = {
  expected: ({ share, ms }) =>
    `${asShare(share)} of what is sent to the targets${ms === 0 ? '' : ` ${formatMs(ms)}`} longer on its way`,
  look({ share, ms }, injected) {
    const { before, span, fault } = injected;
    const usual = waysIn(before, injected);
    // The fast ones set the threshold, as of what is slower; where nobody knows by how much, the slow ones do.
    const fromMs = (percentileOf(usual, ms === 0 ? 99 : 1) ?? 0) + ms;
    const counted = (within: Span) => {
      const ways = waysIn(within, injected);
      return { samples: ways.length, hits: ways.filter((way) => way >= fromMs).length };
    };
    const during = { fromMs: span.fromMs + SETTLE_MS, toMs: span.toMs };
    const nothing = `nothing was sent to ${fault.targets.join(', ')} over the links while the fault was on`;
    return compared(counted(before), counted(during), share, nothing);
  },
};

/** Milliseconds that each took on its way, in order: of what never arrived, all that its caller waited. */
function waysIn({ fromMs, toMs }: Span, injected: Injected): number[] {
  const { arrivals } = injected.evidence;
  const ways: number[] = [];
  eachOver(injected, (sent) => {
    if (sent.startMs < fromMs || sent.startMs >= toMs) return;
    ways.push(sent.durationMs - atServer(sent, arrivals.durationMs));
  });
  return ways.sort((a, b) => a - b);
}

const atServer = ({ lastArrival }: Sent, durations: Float32Array) =>
  lastArrival < 0 ? 0 : (durations[lastArrival] as number);
