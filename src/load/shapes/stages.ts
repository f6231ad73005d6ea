import { z } from 'zod';
import { formatRate } from '../../kit/format.ts';
import type { Mistake } from '../../kit/problems.ts';
import { duration, rate } from '../../kit/units.ts';
import { generated } from '../generated.ts';
import type { ShapeKind } from './contract.ts';
import { arrivals, openLoopLines, perMs, perTimeUnit, rareRate } from './open-loop.ts';

const field = z
  .array(z.strictObject({ rate: rate(), duration: duration() }))
  .min(1)
  .describe('Open loop with a changing rate: from one rate to the next, evenly, each over its duration.');

interface Stage {
  /** Requests per second at its end. */
  readonly rate: number;
  /** Milliseconds. */
  readonly duration: number;
}

export interface Stages {
  readonly stages: readonly Stage[];
}

/** Open loop with a changing rate: from one to the next, evenly, each over its duration. */
export const stages: ShapeKind<typeof field, Stages> = {
  field,
  loop: 'open',
  carriesDue: true,
  mistakes(written, load) {
    const wrong = (path: Mistake['path'], message: string): Mistake => ({ path, at: 'value', message });
    return [
      ...(load.duration === undefined
        ? []
        : [wrong(['duration'], 'stages have durations of their own; leave this one out')]),
      ...(written.some((stage) => stage.rate > 0) ? [] : [wrong(['stages'], 'every stage has a rate of 0')]),
      ...written.flatMap((stage, index) => [
        ...(stage.duration < 1 ? [wrong(['stages', index, 'duration'], 'expected a duration above 0')] : []),
        ...rareRate(['stages', index, 'rate'], stage.rate),
      ]),
    ];
  },
  lengthMs: (written) => written.reduce((sum, stage) => sum + stage.duration, 0),
  peakRate: (written) => Math.max(...written.map((stage) => stage.rate)),
  shape: (written) => ({ stages: written }),
  describe: ({ shape, durationMs, peakRate }) =>
    `up to ${peakRate} requests/s in ${shape.stages.length} stages over ${durationMs / 1_000} s`,
  planLines: (load) => openLoopLines(load, `up to ${formatRate(load.peakRate ?? 0)}`),
  heightAt({ shape, peakRate }, atMs) {
    let startMs = 0;
    for (const { from, to, ms } of ramps(shape.stages)) {
      if (atMs <= startMs + ms) return (from + ((to - from) * (atMs - startMs)) / ms) / (peakRate ?? to);
      startMs += ms;
    }
    return 1;
  },
  ...generated<Stages>((load) => ({
    executor: {
      executor: 'ramping-arrival-rate',
      startRate: perTimeUnit(load.shape.stages[0]?.rate ?? 0),
      stages: load.shape.stages.map((stage) => ({
        target: perTimeUnit(stage.rate),
        duration: `${stage.duration}ms`,
      })),
      ...arrivals(load),
    },
    pieces: ramps(load.shape.stages).map(({ ms, from, to }) => ({ ms, from: perMs(from), to: perMs(to) })),
  })),
};

/** Each stage with the rate it begins at: that of the one before; the first is level. */
function ramps(all: readonly Stage[]): { ms: number; from: number; to: number }[] {
  return all.map((stage, index) => ({
    ms: stage.duration,
    from: (all[index - 1] ?? stage).rate,
    to: stage.rate,
  }));
}
