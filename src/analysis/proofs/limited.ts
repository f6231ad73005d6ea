import { plural } from '../../kit/format.ts';
import type { ProofKind, ProofOf } from './contract.ts';

/** Usage is read once a second, in ticks of a hundredth of one. */
const SLACK_SHARE = 0.3;
const SLACK_CORES = 0.02;

const millis = (cores: number) => `${Math.round(cores * 1_000)}m`;

/** The sidecars of the targets used no more than they may, be it that they wanted more or not. */
export const limited: ProofKind<ProofOf<'limited'>> = {
  expected: ({ cores }) => `no sidecar uses more than ${millis(cores)} of a processor`,
  look({ cores }, { fault: { targets }, span, evidence: { processes } }) {
    const used = targets.flatMap((name) => {
      const series = processes.get(`${name}/sidecar`);
      const inside =
        series?.t.flatMap((t, index) => (t >= span.fromMs && t <= span.toMs ? [index] : [])) ?? [];
      const [first, last] = [inside[0], inside.at(-1)];
      if (series === undefined || first === undefined || last === undefined || first === last) return [];
      const cpuMs = (series.cpuMs[last] ?? 0) - (series.cpuMs[first] ?? 0);
      return [{ name, cores: cpuMs / ((series.t[last] ?? 0) - (series.t[first] ?? 0)) }];
    });
    const above = used.filter((each) => each.cores > cores * (1 + SLACK_SHARE) + SLACK_CORES);
    const observed =
      used.length < targets.length
        ? `nothing is known of ${plural(targets.length - used.length, 'sidecar')}`
        : used.map(({ name, cores: own }) => `${name} ${millis(own)}`).join(', ');
    const isProven = above.length === 0 && used.length === targets.length && used.length > 0;
    return { status: isProven ? 'proven' : 'unproven', observed, samples: used.length };
  },
};
