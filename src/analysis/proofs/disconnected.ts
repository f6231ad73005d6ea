import { plural } from '../../kit/format.ts';
import type { ProofKind, ProofOf } from './contract.ts';

/** What was on its way when the control plane went may arrive for that long. */
const GONE_AFTER_MS = 1_000;

/** Each client's sidecar loses its stream, and hears nothing until the control plane is given back. */
export const disconnected: ProofKind<ProofOf<'disconnected'>> = {
  expected: () => "the clients' sidecars lose the control plane",
  look(_proof, { fault, span, evidence: { statistics } }) {
    const from = fault.injectingAtMs ?? span.fromMs;
    let samples = 0;
    const stayed: string[] = [];
    const heard: string[] = [];
    // Every series of a sidecar has the same of this, one for each service that it calls.
    for (const [instance, series] of new Map(statistics.map((each) => [each.instance, each]))) {
      const at = (ms: number) => series.controlPlane[series.t.findLastIndex((t) => t <= ms)];
      const [before, gone, end] = [at(from), at(span.fromMs + GONE_AFTER_MS), at(span.toMs)];
      if (!before || !gone || !end) continue;
      samples += 1;
      if (end.streams === before.streams) stayed.push(instance);
      if (end.updates > gone.updates) heard.push(instance);
    }
    const troubles = [
      ...(samples === 0 ? ['no statistics of any client'] : []),
      ...(stayed.length > 0 ? [`${stayed.join(', ')} kept the stream`] : []),
      ...(heard.length > 0 ? [`${heard.join(', ')} had an update in the meantime`] : []),
    ];
    const observed =
      troubles.length > 0
        ? troubles.join('; ')
        : `${plural(samples, 'sidecar')} lost the stream, and had no update`;
    return { status: troubles.length > 0 ? 'unproven' : 'proven', observed, samples };
  },
};
