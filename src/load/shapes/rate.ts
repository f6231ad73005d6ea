import { formatRate } from '../../kit/format.ts';
import { rate as rateUnit } from '../../kit/units.ts';
import { generated } from '../generated.ts';
import type { ShapeKind } from './contract.ts';
import { arrivals, openLoopLines, perMs, perTimeUnit, rareRate } from './open-loop.ts';

const field = rateUnit().describe('Open loop: requests are due at this rate whatever the answers do.');

export interface Rate {
  /** Requests per second. */
  readonly rate: number;
}

/** Open loop: requests are due at one rate, whatever the answers do. */
export const rate: ShapeKind<typeof field, Rate> = {
  field,
  loop: 'open',
  carriesDue: true,
  mistakes: (perSecond) =>
    perSecond === 0
      ? [{ path: ['rate'], at: 'value', message: 'expected a rate above 0' }]
      : rareRate(['rate'], perSecond),
  peakRate: (perSecond) => perSecond,
  shape: (perSecond) => ({ rate: perSecond }),
  describe: ({ shape, durationMs }) => `${shape.rate} requests/s for ${durationMs / 1_000} s`,
  planLines: (load) => openLoopLines(load, formatRate(load.shape.rate)),
  heightAt: () => 1,
  ...generated<Rate>((load) => ({
    executor: {
      executor: 'constant-arrival-rate',
      rate: perTimeUnit(load.shape.rate),
      duration: `${load.durationMs}ms`,
      ...arrivals(load),
    },
    pieces: [{ ms: load.durationMs, from: perMs(load.shape.rate), to: perMs(load.shape.rate) }],
  })),
};
