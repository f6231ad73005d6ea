import { formatMs } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Mean distance of statistics samples, and the longest one: ejections are timed by them. */
const EVERY_MS = 250;
const HOLE_MS = 1_000;

/** Checks that rest on statistics have them, close enough together. */
export const statistics: Rule = {
  name: 'statistics',
  title: 'Statistics were read often enough',
  judge({ evidence, checks, records }) {
    const limit = `every ${formatMs(EVERY_MS)} on average, no hole above ${formatMs(HOLE_MS)}`;
    const resting = checks.filter(
      ({ restsOn, window }) => restsOn === 'statistics' && window.toMs > window.fromMs,
    );
    if (resting.length === 0)
      return { ...NOT_APPLICABLE, limit: 'only for checks on ejections and overflow' };
    const advice = 'The machine was too busy to read the sidecar: lower the rate, or run it again.';
    if (evidence.statistics.length === 0) {
      const why =
        'The sidecars of the clients told nothing: they were too busy, or the mesh configuration has taken the services away.';
      return judgement(true, 'none were read', limit, why, 'statistics');
    }
    const silent = evidence.context.instances.filter(
      ({ name, role }) =>
        role === 'client' &&
        !evidence.statistics.some(({ instance, t }) => instance === name && t.length > 0),
    );
    if (silent.length > 0) {
      return judgement(
        true,
        `none were read of ${silent.map(({ name }) => name).join(', ')}`,
        limit,
        advice,
        'statistics',
      );
    }
    let worstMean = 0;
    let worstHole = 0;
    // The sidecar of an app that calls onward may have been ended by a fault.
    const ended = new Set(
      records.flatMap(({ planned, targets }) => (planned.halts === 'ended' ? targets : [])),
    );
    const lasting = evidence.statistics.filter(({ instance }) => !ended.has(instance));
    for (const { window } of resting) {
      for (const { t } of lasting) {
        const inside = t.filter((at) => at >= window.fromMs && at < window.toMs);
        const edges = [window.fromMs, ...inside, window.toMs];
        const holes = edges.slice(1).map((at, index) => at - (edges[index] ?? at));
        worstHole = Math.max(worstHole, ...holes);
        worstMean = Math.max(worstMean, (window.toMs - window.fromMs) / (inside.length + 1));
      }
    }
    return judgement(
      worstMean > EVERY_MS || worstHole > HOLE_MS,
      `every ${formatMs(worstMean)} on average, longest hole ${formatMs(worstHole)}`,
      limit,
      advice,
      'statistics',
    );
  },
};
